/** The ports to where models are kept between visits. The worker fills them from the storage room. */
import type { ByteStore } from "#core/byte-store.ts";
import type { WriterLock } from "#core/writer-lock.ts";

export interface ModelStorage {
  readonly store: ByteStore;
  /** One download of a file for all tabs. */
  readonly locks: WriterLock;
  /** Bytes that may still be stored, as far as the browser tells. */
  freeBytes(): Promise<number | undefined>;
}

/** Names of blobs. All are made of digests, so any number of models share a store, and a file that several of them have lies there once. */
export const blobNames = {
  file: (sha256: string) => `f-${sha256}`,
  /** All pieces of one file that is not complete. */
  parts: (sha256: string) => `p-${sha256}-`,
  part: (sha256: string, offset: number) => `p-${sha256}-${String(offset).padStart(15, "0")}`,
  manifests: "m-",
  manifest: (urlSha256: string) => `m-${urlSha256}`,
  /** Heads that were trained on this device, by the fingerprint of the model that they belong to. */
  heads: (fingerprint: string) => `h-${fingerprint}`,
  /** All that training heads for a model leaves behind. */
  training: (fingerprint: string) => `t-${fingerprint.slice(0, 16)}-`,
};
