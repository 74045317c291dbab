/** White space as Rust's char::is_whitespace has it: the Unicode property White_Space, all of it below U+10000. (JavaScript's \s has U+FEFF, not U+0085.) */
export const WHITE_SPACE: readonly number[] = [
  0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x20, 0x85, 0xa0, 0x1680, 0x2000, 0x2001, 0x2002, 0x2003, 0x2004, 0x2005, 0x2006, 0x2007, 0x2008, 0x2009, 0x200a, 0x2028,
  0x2029, 0x202f, 0x205f, 0x3000,
];

export function isWhiteSpace(unit: number): boolean {
  return unit < 0x1680 ? unit === 0x20 || (unit <= 0xa0 && WHITE_SPACE.includes(unit)) : unit <= 0x3000 && WHITE_SPACE.includes(unit);
}
