/** Code points of JavaScript strings, in which a surrogate without its partner stands for U+FFFD, as when a string is encoded to UTF-8. */

const REPLACEMENT = 0xfffd;

/** The character that begins at a unit; one that `limit` cuts in two counts as a lone surrogate. */
export function codePointAt(text: string, at: number, limit: number): number {
  const unit = text.charCodeAt(at);
  if ((unit & 0xf800) !== 0xd800) return unit;
  if (unit >= 0xdc00 || at + 1 >= limit) return REPLACEMENT;
  const next = text.charCodeAt(at + 1);
  return (next & 0xfc00) === 0xdc00 ? ((unit & 0x3ff) << 10) + (next & 0x3ff) + 0x10000 : REPLACEMENT;
}

/** Units of the character that begins at a unit: 1 or 2. */
export function unitsAt(text: string, at: number, limit: number): number {
  return codePointAt(text, at, limit) > 0xffff ? 2 : 1;
}

export function utf8Bytes(codePoint: number): number {
  return codePoint < 0x80 ? 1 : codePoint < 0x800 ? 2 : codePoint < 0x10000 ? 3 : 4;
}

/** Units of the character that ends before a place: 1 or 2. */
export function unitsBefore(text: string, at: number): number {
  return at >= 2 && codePointAt(text, at - 2, at) > 0xffff ? 2 : 1;
}

export function countCharacters(text: string, start: number, end: number): number {
  let count = 0;
  for (let at = start; at < end; at += unitsAt(text, at, end)) count++;
  return count;
}
