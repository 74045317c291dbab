/**
 * One field of all documents of a segment.
 *
 *     number    f64 a document, NaN for none
 *     boolean   u8 a document: 0 none, 1 false, 2 true
 *     string    u32 bytes of the dictionary, the dictionary (JSON list of distinct strings, filled up to 4 with spaces), u32 [documents + 1] where each document's
 *               codes begin, then u32 codes: places in the dictionary
 */
import type { FieldType, FieldValue } from "./field-types.ts";

/** The values of a field by document; undefined where a document has none. */
export interface Column {
  readonly type: FieldType;
  value(document: number): FieldValue | undefined;
}

export function encodeColumn(type: FieldType, documents: number, value: (document: number) => FieldValue | undefined): Uint8Array<ArrayBuffer> {
  switch (type) {
    case "number":
      return encodeNumbers(documents, value);
    case "boolean":
      return Uint8Array.from({ length: documents }, (_, document) => (value(document) === undefined ? 0 : value(document) === true ? 2 : 1));
    case "string":
      return encodeStrings(documents, value);
  }
}

/** @throws Error when the bytes are not a column of that type and size: the caller knows the file's name */
export function decodeColumn(type: FieldType, bytes: Uint8Array, documents: number): Column {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  switch (type) {
    case "number":
      checkSize(bytes.length === documents * 8);
      return {
        type,
        value(document) {
          const number = view.getFloat64(document * 8, true);
          return Number.isNaN(number) ? undefined : number;
        },
      };
    case "boolean":
      checkSize(bytes.length === documents);
      return { type, value: (document) => (bytes[document] === 0 ? undefined : bytes[document] === 2) };
    case "string":
      return decodeStrings(bytes, view, documents);
  }
}

function encodeNumbers(documents: number, value: (document: number) => FieldValue | undefined): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(documents * 8);
  const view = new DataView(bytes.buffer);
  for (let document = 0; document < documents; document++) view.setFloat64(document * 8, (value(document) as number | undefined) ?? Number.NaN, true);
  return bytes;
}

function encodeStrings(documents: number, value: (document: number) => FieldValue | undefined): Uint8Array<ArrayBuffer> {
  const places = new Map<string, number>();
  const starts: number[] = [0];
  const codes: number[] = [];
  for (let document = 0; document < documents; document++) {
    for (const text of textsOf(value(document))) {
      const place = places.get(text) ?? places.size;
      places.set(text, place);
      codes.push(place);
    }
    starts.push(codes.length);
  }
  const json = JSON.stringify([...places.keys()]);
  const unfilled = new TextEncoder().encode(json);
  const dictionary = new TextEncoder().encode(json + " ".repeat((4 - (unfilled.length % 4)) % 4));
  const bytes = new Uint8Array(4 + dictionary.length + (starts.length + codes.length) * 4);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, dictionary.length, true);
  bytes.set(dictionary, 4);
  for (const [index, number] of [...starts, ...codes].entries()) view.setUint32(4 + dictionary.length + index * 4, number, true);
  return bytes;
}

function decodeStrings(bytes: Uint8Array, view: DataView, documents: number): Column {
  const dictionaryBytes = view.getUint32(0, true);
  const dictionary: readonly string[] = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + dictionaryBytes)));
  const starts = 4 + dictionaryBytes;
  const codes = starts + (documents + 1) * 4;
  checkSize(bytes.length === codes + view.getUint32(codes - 4, true) * 4);
  return {
    type: "string",
    value(document) {
      const [from, to] = [view.getUint32(starts + document * 4, true), view.getUint32(starts + (document + 1) * 4, true)];
      if (from === to) return undefined;
      const texts = Array.from({ length: to - from }, (_, index) => dictionary[view.getUint32(codes + (from + index) * 4, true)]!);
      return texts.length === 1 ? texts[0]! : texts;
    },
  };
}

/** The strings of a value, each once. */
function textsOf(value: FieldValue | undefined): readonly string[] {
  if (typeof value === "string") return [value];
  return Array.isArray(value) ? [...new Set<string>(value)] : [];
}

function checkSize(fits: boolean): void {
  if (!fits) throw new Error("The column has another size than its documents tell.");
}
