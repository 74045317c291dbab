/** Reads a vocabulary file front to back; every read is checked against the end, so that foreign bytes end in a typed error. */
import { CorruptShardError } from "#core/errors.ts";

/** @returns the error for a vocabulary file that cannot be right */
export function corruptVocabulary(reason: string): CorruptShardError {
  return new CorruptShardError("tokenizer vocabulary", reason);
}

export class ByteReader {
  private readonly bytes: Uint8Array;
  private at = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  get remaining(): number {
    return this.bytes.length - this.at;
  }

  /** A view of the next bytes. */
  take(length: number): Uint8Array {
    if (length > this.remaining) throw corruptVocabulary(`it ends ${length - this.remaining} bytes too early.`);
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  byte(): number {
    if (this.at >= this.bytes.length) throw corruptVocabulary("it ends too early.");
    return this.bytes[this.at++]!;
  }

  uint32(): number {
    const bytes = this.take(4);
    return (bytes[0]! | (bytes[1]! << 8) | (bytes[2]! << 16) | (bytes[3]! << 24)) >>> 0;
  }

  float64(): number {
    const bytes = this.take(8);
    return new DataView(bytes.buffer, bytes.byteOffset, 8).getFloat64(0, true);
  }

  /** An unsigned number below 2^32. */
  varint(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw corruptVocabulary("a number in it is too long.");
  }

  /** A Unicode scalar value. */
  codePoint(): number {
    const value = this.varint();
    if (value > 0x10ffff || (value >= 0xd800 && value < 0xe000)) throw corruptVocabulary("a character in it does not exist.");
    return value;
  }

  /** A text: number of code points, then each. */
  text(): string {
    const length = this.varint();
    if (length > this.remaining) throw corruptVocabulary("a text in it is too long.");
    let text = "";
    for (let i = 0; i < length; i++) text += String.fromCodePoint(this.codePoint());
    return text;
  }
}
