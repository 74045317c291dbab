/** Bytes of a text file as text: Unicode where they are, else what such files were before it. */
import { Unreadable } from "./unreadable.ts";

const marks: readonly (readonly [encoding: string, bytes: readonly number[]])[] = [
  ["utf-8", [0xef, 0xbb, 0xbf]],
  ["utf-16le", [0xff, 0xfe]],
  ["utf-16be", [0xfe, 0xff]],
];

/** Encodings that were usual before, by language of the reader. */
const older: Readonly<Record<string, string>> = { ko: "euc-kr", ja: "shift_jis", zh: "gbk", ru: "windows-1251", el: "windows-1253", fa: "windows-1256" };

/**
 * @param languages of the reader, which tell what bytes are meant that are not UTF-8
 * @param declared what the file itself says
 * @throws Unreadable for bytes that are no text
 */
export function decodeText(bytes: Uint8Array, languages: readonly string[], declared?: string | null): string {
  const marked = marks.find(([, mark]) => mark.every((byte, index) => bytes[index] === byte));
  if (marked) return new TextDecoder(marked[0]).decode(bytes);
  if (bytes.subarray(0, 8192).includes(0)) throw new Unreadable("notText");
  const own = languages.map((tag) => older[tag.toLowerCase().split("-")[0]!]).find((encoding) => encoding !== undefined);
  return decodeAs("utf-8", bytes, true) ?? decodeAs(declared, bytes, false) ?? decodeAs(own, bytes, true) ?? new TextDecoder("windows-1252").decode(bytes);
}

/** Null where there is no such encoding, or the bytes are not of it. */
function decodeAs(encoding: string | null | undefined, bytes: Uint8Array, fatal: boolean): string | null {
  if (!encoding) return null;
  try {
    return new TextDecoder(encoding, { fatal }).decode(bytes);
  } catch {
    return null;
  }
}
