/** Walks one inverted list in order of document, decoding a block at a time, and skipping blocks by their heads. */
import { CorruptIndexError } from "#core/errors.ts";
import { xxh32 } from "../format/checksum.ts";
import { BLOCK_HEAD_BYTES, BLOCK_POSTINGS, LIST_CHECKSUM_BYTES } from "./list-format.ts";

/** Where a cursor stands when its list has ended: above every document. */
export const LIST_END = 0xffff_ffff;

export class ListCursor {
  /** Number of postings. */
  readonly count: number;
  /** Document at hand, LIST_END after the last one. */
  document = 0;
  /** Its value. */
  value = 0;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #blocks: number;
  /** Where each block's body begins. */
  readonly #starts: Uint32Array;
  readonly #documents = new Uint32Array(BLOCK_POSTINGS);
  #block = -1;
  #place = 0;
  #postings = 0;
  #values = 0;

  /**
   * @param isChecked the bytes were checked before: the checksum is not computed again
   * @throws CorruptIndexError when the bytes are not a list of that many postings
   */
  constructor(bytes: Uint8Array, count: number, file: string, isChecked = false) {
    this.count = count;
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#blocks = Math.ceil(count / BLOCK_POSTINGS);
    const end = bytes.length - LIST_CHECKSUM_BYTES;
    const heads = this.#blocks * BLOCK_HEAD_BYTES;
    if (end < heads || !(isChecked || xxh32(bytes.subarray(0, end)) === this.#view.getUint32(end, true)))
      throw new CorruptIndexError(file, "an inverted list is damaged.");
    this.#starts = new Uint32Array(this.#blocks + 1);
    let at = heads;
    for (let block = 0; block < this.#blocks; block++) {
      this.#starts[block] = at;
      const postings = this.#postingsOf(block);
      at += Math.ceil((postings * this.#view.getUint8(block * BLOCK_HEAD_BYTES + 5)) / 8) + postings;
    }
    this.#starts[this.#blocks] = at;
    if (at !== end) throw new CorruptIndexError(file, "an inverted list has another length than its blocks tell.");
    if (count > 0) this.#enter(0);
    else this.document = LIST_END;
  }

  /** Steps to the next posting. */
  next(): void {
    if (++this.#place < this.#postings) this.#settle();
    else if (this.#block + 1 < this.#blocks) this.#enter(this.#block + 1);
    else this.#finish();
  }

  /** Steps to the first posting whose document is at least `target`; never back. */
  seek(target: number): void {
    if (this.document >= target) return;
    const block = this.#blockOf(target);
    if (block === this.#blocks) {
      this.#finish();
      return;
    }
    if (block !== this.#block) this.#enter(block);
    const documents = this.#documents;
    let place = this.#place;
    while (documents[place]! < target) place++;
    this.#place = place;
    this.#settle();
  }

  /** The largest value, least length and last document of the block in which `target` lies or would lie; null past the end. Moves nothing. */
  blockAt(target: number): BlockHead | null {
    const block = this.#blockOf(target);
    return block === this.#blocks ? null : this.#head(block);
  }

  /** The largest value and least length of the whole list. */
  bounds(): { readonly largest: number; readonly shortest: number } {
    let largest = 0;
    let shortest = LIST_END;
    for (let block = 0; block < this.#blocks; block++) {
      const head = this.#head(block);
      largest = Math.max(largest, head.largest);
      shortest = Math.min(shortest, head.shortest);
    }
    return { largest, shortest };
  }

  #head(block: number): BlockHead {
    const head = block * BLOCK_HEAD_BYTES;
    return { last: this.#view.getUint32(head, true), largest: this.#view.getUint8(head + 4), shortest: this.#view.getUint16(head + 6, true) };
  }

  /** First block from the one at hand whose last document is at least `target`. */
  #blockOf(target: number): number {
    let block = Math.max(this.#block, 0);
    while (block < this.#blocks && this.#view.getUint32(block * BLOCK_HEAD_BYTES, true) < target) block++;
    return block;
  }

  #postingsOf(block: number): number {
    return Math.min(BLOCK_POSTINGS, this.count - block * BLOCK_POSTINGS);
  }

  #enter(block: number): void {
    const postings = this.#postingsOf(block);
    const bits = this.#view.getUint8(block * BLOCK_HEAD_BYTES + 5);
    const before = block === 0 ? -1 : this.#view.getUint32((block - 1) * BLOCK_HEAD_BYTES, true);
    const start = this.#starts[block]!;
    unpackDocuments(this.#bytes, start, bits, before, postings, this.#documents);
    this.#block = block;
    this.#place = 0;
    this.#postings = postings;
    this.#values = start + Math.ceil((postings * bits) / 8);
    this.#settle();
  }

  #settle(): void {
    this.document = this.#documents[this.#place]!;
    this.value = this.#bytes[this.#values + this.#place]!;
  }

  #finish(): void {
    this.#block = this.#blocks;
    this.document = LIST_END;
    this.value = 0;
  }
}

export interface BlockHead {
  readonly last: number;
  readonly largest: number;
  readonly shortest: number;
}

function unpackDocuments(bytes: Uint8Array, start: number, bits: number, before: number, count: number, documents: Uint32Array): void {
  let document = before;
  let at = start;
  let held = 0;
  let heldBits = 0;
  if (bits <= 24) {
    const mask = (1 << bits) - 1;
    for (let place = 0; place < count; place++) {
      while (heldBits < bits) {
        held |= bytes[at++]! << heldBits;
        heldBits += 8;
      }
      document += (held & mask) + 1;
      held >>>= bits;
      heldBits -= bits;
      documents[place] = document;
    }
    return;
  }
  // Wide gaps do not fit beside the rest of a byte in 32 bits: one bit after the other. They are rare.
  for (let place = 0; place < count; place++) {
    let gap = 0;
    for (let bit = 0; bit < bits; bit++) {
      const position = place * bits + bit;
      gap += ((bytes[start + (position >> 3)]! >> (position & 7)) & 1) * 2 ** bit;
    }
    document += gap + 1;
    documents[place] = document;
  }
}
