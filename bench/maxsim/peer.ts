/**
 * The WASM module of npm's maxsim-web 0.6.0 (MIT), called as its own JavaScript does, with documents loaded beforehand: its fastest way.
 *
 * Its glue code is not used, because the glue published with 0.6.0 fails when it starts: it grows the wrong one of the module's two tables.
 */

interface PeerExports {
  readonly memory: WebAssembly.Memory;
  maxsimwasm_new(): number;
  maxsimwasm_load_documents(self: number, values: number, valueCount: number, tokens: number, documents: number, dim: number): [number, number];
  maxsimwasm_search_preloaded(self: number, query: number, valueCount: number, tokens: number): [number, number, number, number];
  __wbindgen_malloc(bytes: number, alignment: number): number;
  __wbindgen_free(address: number, bytes: number, alignment: number): void;
}

export class MaxsimWeb {
  readonly #exports: PeerExports;
  readonly #self: number;

  private constructor(exports: PeerExports) {
    this.#exports = exports;
    this.#self = exports.maxsimwasm_new();
  }

  static async create(wasm: Uint8Array): Promise<MaxsimWeb> {
    const module = await WebAssembly.compile(Uint8Array.from(wasm));
    // Whatever it imports is for errors; none happens here.
    const imports: Record<string, Record<string, () => void>> = {};
    for (const { module: from, name } of WebAssembly.Module.imports(module)) imports[from] = { ...imports[from], [name]: () => undefined };
    const instance = await WebAssembly.instantiate(module, imports);
    return new MaxsimWeb(instance.exports as unknown as PeerExports);
  }

  load(values: Float32Array, counts: Uint32Array, dim: number): void {
    const [, failed] = this.#exports.maxsimwasm_load_documents(this.#self, this.#put(values), values.length, this.#put(counts), counts.length, dim);
    if (failed) throw new Error("maxsim-web refused the documents.");
  }

  /** Sums of maxima, one a document (not divided by the query's tokens). */
  search(query: Float32Array, tokens: number): Float32Array {
    const [address, length, , failed] = this.#exports.maxsimwasm_search_preloaded(this.#self, this.#put(query), query.length, tokens);
    if (failed) throw new Error("maxsim-web refused the query.");
    const scores = new Float32Array(this.#exports.memory.buffer, address >>> 0, length).slice();
    this.#exports.__wbindgen_free(address, length * 4, 4);
    return scores;
  }

  #put(values: Float32Array | Uint32Array): number {
    const address = this.#exports.__wbindgen_malloc(values.byteLength, 4) >>> 0;
    new Uint8Array(this.#exports.memory.buffer, address, values.byteLength).set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    return address;
  }
}
