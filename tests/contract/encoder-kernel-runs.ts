/** Runs single kernels on random numbers, beside their references. Each run uses the memory from its end on, and leaves it to the next. */
import type { Attend, KernelFunctions, ModuleKind, PackKeysAndValues, QuantisedLinear, RelaxedFunctions } from "#runtime/wasm-encoder/kernels.ts";
import { aligned, type LinearMemory } from "#runtime/wasm-encoder/linear-memory.ts";
import { packBlocks, packBytes, packFloat, scalesOf, tiled } from "#runtime/wasm-encoder/pack.ts";
import * as reference from "#runtime/wasm-encoder/reference.ts";
import { seededRandom } from "../unit/scoring/random.ts";

export type QuantisedKind = "blocks" | "bytes";

export interface LinearCase {
  readonly rows: number;
  readonly inputs: number;
  readonly outputs: number;
  readonly x: Float32Array;
  readonly weights: Float32Array;
  readonly bias: Float32Array;
}

const random = seededRandom(7);
/** About normal, and of mean 0. */
const normal = () => random() + random() + random() + random() - 2;
export const normals = (length: number, scale = 1) => Float32Array.from({ length }, () => normal() * scale);

export function linearCase(rows: number, inputs: number, outputs: number): LinearCase {
  return { rows, inputs, outputs, x: normals(rows * inputs), weights: normals(outputs * inputs, 0.1), bias: normals(outputs) };
}

/** Hands out places above what the memory holds, filled with numbers where some are given. */
export function placer(memory: LinearMemory) {
  let end = aligned(memory.end);
  return (content: Float32Array | number): number => {
    const address = end;
    end = aligned(end + (typeof content === "number" ? content : content.byteLength));
    memory.require(end);
    if (typeof content !== "number") memory.float32(address, content.length).set(content);
    return address;
  };
}

export function runLayerNorm(kernels: KernelFunctions, memory: LinearMemory, rows: number, size: number, added: boolean) {
  const [x, y, gamma, beta] = [normals(rows * size, 3), normals(rows * size, 3), normals(size), normals(size)];
  const place = placer(memory);
  const addresses = [x, y, gamma, beta].map(place);
  kernels.layerNorm(addresses[0]!, added ? addresses[1]! : 0, rows, size, addresses[2]!, addresses[3]!, 1e-5);
  return { found: memory.float32(addresses[0]!, x.length).slice(), expected: reference.layerNorm(x, added ? y : null, size, gamma, beta, 1e-5) };
}

export function runFloatLinear(kernels: KernelFunctions, memory: LinearMemory, { rows, inputs, outputs, x, weights, bias }: LinearCase) {
  const place = placer(memory);
  const packed = new Float32Array(tiled(outputs) * inputs);
  packFloat((row, out) => out.set(weights.subarray(row * inputs, (row + 1) * inputs)), outputs, inputs, packed);
  const [xAt, weightsAt, biasAt, out] = [place(x), place(packed), place(bias), place(rows * outputs * 4)];
  kernels.linearFloat(xAt, inputs * 4, rows, inputs, outputs, weightsAt, biasAt, 0, out, outputs * 4);
  return { found: memory.float32(out, rows * outputs).slice(), expected: reference.linear(x, weights, bias, inputs) };
}

/** @returns also what the same rounding gives in float64, and what no rounding gives */
export function runQuantised(
  kernels: KernelFunctions,
  linear: QuantisedLinear,
  kind: ModuleKind,
  form: QuantisedKind,
  memory: LinearMemory,
  { rows, inputs, outputs, x, weights, bias }: LinearCase,
) {
  const place = placer(memory);
  const packed = new Uint8Array(outputs * inputs);
  const scales = new Float32Array(outputs * scalesOf(form, kind, inputs));
  const sums = new Float32Array(outputs);
  const stored = form === "blocks" ? roundToBlocks(weights, outputs, inputs) : { values: weights };
  if ("pairs" in stored) packBlocks(kind, stored.pairs, stored.scales, outputs, inputs, packed, scales, sums);
  else packBytes(kind, (row, out) => out.set(weights.subarray(row * inputs, (row + 1) * inputs)), outputs, inputs, packed, scales, sums);
  const [xAt, scalesAt, biasAt, sumsAt, weightsAt] = [place(x), place(scales), place(bias), place(sums), place(packed.length)];
  memory.uint8(weightsAt, packed.length).set(packed);
  const [act, rowScales, offsets] = [place((rows + 3) * inputs * 2), place(rows * 8), place((rows + 3) * inputs)];
  const out = place(rows * outputs * 4);
  const quantise = form === "blocks" ? kernels.quantiseBlocks : kernels.quantiseBytes;
  quantise(xAt, inputs * 4, rows, inputs, act, rowScales, offsets);
  linear(act, offsets, rowScales, rows, weightsAt, scalesAt, biasAt, sumsAt, inputs, outputs, out, outputs * 4);
  const rounded = storedActivations(kind, memory, act, memory.float32(rowScales, rows * 2), x, inputs);
  const used = form === "blocks" ? stored.values : roundToBytes(weights, outputs, inputs, kind);
  return {
    found: memory.float32(out, rows * outputs).slice(),
    sameRounding: reference.linear(rounded, used, bias, inputs),
    unrounded: reference.linear(x, stored.values, bias, inputs),
  };
}

/**
 * The rounded activations as the quantiser left them, times their scales, around their centres.
 * @throws Error when one is more than half a step from what it was
 */
function storedActivations(kind: ModuleKind, memory: LinearMemory, act: number, scales: Float32Array, x: Float32Array, inputs: number): Float64Array {
  const step = kind === "relaxed" ? 4 : 2;
  const count = Math.ceil(scales.length / 8) * 4 * inputs;
  const { buffer } = memory.memory;
  const steps = kind === "relaxed" ? new Int8Array(buffer, act, count) : new Int16Array(buffer, act, count);
  return Float64Array.from(x, (value, index) => {
    const [row, input] = [Math.floor(index / inputs), index % inputs];
    const rounded = steps[(row - (row % 4)) * inputs + (input - (input % step)) * 4 + (row % 4) * step + (input % step)]!;
    const [scale, centre] = [scales[row * 2]!, scales[row * 2 + 1]!];
    // Rows that reach no further than 1e-30 are zeros. Else half a step, and what float32 loses of the largest.
    const isNothing = scale * (kind === "relaxed" ? 127 : 1023) < 1e-30;
    if (Math.abs(rounded - (isNothing ? 0 : (value - centre) / scale)) > 0.501) throw new Error(`${value} became ${rounded} steps of ${scale}.`);
    return rounded * scale + centre;
  });
}

/** As packBytes says: 7 bits in blocks of 32 with steps no finer than the row's would be in 8, or 8 bits a row. */
function roundToBytes(weights: Float32Array, outputs: number, inputs: number, kind: ModuleKind): Float64Array {
  const rounded = new Float64Array(weights.length);
  const reach = (part: Float32Array) => part.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const [block, most] = kind === "relaxed" ? [32, 63] : [inputs, 127];
  for (let first = 0; first < outputs * inputs; first += block) {
    const row = Math.floor(first / inputs);
    const step = Math.max(reach(weights.subarray(row * inputs, (row + 1) * inputs)) / 127, reach(weights.subarray(first, first + block)) / most);
    for (let index = first; index < first + block; index++) rounded[index] = Math.round(weights[index]! / step) * step;
  }
  return rounded;
}

/** As simply as can be: scales are powers of two. */
function roundToBlocks(weights: Float32Array, outputs: number, inputs: number) {
  const scales = new Float32Array((outputs * inputs) / 32);
  const pairs = new Uint8Array((outputs * inputs) / 2);
  const values = new Float32Array(outputs * inputs);
  for (let block = 0; block < scales.length; block++) {
    const part = weights.subarray(block * 32, (block + 1) * 32);
    scales[block] = 2 ** Math.ceil(Math.log2(Math.max(...part.map(Math.abs)) / 7)) * (block % 3 === 0 ? -1 : 1);
    for (let index = 0; index < 32; index++) {
      const step = Math.max(-8, Math.min(7, Math.round(part[index]! / scales[block]!)));
      values[block * 32 + index] = step * scales[block]!;
      pairs[block * 16 + (index >> 1)]! |= (step + 8) << (index % 2 === 0 ? 0 : 4);
    }
  }
  return { scales, pairs, values };
}

export type AttentionForm = "float" | "whole" | "bytes";

/** Attention of one head whose query, key and value lie side by side. */
export function attended(kernels: KernelFunctions, memory: LinearMemory, rows: Float32Array, dim: number, how: AttentionForm) {
  const { bytesAttentionScratch, packKeysAndValuesBytes, attendBytes } = kernels as RelaxedFunctions;
  const [scratchBytes, pack, attend, sameRounding] = {
    float: [kernels.attentionScratch, kernels.packKeysAndValues, kernels.attend, attentionOfUnrounded],
    whole: [kernels.wholeAttentionScratch, kernels.packKeysAndValuesWhole, kernels.attendWhole, attentionOfRounded],
    bytes: [bytesAttentionScratch, packKeysAndValuesBytes, attendBytes, attentionOfBytes],
  }[how] as [KernelFunctions["attentionScratch"], PackKeysAndValues, Attend, typeof attentionOfRounded];
  const tokens = rows.length / 3 / dim;
  const place = placer(memory);
  const at = place(rows);
  const scratch = place(scratchBytes(tokens, dim));
  const stride = 3 * dim * 4;
  pack(at + dim * 4, at + dim * 8, stride, tokens, dim, scratch);
  // In two parts, in place, as the engine does it.
  const middle = tokens >> 1;
  attend(at, at, stride, tokens, dim, 0, middle, 1 / Math.sqrt(dim), scratch);
  attend(at, at, stride, tokens, dim, middle, tokens, 1 / Math.sqrt(dim), scratch);
  const after = memory.float32(at, rows.length);
  return {
    found: Float32Array.from({ length: tokens * dim }, (_, index) => after[Math.floor(index / dim) * 3 * dim + (index % dim)]!),
    expected: sameRounding(rows, dim),
    unrounded: attentionOfUnrounded(rows, dim),
  };
}

/** Queries, keys and values of a head. @param spread how far apart the scores are */
export function attentionRows(tokens: number, dim: number, spread: number): Float32Array {
  const rows = normals(tokens * 3 * dim);
  for (let token = 0; token < tokens; token++) for (let d = 0; d < dim; d++) rows[token * 3 * dim + d]! *= spread;
  return rows;
}

type HeadParts = [query: Float64Array, key: Float64Array, value: Float64Array];

function headParts(rows: Float32Array, dim: number): HeadParts {
  const part = (index: number) => Float64Array.from({ length: rows.length / 3 }, (_, at) => rows[Math.floor(at / dim) * 3 * dim + index * dim + (at % dim)]!);
  return [part(0), part(1), part(2)];
}

function attentionOfUnrounded(rows: Float32Array, dim: number): Float64Array {
  return reference.attention(...headParts(rows, dim), dim);
}

/** What attention-whole.ts rounds is rounded in the same way; the powers are not. */
function attentionOfRounded(rows: Float32Array, dim: number): Float64Array {
  const [query, key, value] = headParts(rows, dim);
  const inSteps = (values: Float64Array, most: number) => {
    const reach = values.reduce((largest, one) => Math.max(largest, Math.abs(one)), 0);
    const inverse = reach < 1e-30 ? 0 : Math.fround(most / reach);
    return values.map((one) => (toEven(Math.fround(one * inverse)) * reach) / most);
  };
  for (let first = 0; first < query.length; first += dim) query.set(inSteps(query.slice(first, first + dim), 4095), first);
  return reference.attention(query, inSteps(key, 4095), inSteps(value, 1023), dim);
}

/** What attention-bytes.ts rounds is rounded in the same way, powers and all; what it computes in float32 to say what a step is, is so here. */
function attentionOfBytes(rows: Float32Array, dim: number): Float64Array {
  const [query, key, value] = headParts(rows, dim);
  const keys = inChannels(key, dim, 63);
  const values = inChannels(value, dim, 127);
  const tokens = query.length / dim;
  const out = new Float64Array(tokens * dim);
  const unit = Math.fround(Math.fround(Math.fround(Math.fround(1 / Math.sqrt(dim)) * Math.fround(Math.LOG2E)) * 16) * 32768);
  for (let row = 0; row < tokens; row++) {
    const stretched = Array.from({ length: dim }, (_, d) => Math.fround(query[row * dim + d]! * keys.step[d]!));
    const reach = stretched.reduce((most, one) => Math.max(most, Math.abs(one)), 0);
    const factor = Math.max(137, Math.ceil(Math.fround(Math.fround(reach / 127) * unit)));
    const inverse = Math.fround(unit / factor);
    const steps = stretched.map((one) => toEven(Math.fround(one * inverse)));
    const scores = Array.from({ length: tokens }, (_, token) => steps.reduce((sum, step, d) => sum + step * keys.steps[token * dim + d]!, 0));
    let total = 0;
    const sums = new Float64Array(dim);
    const largest = Math.max(...scores);
    for (let block = 0; block < tokens; block += 256) {
      const some = scores.slice(block, block + 256);
      const most = Math.max(...some);
      const weight = 2 ** (((most - largest) * Math.min(factor, 32767)) / 2 ** 19);
      for (const [index, score] of some.entries()) {
        const power = power7(Math.floor((Math.min(32767, most - score) * Math.min(factor, 32767) + 0x4000) / 0x8000)) * weight;
        total += power;
        for (let d = 0; d < dim; d++) sums[d]! += power * values.steps[(block + index) * dim + d]!;
      }
    }
    for (let d = 0; d < dim; d++) out[row * dim + d] = (sums[d]! / total) * values.step[d]! + values.middle[d]!;
  }
  return out;
}

/** 127 times two to the power of so many sixteenths below 0, by two tables. */
function power7(sixteenths: number): number {
  const [fraction, whole] = [Math.round(127 * 2 ** (-(sixteenths % 16) / 16)), sixteenths >> 4];
  return whole > 7 ? 0 : Math.floor((fraction * 2 ** (7 - whole) + 64) / 128);
}

/** Numbers [tokens, dim] in steps from the middle of their channel. */
function inChannels(numbers: Float64Array, dim: number, most: number) {
  const [middle, step, inverse] = [new Float64Array(dim), new Float64Array(dim), new Float64Array(dim)];
  for (let d = 0; d < dim; d++) {
    const channel = numbers.filter((_, index) => index % dim === d);
    const least = channel.reduce((a, b) => Math.min(a, b));
    const half = Math.fround(channel.reduce((a, b) => Math.max(a, b)) - least) / 2;
    middle[d] = Math.fround(least + half);
    step[d] = Math.fround(half / most);
    inverse[d] = half < 1e-30 ? 0 : Math.fround(most / half);
  }
  const steps = numbers.map((one, index) => toEven(Math.fround(Math.fround(one - middle[index % dim]!) * inverse[index % dim]!)));
  return { steps, middle, step };
}

function toEven(value: number): number {
  const whole = Math.round(value);
  return Math.abs(value % 1) === 0.5 && whole % 2 !== 0 ? whole - 1 : whole;
}
