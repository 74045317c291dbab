/** A {@link TensorSource} over the shards of an artefact, whatever reads them: a shard is read once for all who ask, and kept until `release`. */
import type { FileEntry, Manifest, TensorPart } from "#core/manifest.ts";
import { locateTensor } from "#core/tensor-layout.ts";
import type { ReadOptions, StoredTensor, TensorSource } from "#core/tensor-source.ts";
import { SharedWork } from "./shared-work.ts";

/** Reads one whole shard, verified. Aborts when all who wait for it have given up. */
export type ReadShard = (entry: FileEntry, signal: AbortSignal) => Promise<Uint8Array>;

export class ShardTensors implements TensorSource {
  readonly #manifest: Manifest;
  readonly #readShard: ReadShard;
  readonly #shards = new Map<number, SharedWork<Uint8Array>>();

  constructor(manifest: Manifest, readShard: ReadShard) {
    this.#manifest = manifest;
    this.#readShard = readShard;
  }

  async read(name: string, { signal }: ReadOptions = {}): Promise<StoredTensor> {
    const { dtype, shape, parts } = locateTensor(this.#manifest, name);
    const pieces = await Promise.all(parts.map((part) => this.#readPart(part, signal)));
    return { dtype, shape, bytes: pieces.length === 1 ? pieces[0]! : joined(pieces) };
  }

  /** Reads a shard ahead of its use. */
  async prefetch(shard: number, { signal }: ReadOptions = {}): Promise<void> {
    await this.#shard(shard, signal);
  }

  release(): void {
    this.#shards.clear();
  }

  async #readPart({ shard, offset, length }: TensorPart, signal: AbortSignal | undefined): Promise<Uint8Array> {
    return (await this.#shard(shard, signal)).subarray(offset, offset + length);
  }

  #shard(shard: number, signal: AbortSignal | undefined): Promise<Uint8Array> {
    const known = this.#shards.get(shard);
    if (known && !known.abandoned) return known.wait(signal);
    const work: SharedWork<Uint8Array> = new SharedWork(
      (whenAbandoned) => this.#readShard(this.#manifest.shards[shard]!, whenAbandoned),
      // A failure is not remembered: whoever asks again may have more luck. Abandoned work may have been replaced already.
      () => this.#shards.get(shard) === work && this.#shards.delete(shard),
    );
    this.#shards.set(shard, work);
    return work.wait(signal);
  }
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.byteLength, 0));
  let offset = 0;
  for (const piece of pieces) {
    whole.set(piece, offset);
    offset += piece.byteLength;
  }
  return whole;
}
