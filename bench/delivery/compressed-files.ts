/** Files as a good host keeps them: compressed once, by their content. Kept in .cache, since compressing the peer's model takes a minute. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";

const CACHE = ".cache/bench/compressed";

/** Brotli 9 with a large window is what hosts use for files that do not change; they rarely take 11, which is slow. */
const compressors = {
  br: (bytes: Uint8Array) =>
    promisify(brotliCompress)(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 9, [constants.BROTLI_PARAM_LGWIN]: 24 } }) as Promise<Buffer>,
  gzip: (bytes: Uint8Array) => promisify(gzip)(bytes, { level: 9 }),
};

export type Encoding = keyof typeof compressors;

export interface ServedFile {
  readonly bytes: Buffer;
  /** Its size without compression. */
  readonly plainBytes: number;
  /** Null where compressing would make it larger. */
  readonly encoding: Encoding | null;
  readonly etag: string;
}

const inTurn = new Map<string, Promise<ServedFile>>();

/** The file as it is sent to a browser that accepts the encoding; null for a file that the host does not compress. */
export function servedFile(file: string, encoding: Encoding | null): Promise<ServedFile> {
  const key = `${encoding} ${path.resolve(file)}`;
  const known = inTurn.get(key);
  if (known) return known;
  const made = make(file, encoding);
  inTurn.set(key, made);
  return made;
}

async function make(file: string, encoding: Encoding | null): Promise<ServedFile> {
  const plain = readFileSync(file);
  const sha256 = createHash("sha256").update(plain).digest("hex");
  const etag = `"${sha256.slice(0, 32)}"`;
  if (encoding === null) return { bytes: plain, plainBytes: plain.length, encoding, etag };
  const kept = path.join(CACHE, `${sha256}.${encoding}`);
  if (!existsSync(kept)) {
    mkdirSync(CACHE, { recursive: true });
    const part = `${kept}.${process.pid}.part`;
    writeFileSync(part, await compressors[encoding](plain));
    renameSync(part, kept);
  }
  const compressed = readFileSync(kept);
  const plainBytes = plain.length;
  return compressed.length < plain.length ? { bytes: compressed, plainBytes, encoding, etag } : { bytes: plain, plainBytes, encoding: null, etag };
}
