/** Ids and offsets of a text as they come, in arrays that grow and are used again for the next text. */

/** Room kept between texts, in tokens. */
const KEPT_TOKENS = 1 << 16;

export class TokenBuffer {
  ids = new Int32Array(1024);
  /** Two a token: first unit, and unit after the last. */
  offsets = new Int32Array(2048);
  count = 0;

  clear(): void {
    this.count = 0;
    if (this.ids.length > KEPT_TOKENS) this.resize(1024);
  }

  push(id: number, start: number, end: number): void {
    if (this.count === this.ids.length) this.resize(2 * this.ids.length);
    this.ids[this.count] = id;
    this.offsets[2 * this.count] = start;
    this.offsets[2 * this.count + 1] = end;
    this.count++;
  }

  private resize(tokens: number): void {
    const { ids, offsets, count } = this;
    this.ids = new Int32Array(tokens);
    this.offsets = new Int32Array(2 * tokens);
    this.ids.set(ids.subarray(0, count));
    this.offsets.set(offsets.subarray(0, 2 * count));
  }
}
