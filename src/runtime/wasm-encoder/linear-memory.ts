/** The engine's one linear memory: weights from the bottom, and above them the work space of the batch at hand. It only grows; dropping the engine frees it. */
import { OutOfMemoryError } from "#core/errors.ts";

const PAGE_BYTES = 65_536;
/** 4 GiB, which is all that 32 bits address, but for the last page: loops compare with the address after the last byte, and that must be a number of 32 bits too. */
const MOST_PAGES = 65_535;
/** Cache lines, so that no two threads write to one. */
const ALIGNMENT = 64;
/** The compiler puts its few constants below this. */
const FIRST_ADDRESS = 1024;

export class LinearMemory {
  readonly memory: WebAssembly.Memory;
  readonly #mostBytes: number;
  #end = FIRST_ADDRESS;

  /**
   * @param mostPages of 64 KiB. A shared memory reserves its address space at once: devices that have little refuse large ones, and get a smaller one
   * @throws RangeError when the browser gives no memory at all
   */
  constructor(shared: boolean, mostPages = MOST_PAGES) {
    const { memory, maximum } = createMemory(shared, mostPages);
    this.memory = memory;
    this.#mostBytes = maximum * PAGE_BYTES;
  }

  /** Bytes up to which places were handed out for good. */
  get end(): number {
    return this.#end;
  }

  /** Bytes that the memory has now. */
  get bytes(): number {
    return this.memory.buffer.byteLength;
  }

  /** A place that stays, aligned to 64. Its bytes are zero. Views of an unshared memory that were made before are detached. @throws RangeError */
  allocate(bytes: number): number {
    const address = this.#end;
    this.require(address + bytes);
    this.#end = aligned(address + bytes);
    return address;
  }

  /** Makes the memory that large. @throws RangeError when it cannot be */
  require(bytes: number): void {
    if (bytes > this.#mostBytes) throw new RangeError(`${bytes} bytes are more than a memory of ${this.#mostBytes} can have.`);
    const missing = bytes - this.bytes;
    if (missing > 0) this.memory.grow(Math.ceil(missing / PAGE_BYTES));
  }

  uint8(address: number, length: number): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.memory.buffer as ArrayBuffer, address, length);
  }

  float32(address: number, length: number): Float32Array<ArrayBuffer> {
    return new Float32Array(this.memory.buffer as ArrayBuffer, address, length);
  }
}

export function aligned(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}

/** What a failed growth is to whoever runs a batch. */
export function outOfMemory(error: unknown, tokens: number): unknown {
  return error instanceof RangeError ? new OutOfMemoryError(tokens, "wasm", { cause: error }) : error;
}

function createMemory(shared: boolean, mostPages: number): { readonly memory: WebAssembly.Memory; readonly maximum: number } {
  for (let maximum = mostPages; ; maximum = Math.ceil(maximum / 2)) {
    try {
      return { memory: new WebAssembly.Memory({ initial: 1, maximum, shared }), maximum };
    } catch (error) {
      if (maximum <= 1024) throw error;
    }
  }
}
