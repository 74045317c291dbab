/** The port through which graph, runtime and encoder read the weights of an artefact: verified bytes by tensor name, wherever they lie. */

/** Element types that an artefact stores, with safetensors' names. */
export type TensorDtype = "F32" | "F16" | "I8" | "U8";

/** One stored tensor: raw little-endian bytes, row-major. */
export interface StoredTensor {
  readonly dtype: TensorDtype;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

export interface ReadOptions {
  readonly signal?: AbortSignal | undefined;
}

/** Verified tensors of one model. The bytes may be a view of a shard: copy before you write into them. */
export interface TensorSource {
  /**
   * @param name as in `manifest.tensors`, or of a word-embedding page (`pageTensorName` in tensor-layout.ts)
   * @throws MissingShardError, CorruptShardError, or InvalidManifestError for a name that the manifest does not list.
   */
  read(name: string, options?: ReadOptions): Promise<StoredTensor>;
  /** Lets go of shards held in memory; they are read again when asked for. */
  release(): void;
}
