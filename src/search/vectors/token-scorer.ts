/** MaxSim of a query with stored token vectors: on the backend that the caller lends (a GPU), or on the kernels, which take over for good when that one fails. */
import type { TokenVectors } from "#core/embedding.ts";
import type { Kernels } from "#scoring/kernels/instance.ts";
import type { MaxsimBackend } from "#scoring/maxsim/backend.ts";
import { scoreTable } from "#scoring/maxsim/wasm.ts";
import type { TokenRecords } from "./token-file.ts";
import { toMatrix } from "./token-record.ts";

export class TokenScorer {
  readonly #kernels: Kernels;
  #backend: MaxsimBackend | null;

  constructor(kernels: Kernels, backend: MaxsimBackend | null = null) {
    this.#kernels = kernels;
    this.#backend = backend;
  }

  /** What scores now: "wasm", or the lent backend's name. */
  get backend(): string {
    return this.#backend?.name ?? "wasm";
  }

  /** One score a document; 0 where a side has no tokens. */
  async score(query: TokenVectors, documents: TokenRecords): Promise<Float32Array> {
    if (documents.records.length === 0) return new Float32Array();
    const backend = this.#backend;
    if (!backend) return this.scoreOnKernels(query, documents);
    try {
      const { form, dim, counts, records } = documents;
      const loaded = backend.load(toMatrix(form, dim, counts, records));
      try {
        return await loaded.score(query);
      } finally {
        loaded.dispose();
      }
    } catch {
      // A device that is lost does not come back, and a search must not fail for what the kernels can do as well.
      this.#backend = null;
      return this.scoreOnKernels(query, documents);
    }
  }

  /** The same on the kernels, whatever else there is: for sketches, whose few bytes are not worth a way to a device. */
  scoreOnKernels(query: TokenVectors, { form, dim, counts, records }: TokenRecords): Float32Array {
    const kernels = this.#kernels;
    const tableBytes = aligned(records.length * 12);
    const address = kernels.allocate(tableBytes + records.reduce((sum, { length }) => sum + aligned(length), 0));
    try {
      const table = kernels.uint32(address, records.length * 3);
      let at = address + tableBytes;
      for (const [place, record] of records.entries()) {
        kernels.bytes(at, record.length).set(record);
        table.set([at, at + counts[place]! * 2, counts[place]!], place * 3);
        at += aligned(record.length);
      }
      return scoreTable(kernels, query, { kind: form, dim, address, documents: records.length, centre: null });
    } finally {
      kernels.free(address);
    }
  }
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / 16) * 16;
}
