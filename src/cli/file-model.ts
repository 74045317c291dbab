/** A model artefact in a folder of the file system, as a LoadedModel: every file is verified by size and SHA-256 before anything of it is used. */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { abortable } from "#core/abort.ts";
import { CorruptShardError, InvalidManifestError, MissingShardError } from "#core/errors.ts";
import type { LoadedModel } from "#core/loaded-model.ts";
import type { FileEntry, Manifest, TensorEntry } from "#core/manifest.ts";
import { parseManifest } from "#core/parse-manifest.ts";
import { sha256Hex } from "#core/sha256.ts";
import { locateTensor } from "#core/tensor-layout.ts";
import type { ReadOptions, TensorSource } from "#core/tensor-source.ts";

const MANIFEST_FILE = "manifest.json";
/** Verified shards kept in memory: enough for readers that go through neighbouring tensors, and for the pages of ordinary texts. */
const CACHE_BYTES = 2 ** 27;

/**
 * @param folder of a manifest.json, or the path of the manifest itself
 * @throws InvalidManifestError when it is missing or wrong
 */
export async function openFileModel(folder: string): Promise<LoadedModel> {
  const root = path.basename(folder) === MANIFEST_FILE ? path.dirname(folder) : folder;
  let json: unknown;
  try {
    json = JSON.parse(await readFile(path.join(root, MANIFEST_FILE), "utf8"));
  } catch (cause) {
    const reason = cause instanceof SyntaxError ? `${path.join(root, MANIFEST_FILE)} is not JSON.` : `there is no ${path.join(root, MANIFEST_FILE)} to read.`;
    throw new InvalidManifestError(reason, { folder: root }, { cause });
  }
  return fileModel(root, parseManifest(json));
}

/** A model whose manifest is at hand, with its files in a folder. */
export function fileModel(folder: string, manifest: Manifest): LoadedModel {
  return {
    manifest,
    tensors: new FileTensors(folder, manifest),
    readTokenizer: async (options) => abortable(readVerified(folder, manifest.tokenizer), options?.signal),
  };
}

class FileTensors implements TensorSource {
  private readonly folder: string;
  private readonly manifest: Manifest;
  /** By shard number, least recently used first. */
  private readonly shards = new Map<number, Promise<Uint8Array<ArrayBuffer>>>();

  constructor(folder: string, manifest: Manifest) {
    this.folder = folder;
    this.manifest = manifest;
  }

  async read(name: string, options?: ReadOptions) {
    options?.signal?.throwIfAborted();
    const entry = locateTensor(this.manifest, name);
    const bytes = await abortable(this.readParts(entry), options?.signal);
    return { dtype: entry.dtype, shape: entry.shape, bytes };
  }

  release(): void {
    this.shards.clear();
  }

  private async readParts({ parts }: TensorEntry): Promise<Uint8Array> {
    const [only, ...others] = parts;
    if (only && others.length === 0) return (await this.shard(only.shard)).subarray(only.offset, only.offset + only.length);
    const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
    let position = 0;
    for (const { shard, offset, length } of parts) {
      whole.set((await this.shard(shard)).subarray(offset, offset + length), position);
      position += length;
    }
    return whole;
  }

  private shard(number: number): Promise<Uint8Array<ArrayBuffer>> {
    const reading = this.shards.get(number) ?? readVerified(this.folder, this.manifest.shards[number]!);
    this.shards.delete(number);
    this.shards.set(number, reading);
    reading.catch(() => this.shards.delete(number));
    this.evict();
    return reading;
  }

  private evict(): void {
    let bytes = [...this.shards.keys()].reduce((sum, number) => sum + this.manifest.shards[number]!.bytes, 0);
    for (const number of this.shards.keys()) {
      if (bytes <= CACHE_BYTES || this.shards.size === 1) return;
      this.shards.delete(number);
      bytes -= this.manifest.shards[number]!.bytes;
    }
  }
}

async function readVerified(folder: string, { file, bytes: size, sha256 }: FileEntry): Promise<Uint8Array<ArrayBuffer>> {
  const buffer = await readFile(path.join(folder, file)).catch((cause: NodeJS.ErrnoException) => {
    throw new MissingShardError(file, cause.code === "ENOENT" ? `it is not in ${folder}. Build the model again.` : cause.message, { folder }, { cause });
  });
  // A plain array: `slice` of a Buffer shares its memory, which no reader of a TensorSource expects.
  const bytes = new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
  if (bytes.length !== size) throw new CorruptShardError(file, `it has ${bytes.length} bytes instead of ${size}.`);
  if ((await sha256Hex(bytes)) !== sha256) throw new CorruptShardError(file, "its SHA-256 digest differs from the manifest's.");
  return bytes;
}
