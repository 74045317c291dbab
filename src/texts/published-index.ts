/** `index.json` of a published index: the first and only file that a page asks for by a fixed name. Everything else is named by it, and never changes. */
import { CorruptIndexError, NewerIndexError } from "#core/errors.ts";

export const PUBLISHED_INDEX_FILE = "index.json";
const FORMAT = "bge-m3-web site index";
const VERSION = 1;

/** The pages of one language. */
export interface LanguageIndex {
  /** Below the folder of index.json, ending in a slash. Named by its content. */
  readonly folder: string;
  readonly documents: number;
  readonly passages: number;
  /** Letters of its texts by script: tells whether a question is in another language, without a text being read. */
  readonly scripts: Readonly<Record<string, number>>;
  /** Some of its sections have a weight (`data-m3-weight`). Absent in indexes of before, and where none has. */
  readonly weighted?: boolean | undefined;
  /** Files of the folder with their sizes. */
  readonly blobs: Readonly<Record<string, number>>;
}

export interface PublishedIndex {
  readonly model: { readonly name: string; readonly fingerprint: string };
  /** By BCP 47 tag; "und" for pages that do not tell. */
  readonly languages: Readonly<Record<string, LanguageIndex>>;
}

export function writePublishedIndex({ model, languages }: PublishedIndex): string {
  return `${JSON.stringify({ format: FORMAT, version: VERSION, model, languages }, null, 1)}\n`;
}

const FOLDER = /^[A-Za-z0-9][A-Za-z0-9-]*\/$/;

/** @throws CorruptIndexError; NewerIndexError */
export function parsePublishedIndex(text: string): PublishedIndex {
  const corrupt = (reason: string) => new CorruptIndexError(PUBLISHED_INDEX_FILE, reason);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw corrupt("it is not JSON.");
  }
  const isObject = (one: unknown): one is Record<string, unknown> => typeof one === "object" && one !== null && !Array.isArray(one);
  const isCount = (one: unknown) => Number.isSafeInteger(one) && (one as number) >= 0;
  if (!isObject(value) || value.format !== FORMAT || !isCount(value.version)) throw corrupt("it is not a site index.");
  if ((value.version as number) > VERSION) throw new NewerIndexError(PUBLISHED_INDEX_FILE, value.version as number, VERSION);
  const { model, languages } = value;
  if (!isObject(model) || typeof model.name !== "string" || typeof model.fingerprint !== "string" || !isObject(languages)) throw corrupt("it names no model.");
  for (const [language, index] of Object.entries(languages)) {
    const { folder, documents, passages, scripts, blobs } = isObject(index) ? index : {};
    const whole = typeof folder === "string" && FOLDER.test(folder) && isCount(documents) && isCount(passages) && isObject(scripts) && isObject(blobs);
    if (!whole || ![...Object.values(scripts), ...Object.values(blobs)].every(isCount)) throw corrupt(`its part for the language "${language}" is incomplete.`);
  }
  return { model: model as PublishedIndex["model"], languages: languages as PublishedIndex["languages"] };
}
