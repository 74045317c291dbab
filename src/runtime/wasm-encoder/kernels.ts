/**
 * The encoder's kernels: two modules with the same functions, for browsers with relaxed SIMD and without. Everything that they read or write lies in the one
 * memory that they are given. The functions are documented in assembly/; addresses and strides are bytes.
 */
import { KERNELS_BASE64 as PLAIN } from "./generated/plain.ts";
import { KERNELS_BASE64 as RELAXED } from "./generated/relaxed.ts";

/** y = x W + b on quantised activations. */
export type QuantisedLinear = (
  act: number,
  offsets: number,
  rowScales: number,
  rows: number,
  weights: number,
  scales: number,
  bias: number,
  sums: number,
  inputs: number,
  outputs: number,
  out: number,
  outStride: number,
) => void;

export type Quantise = (x: number, xStride: number, rows: number, inputs: number, act: number, scales: number, offsets: number) => void;

export type PackKeysAndValues = (key: number, value: number, stride: number, tokens: number, dim: number, scratch: number) => void;

/** Queries `first` up to `last` of a text, with its keys and values as they were packed in `scratch`. */
export type Attend = (
  query: number,
  out: number,
  stride: number,
  tokens: number,
  dim: number,
  first: number,
  last: number,
  scale: number,
  scratch: number,
) => void;

export interface KernelFunctions {
  quantiseBlocks: Quantise;
  quantiseBytes: Quantise;
  linearBlocks: QuantisedLinear;
  linearBytes: QuantisedLinear;
  linearFloat(
    x: number,
    xStride: number,
    rows: number,
    inputs: number,
    outputs: number,
    weights: number,
    bias: number,
    relu: number,
    out: number,
    outStride: number,
  ): void;
  layerNorm(x: number, y: number, rows: number, size: number, gamma: number, beta: number, eps: number): void;
  gelu(x: number, count: number): void;
  geluRounded(x: number, count: number): void;
  attentionScratch(tokens: number, dim: number): number;
  packKeysAndValues: PackKeysAndValues;
  attend: Attend;
  wholeAttentionScratch(tokens: number, dim: number): number;
  packKeysAndValuesWhole: PackKeysAndValues;
  attendWhole: Attend;
}

/** What only the relaxed module has: the products by another instruction, and attention by it. Whether they are faster depends on the processor. */
export interface RelaxedFunctions extends KernelFunctions {
  linearBlocksDot: QuantisedLinear;
  linearBytesDot: QuantisedLinear;
  bytesAttentionScratch(tokens: number, dim: number): number;
  packKeysAndValuesBytes: PackKeysAndValues;
  attendBytes: Attend;
}

export type ModuleKind = "relaxed" | "plain";

/** (module (func (param v128) (drop (i16x8.relaxed_dot_i8x16_i7x16_s (local.get 0) (local.get 0))))) */
const RELAXED_PROBE = Uint8Array.of(
  ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 1, 123, 0, 3, 2, 1, 0],
  ...[10, 12, 1, 10, 0, 32, 0, 32, 0, 253, 146, 2, 26, 11],
);

/** Browsers without relaxed SIMD refuse a module that has it. */
export function hasRelaxedSimd(): boolean {
  return WebAssembly.validate(RELAXED_PROBE);
}

/** The import of the memory up to its flags: "env", "memory", kind 2. */
const MEMORY_IMPORT = [3, 0x65, 0x6e, 0x76, 6, 0x6d, 0x65, 0x6d, 0x6f, 0x72, 0x79, 2];
const HAS_MAXIMUM = 1;
const IS_SHARED = 2;

/** @param shared whether the memory will be shared between threads: the type of an imported memory says so, by one bit */
export function compileKernels(kind: ModuleKind, shared: boolean): Promise<WebAssembly.Module> {
  const bytes = Uint8Array.from(atob(kind === "relaxed" ? RELAXED : PLAIN), (character) => character.charCodeAt(0));
  const flags = bytes.findIndex((_, at) => MEMORY_IMPORT.every((byte, index) => bytes[at + index] === byte)) + MEMORY_IMPORT.length;
  if (bytes[flags] !== HAS_MAXIMUM) throw new Error("The kernels' import of a memory is not where it should be.");
  if (shared) bytes[flags] = HAS_MAXIMUM | IS_SHARED;
  return WebAssembly.compile(bytes);
}

export async function instantiateKernels(module: WebAssembly.Module, memory: WebAssembly.Memory): Promise<KernelFunctions> {
  const { exports } = await WebAssembly.instantiate(module, { env: { memory } });
  return exports as unknown as KernelFunctions;
}
