/** A growing array of bytes with the number formats of the vocabulary file. */
export class ByteWriter {
  private bytes = new Uint8Array(1024);
  private length = 0;

  byte(value: number): void {
    if (this.length === this.bytes.length) {
      const larger = new Uint8Array(2 * this.bytes.length);
      larger.set(this.bytes);
      this.bytes = larger;
    }
    this.bytes[this.length++] = value;
  }

  /** LEB128, for 0 ≤ value < 2^32. */
  varint(value: number): void {
    let rest = value >>> 0;
    for (; rest > 0x7f; rest >>>= 7) this.byte((rest & 0x7f) | 0x80);
    this.byte(rest);
  }

  float64(value: number): void {
    for (const byte of float64Bytes(value)) this.byte(byte);
  }

  /** Number of code points, then each. */
  text(text: string): void {
    const characters = [...text];
    this.varint(characters.length);
    for (const character of characters) this.varint(character.codePointAt(0)!);
  }

  /** A copy of what was written. */
  finish(): Uint8Array {
    return this.bytes.slice(0, this.length);
  }
}

function float64Bytes(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, value, true);
  return bytes;
}
