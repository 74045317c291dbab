/**
 * One inverted list in bytes: which documents have a term, with one number (1 to 255) each.
 *
 *     per block of up to 128 postings: u32 last document, u8 largest value, u8 bits of a gap, u16 least length of its documents
 *     per block: gaps, bit-packed from the lowest bit, filled up to a byte; then one u8 value a posting
 *     u32 xxh32 of all before
 *
 * A gap is the number of documents skipped: document - previous - 1, beginning at -1. The least length serves BM25's block maxima; it is 0 where lengths do
 * not matter. Documents may be up to 2^32 - 2.
 */
import { xxh32 } from "../format/checksum.ts";

export const BLOCK_POSTINGS = 128;
export const BLOCK_HEAD_BYTES = 8;
export const LIST_CHECKSUM_BYTES = 4;
const MOST_LENGTH = 65_535;

/** Postings of one term in order of document. */
export interface PostingList {
  readonly documents: ArrayLike<number>;
  readonly values: ArrayLike<number>;
}

/** @param lengthOf length of a document, for BM25 */
export function encodeList({ documents, values }: PostingList, lengthOf?: (document: number) => number): Uint8Array<ArrayBuffer> {
  const count = documents.length;
  const blocks = Math.ceil(count / BLOCK_POSTINGS);
  const widths = new Uint8Array(blocks);
  let bodyBytes = 0;
  for (let block = 0; block < blocks; block++) {
    const [from, to] = [block * BLOCK_POSTINGS, Math.min((block + 1) * BLOCK_POSTINGS, count)];
    let widest = 0;
    for (let place = from; place < to; place++) widest = Math.max(widest, gapAt(documents, place));
    widths[block] = widest === 0 ? 0 : 32 - Math.clz32(widest);
    bodyBytes += Math.ceil(((to - from) * widths[block]!) / 8) + (to - from);
  }
  const bytes = new Uint8Array(blocks * BLOCK_HEAD_BYTES + bodyBytes + LIST_CHECKSUM_BYTES);
  const view = new DataView(bytes.buffer);
  let at = blocks * BLOCK_HEAD_BYTES;
  for (let block = 0; block < blocks; block++) {
    const [from, to] = [block * BLOCK_POSTINGS, Math.min((block + 1) * BLOCK_POSTINGS, count)];
    let largest = 0;
    let shortest = lengthOf ? MOST_LENGTH : 0;
    const bits = new BitWriter(bytes, at);
    for (let place = from; place < to; place++) {
      bits.write(gapAt(documents, place), widths[block]!);
      largest = Math.max(largest, values[place]!);
      if (lengthOf) shortest = Math.min(shortest, lengthOf(documents[place]!));
    }
    at = bits.end();
    for (let place = from; place < to; place++) bytes[at++] = values[place]!;
    const head = block * BLOCK_HEAD_BYTES;
    view.setUint32(head, documents[to - 1]!, true);
    view.setUint8(head + 4, largest);
    view.setUint8(head + 5, widths[block]!);
    view.setUint16(head + 6, shortest, true);
  }
  view.setUint32(at, xxh32(bytes.subarray(0, at)), true);
  return bytes;
}

function gapAt(documents: ArrayLike<number>, place: number): number {
  return documents[place]! - (place === 0 ? -1 : documents[place - 1]!) - 1;
}

class BitWriter {
  readonly #bytes: Uint8Array;
  #at: number;
  #bit = 0;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  write(value: number, bits: number): void {
    for (let left = bits; left > 0; ) {
      const taken = Math.min(8 - this.#bit, left);
      // Not `value & mask` on the whole: a gap may use all 32 bits.
      this.#bytes[this.#at]! |= ((value >>> (bits - left)) & ((1 << taken) - 1)) << this.#bit;
      this.#bit += taken;
      left -= taken;
      if (this.#bit === 8) {
        this.#bit = 0;
        this.#at++;
      }
    }
  }

  /** The first whole byte that is free. */
  end(): number {
    return this.#bit > 0 ? this.#at + 1 : this.#at;
  }
}
