/** The builder's doors to the outside: where a checkpoint is read from, and where an artefact is written to. Node's adapters live in the cli room. */
import type { ReadOptions } from "#core/tensor-source.ts";

/** A Hugging Face checkpoint: files by their path relative to its folder, with "/" between folders. */
export interface CheckpointSource {
  list(): Promise<readonly string[]>;
  /** Size in bytes of a listed file. */
  size(file: string): Promise<number>;
  /** Exactly the bytes [offset, offset + length); rejects when the file is shorter. */
  read(file: string, offset: number, length: number, options?: ReadOptions): Promise<Uint8Array<ArrayBuffer>>;
}

/** Takes the files of an artefact, each whole and once; manifest.json is the last. Names have no path separators. */
export interface ArtefactSink {
  write(file: string, bytes: Uint8Array): Promise<void>;
}
