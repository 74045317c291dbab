/** Documents as an index keeps them: a passage for each window of the text, with what is needed to give the document back. */
import type { M3Encoder } from "#encoder/encoder.ts";
import { planWindows } from "#encoder/windows.ts";
import type { Fields } from "#search/fields/field-types.ts";
import type { DocumentRecord } from "#search/segment/document-file.ts";
import type { StoredDocument, TextDocument } from "./types.ts";

/** A field that passages after the first have, so that documents can be counted. */
export const CONTINUED_FIELD = ".continued";

/** Stands between a document's id and a later passage's number: no id of a document has it. */
const SEPARATOR = "\u0000";

/** Most of a passage that may be title. */
const TITLE_SHARE = 0.25;

/** What is stored with a passage. */
export interface StoredPassage {
  /** "" for none. */
  readonly title: string;
  /** UTF-16 units of it that were read with each passage. */
  readonly titleRead: number;
  readonly url?: string | undefined;
  readonly fields?: Fields | undefined;
  readonly text: string;
  /** Where the text is in the document's. */
  readonly range: readonly [start: number, end: number];
  /** How many passages the document has. */
  readonly passages: number;
  /** Of the call that added it. */
  readonly key: string;
}

/** A passage before it is encoded. */
export interface Passage {
  readonly id: string;
  /** What the model reads. */
  readonly content: string;
  /** Its tokens, special ones and the prompt included. */
  readonly tokens: number;
  /** Vocabulary ids of title and text in order. */
  readonly words: Int32Array;
  readonly fields: Fields;
  readonly stored: StoredPassage;
}

export interface PassageLimits {
  readonly passageTokens: number;
  readonly overlapTokens: number;
}

/** What the model reads of a passage: the title and a line with the text. */
export function contentOf({ title, titleRead, text }: Pick<StoredPassage, "title" | "titleRead" | "text">): string {
  return title ? `${title.slice(0, titleRead)}\n${text}` : text;
}

export function passageId(document: string, number: number): string {
  return number === 0 ? document : `${document}${SEPARATOR}${number}`;
}

export function documentId(passage: string): string {
  return passage.split(SEPARATOR, 1)[0]!;
}

/** Ids of a document's further passages: `related` of `HybridIndex.update`. */
export function continuations({ id, stored }: DocumentRecord): string[] {
  const { passages } = stored as unknown as StoredPassage;
  return Array.from({ length: passages - 1 }, (_, index) => passageId(id, index + 1));
}

/** The passages of a document. @param key of the call that adds it */
export function splitDocument(encoder: M3Encoder, document: TextDocument, { passageTokens, overlapTokens }: PassageLimits, key: string): Passage[] {
  const { title = "", text } = document;
  const titleRead = cutTitle(encoder, title, Math.floor(passageTokens * TITLE_SHARE));
  const stored = { key, title, titleRead, url: document.url, fields: document.fields };
  // The closing token is no token of the text.
  const offsets = encoder.tokens(text, "passage").offsets.slice(0, -2);
  const room = passageTokens - encoder.tokens(contentOf({ title, titleRead, text: "" }), "passage").untruncatedLength;
  for (let size = room; ; size--) {
    const windows = planWindows(text, offsets, { size: Math.max(1, size), overlap: Math.min(overlapTokens, size >> 1) });
    const passages = windows.map(({ start, end }, number) =>
      toPassage(encoder, passageId(document.id, number), number > 0, {
        ...stored,
        text: text.slice(start, end),
        range: [start, end],
        passages: windows.length,
      }),
    );
    // Cut in the middle of a word, a text can have a token more than it had before.
    if (size <= 1 || passages.every(({ tokens }) => tokens <= passageTokens)) return passages;
  }
}

/** UTF-16 units of a title that fit into so many tokens. */
function cutTitle(encoder: M3Encoder, title: string, most: number): number {
  const { offsets } = encoder.tokens(title, "passage");
  const tokens = offsets.length / 2 - 1;
  return tokens <= most ? title.length : offsets[2 * most]!;
}

function toPassage(encoder: M3Encoder, id: string, continued: boolean, stored: StoredPassage): Passage {
  const content = contentOf(stored);
  const { ids, untruncatedLength } = encoder.tokens(content, "passage");
  const fields = continued ? { ...stored.fields, [CONTINUED_FIELD]: true } : (stored.fields ?? {});
  return { id, content, tokens: untruncatedLength, words: ids.slice(0, -1), fields, stored };
}

/** A document from its passages, in order. */
export function joinDocument(id: string, passages: readonly StoredPassage[]): StoredDocument {
  const { title, url, fields } = passages[0]!;
  let text = "";
  for (const { range, text: part } of passages) text += part.slice(text.length - range[0]);
  return { id, ...(title ? { title } : {}), text, ...(url === undefined ? {} : { url }), ...(fields ? { fields } : {}) };
}
