/** Byte stores for benches: files in a folder, and one around another that counts what is read. */
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readdirSync, readSync, renameSync, rmSync, statSync, writeSync } from "node:fs";
import path from "node:path";
import type { BlobReader, BlobWriter, ByteStore } from "#core/byte-store.ts";
import { MissingBlobError } from "#core/errors.ts";
import { sum } from "../harness/statistics.ts";

/** Files, so that an index may be larger than memory. Synchronous: fast, and nothing else runs here. */
export class FolderStore implements ByteStore {
  readonly kind = "folder";
  readonly #folder: string;
  #temporary = 0;

  constructor(folder: string) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true });
  }

  async size(name: string): Promise<number | undefined> {
    return statSync(path.join(this.#folder, name), { throwIfNoEntry: false })?.size;
  }

  async open(name: string): Promise<BlobReader> {
    const file = path.join(this.#folder, name);
    if (!existsSync(file)) throw new MissingBlobError(name, this.kind);
    const descriptor = openSync(file, "r");
    const bytes = statSync(file).size;
    return {
      bytes,
      async read(offset = 0, length = bytes - offset) {
        const target = new Uint8Array(length);
        readSync(descriptor, target, 0, length, offset);
        return target;
      },
      close: () => closeSync(descriptor),
    };
  }

  async create(name: string): Promise<BlobWriter> {
    const temporary = path.join(this.#folder, `~${this.#temporary++}`);
    const descriptor = openSync(temporary, "w");
    let bytes = 0;
    return {
      get bytes() {
        return bytes;
      },
      async append(chunk) {
        writeSync(descriptor, chunk);
        bytes += chunk.length;
      },
      commit: async () => {
        fsyncSync(descriptor);
        closeSync(descriptor);
        renameSync(temporary, path.join(this.#folder, name));
      },
      async abort() {
        rmSync(temporary, { force: true });
      },
    };
  }

  async list(prefix = "") {
    const names = readdirSync(this.#folder).filter((name) => name.startsWith(prefix) && !name.startsWith("~"));
    return names.sort().map((name) => ({ name, bytes: statSync(path.join(this.#folder, name)).size }));
  }

  async remove(name: string): Promise<void> {
    rmSync(path.join(this.#folder, name), { force: true });
  }

  close(): void {}
}

/** Passes everything on, and counts reads by what is read: "meta", or the part of a segment ("dense", "tokens", …). */
export class CountingStore implements ByteStore {
  readonly kind: string;
  readonly #below: ByteStore;
  readonly #parts = new Map<string, { reads: number; bytes: number }>();

  constructor(below: ByteStore) {
    this.#below = below;
    this.kind = below.kind;
  }

  get bytesRead(): number {
    return sum([...this.#parts.values()].map(({ bytes }) => bytes));
  }

  get reads(): number {
    return sum([...this.#parts.values()].map(({ reads }) => reads));
  }

  bytesOf(part: string): number {
    return this.#parts.get(part)?.bytes ?? 0;
  }

  async open(name: string): Promise<BlobReader> {
    const reader = await this.#below.open(name);
    const part = /\.(.*)$/.exec(name)?.[1] ?? name.replace(/-.*/, "");
    const counted = this.#parts.get(part) ?? { reads: 0, bytes: 0 };
    this.#parts.set(part, counted);
    return {
      bytes: reader.bytes,
      read: async (offset, length) => {
        const bytes = await reader.read(offset, length);
        counted.reads++;
        counted.bytes += bytes.length;
        return bytes;
      },
      close: () => reader.close(),
    };
  }

  size(name: string) {
    return this.#below.size(name);
  }

  create(name: string) {
    return this.#below.create(name);
  }

  list(prefix?: string) {
    return this.#below.list(prefix);
  }

  remove(name: string) {
    return this.#below.remove(name);
  }

  close(): void {
    this.#below.close();
  }
}
