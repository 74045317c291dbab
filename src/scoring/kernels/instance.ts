/**
 * The WASM kernels with their memory. Everything that they read or write lies in that memory: `allocate` hands out places, `free` takes them back.
 *
 * One instance serves one thread. The functions are documented in assembly/*.ts; addresses are numbers of bytes.
 */
import { InvalidInputError } from "#core/errors.ts";
import { KERNELS_BASE64 } from "./generated/kernels.ts";

export interface KernelFunctions {
  maxsimFloat(query: number, queryScales: number, queries: number, dim: number, table: number, documents: number, scratch: number, scores: number): void;
  maxsimInt8(query: number, queryScales: number, queries: number, dim: number, table: number, documents: number, scratch: number, scores: number): void;
  maxsimBits(tables: number, lines: number, queries: number, dim: number, table: number, documents: number, scratch: number, scores: number): void;
  multiplyFloat(a: number, b: number, rows: number, columns: number, inner: number, out: number): void;
  scanInt8(query: number, queryScale: number, dim: number, rows: number, stride: number, count: number, scores: number): void;
  scanBits(table: number, step: number, offset: number, base: number, dim: number, blocks: number, blockCount: number, scores: number): void;
}

const ALIGNMENT = 16;
const PAGE_BYTES = 65_536;
/** The compiler puts its few constants below this. */
const FIRST_ADDRESS = 1024;

interface Gap {
  start: number;
  end: number;
}

export class Kernels {
  readonly functions: KernelFunctions;
  readonly #memory: WebAssembly.Memory;
  /** Free places in order of address, never touching one another. The last one ends where the memory ends. */
  #gaps: Gap[];
  readonly #taken = new Map<number, number>();

  private constructor(instance: WebAssembly.Instance) {
    this.functions = instance.exports as unknown as KernelFunctions;
    this.#memory = instance.exports.memory as WebAssembly.Memory;
    if (this.#memory.buffer.byteLength <= FIRST_ADDRESS) this.#memory.grow(1);
    this.#gaps = [{ start: FIRST_ADDRESS, end: this.#memory.buffer.byteLength }];
  }

  /** @throws WebAssembly.CompileError in an engine without SIMD (all since 2023 have it) */
  static async create(): Promise<Kernels> {
    const bytes = Uint8Array.from(atob(KERNELS_BASE64), (character) => character.charCodeAt(0));
    const { instance } = await WebAssembly.instantiate(bytes);
    return new Kernels(instance);
  }

  /** Bytes handed out. */
  get takenBytes(): number {
    let sum = 0;
    for (const bytes of this.#taken.values()) sum += bytes;
    return sum;
  }

  /**
   * A place of that many bytes, aligned to 16. What lies there is not zeroed. Views of the memory that were made before may be detached: make them anew.
   * @throws RangeError when the memory cannot grow that far
   */
  allocate(bytes: number): number {
    const wanted = Math.max(Math.ceil(bytes / ALIGNMENT), 1) * ALIGNMENT;
    const place = this.#gaps.findIndex(({ start, end }) => end - start >= wanted);
    const gap = place < 0 ? this.#grow(wanted) : this.#gaps[place]!;
    const address = gap.start;
    gap.start += wanted;
    if (gap.start === gap.end) this.#gaps.splice(this.#gaps.indexOf(gap), 1);
    this.#taken.set(address, wanted);
    return address;
  }

  /** @throws InvalidInputError when the address was not handed out, or freed already */
  free(address: number): void {
    const bytes = this.#taken.get(address);
    if (bytes === undefined) throw new InvalidInputError("address", "an address from allocate", address);
    this.#taken.delete(address);
    const freed: Gap = { start: address, end: address + bytes };
    const after = this.#gaps.findIndex(({ start }) => start >= freed.end);
    const index = after < 0 ? this.#gaps.length : after;
    const [before, next] = [this.#gaps[index - 1], this.#gaps[index]];
    const joined: Gap = { start: before?.end === freed.start ? before.start : freed.start, end: next?.start === freed.end ? next.end : freed.end };
    this.#gaps.splice(index - (joined.start < freed.start ? 1 : 0), (joined.start < freed.start ? 1 : 0) + (joined.end > freed.end ? 1 : 0), joined);
  }

  bytes(address: number, length: number): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#memory.buffer as ArrayBuffer, address, length);
  }

  int16(address: number, length: number): Int16Array<ArrayBuffer> {
    return new Int16Array(this.#memory.buffer as ArrayBuffer, address, length);
  }

  uint32(address: number, length: number): Uint32Array<ArrayBuffer> {
    return new Uint32Array(this.#memory.buffer as ArrayBuffer, address, length);
  }

  float32(address: number, length: number): Float32Array<ArrayBuffer> {
    return new Float32Array(this.#memory.buffer as ArrayBuffer, address, length);
  }

  #grow(wanted: number): Gap {
    const end = this.#memory.buffer.byteLength;
    const last = this.#gaps.at(-1);
    const touching = last?.end === end ? last : undefined;
    const missing = wanted - (touching ? end - touching.start : 0);
    this.#memory.grow(Math.ceil(missing / PAGE_BYTES));
    const gap = touching ?? { start: end, end };
    gap.end = this.#memory.buffer.byteLength;
    if (!touching) this.#gaps.push(gap);
    return gap;
  }
}
