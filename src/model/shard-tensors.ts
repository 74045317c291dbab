/**
 * A {@link TensorSource} over the shards of an artefact, whatever reads them: a shard is read once for all who ask at a time.
 *
 * Tensors are asked for in the order of the shards, so what lies in a store is kept here only for a while: a large model is never whole in memory beside the
 * copy that its engine makes. What could not be had again without a download is kept until `release`.
 */
import type { FileEntry, Manifest, TensorPart } from "#core/manifest.ts";
import { locateTensor } from "#core/tensor-layout.ts";
import type { ReadOptions, StoredTensor, TensorSource } from "#core/tensor-source.ts";
import { SharedWork } from "./shared-work.ts";

/** Reads one whole shard, verified. Aborts when all who wait for it have given up. */
export type ReadShard = (entry: FileEntry, signal: AbortSignal) => Promise<Uint8Array>;

export interface ShardTensorsOptions {
  /** Whether a shard that was read can be read again without a download. Default: none can. */
  readonly isAtHand?: (entry: FileEntry) => Promise<boolean>;
  /** Most bytes of such shards that are kept, the last one in any case. Default 40 MiB: a layer's tensors lie in two shards of 16 MiB at most. */
  readonly recentBytes?: number;
}

const RECENT_BYTES = 40 * 2 ** 20;

export class ShardTensors implements TensorSource {
  readonly #manifest: Manifest;
  readonly #readShard: ReadShard;
  readonly #isAtHand: (entry: FileEntry) => Promise<boolean>;
  readonly #recentBytes: number;
  readonly #shards = new Map<number, SharedWork<Uint8Array>>();
  /** Shards that may be let go of, the one used longest ago first. */
  readonly #recent = new Set<number>();

  constructor(manifest: Manifest, readShard: ReadShard, { isAtHand = async () => false, recentBytes = RECENT_BYTES }: ShardTensorsOptions = {}) {
    this.#manifest = manifest;
    this.#readShard = readShard;
    this.#isAtHand = isAtHand;
    this.#recentBytes = recentBytes;
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
    this.#recent.clear();
  }

  async #readPart({ shard, offset, length }: TensorPart, signal: AbortSignal | undefined): Promise<Uint8Array> {
    return (await this.#shard(shard, signal)).subarray(offset, offset + length);
  }

  #shard(shard: number, signal: AbortSignal | undefined): Promise<Uint8Array> {
    const known = this.#shards.get(shard);
    if (known && !known.abandoned) {
      // Used again, so it goes to the end of the line.
      if (this.#recent.delete(shard)) this.#recent.add(shard);
      return known.wait(signal);
    }
    const work: SharedWork<Uint8Array> = new SharedWork(
      async (whenAbandoned) => {
        const bytes = await this.#readShard(this.#manifest.shards[shard]!, whenAbandoned);
        if (await this.#isAtHand(this.#manifest.shards[shard]!)) this.#keepRecent(shard);
        return bytes;
      },
      // A failure is not remembered: whoever asks again may have more luck. Abandoned work may have been replaced already.
      () => this.#shards.get(shard) === work && this.#shards.delete(shard),
    );
    this.#shards.set(shard, work);
    return work.wait(signal);
  }

  #keepRecent(shard: number): void {
    this.#recent.add(shard);
    let bytes = 0;
    for (const one of [...this.#recent].reverse()) {
      bytes += this.#manifest.shards[one]!.bytes;
      if (bytes <= this.#recentBytes || one === shard) continue;
      this.#recent.delete(one);
      this.#shards.delete(one);
    }
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
