/**
 * The beginning of a file, kept as blobs of some size, since a byte store has no half-written blobs. Each says which version of the file it is of: a line of JSON,
 * then bytes. A tab that is closed loses at most the piece at hand; a download that fails or is aborted, nothing.
 */
import type { FilePart, Validator } from "./file-reader.ts";
import { blobNames } from "./model-storage.ts";
import type { Shelf } from "./shelf.ts";

/** Large enough that writing it costs little beside downloading it. */
const PIECE_BYTES = 1024 * 1024;
const LINE_FEED = 10;

export class StoredPart implements FilePart {
  readonly #shelf: Shelf;
  readonly #sha256: string;
  #kept = 0;
  #validator: Validator = null;
  /** Whether anything may be in the store: most files come in one go, and then nobody need look. */
  #stored = false;

  constructor(shelf: Shelf, sha256: string) {
    this.#shelf = shelf;
    this.#sha256 = sha256;
  }

  async restore(into: Uint8Array): Promise<{ readonly loaded: number; readonly validator: Validator }> {
    for (;;) {
      const piece = parsePiece(await this.#shelf.read(blobNames.part(this.#sha256, this.#kept)));
      if (!piece) break;
      this.#stored = true;
      const fits = piece.bytes.length > 0 && this.#kept + piece.bytes.length <= into.length;
      if (!fits || (this.#kept > 0 && piece.validator !== this.#validator)) break;
      into.set(piece.bytes, this.#kept);
      this.#kept += piece.bytes.length;
      this.#validator = piece.validator;
    }
    return { loaded: this.#kept, validator: this.#validator };
  }

  async keep(bytes: Uint8Array, loaded: number, validator: Validator, all = false): Promise<void> {
    if (validator !== this.#validator) {
      if (this.#kept > 0) await this.clear();
      this.#validator = validator;
    }
    if (loaded - this.#kept < (all ? 1 : PIECE_BYTES)) return;
    const head = new TextEncoder().encode(`${JSON.stringify({ validator })}\n`);
    const piece = new Uint8Array(head.length + loaded - this.#kept);
    piece.set(head);
    piece.set(bytes.subarray(this.#kept, loaded), head.length);
    this.#stored = true;
    const written = await this.#shelf.write(blobNames.part(this.#sha256, this.#kept), piece);
    if (written) this.#kept = loaded;
    // Where there is no room for the rest, the beginning only takes room away.
    else if (this.#kept > 0) await this.clear();
  }

  async clear(): Promise<void> {
    this.#kept = 0;
    if (!this.#stored) return;
    this.#stored = false;
    for (const name of await this.#shelf.list(blobNames.parts(this.#sha256))) await this.#shelf.remove(name);
  }
}

function parsePiece(blob: Uint8Array | undefined): { readonly bytes: Uint8Array; readonly validator: Validator } | undefined {
  if (!blob) return undefined;
  const end = blob.indexOf(LINE_FEED);
  try {
    const { validator } = JSON.parse(new TextDecoder().decode(blob.subarray(0, end)));
    return { bytes: blob.subarray(end + 1), validator: typeof validator === "string" ? validator : null };
  } catch {
    return undefined;
  }
}
