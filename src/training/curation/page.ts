/** A page of a corpus to make pairs of. */
import { InvalidInputError } from "#core/errors.ts";

export interface Page {
  /** The same in every language in which there is the page. */
  readonly id: string;
  /** "" where the corpus does not say. */
  readonly lang: string;
  readonly title: string;
  /** Paragraphs, one a line; the title is not among them. */
  readonly body: string;
}

const EXAMPLE = '{"id": "…", "lang": "…", "title": "…", "body": "…"}';

/**
 * Fields besides these four are passed over.
 * @param place for messages, such as `pages.jsonl, line 3`
 * @throws InvalidInputError that names field and line
 */
export function parsePage(line: string, place: string): Page {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw new InvalidInputError(place, `a JSON object such as ${EXAMPLE} (${(cause as Error).message})`, line);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new InvalidInputError(place, `a JSON object such as ${EXAMPLE}`, value);
  const fields = value as Record<string, unknown>;
  const text = (name: keyof Page, fallback?: string): string => {
    const found = fields[name] ?? fallback;
    if (typeof found !== "string") throw new InvalidInputError(`"${name}" in ${place},`, `a string, as in ${EXAMPLE}`, found);
    return found;
  };
  const id = text("id");
  if (id === "") throw new InvalidInputError(`"id" in ${place},`, "a string that is not empty", id);
  return { id, lang: text("lang", ""), title: text("title").trim(), body: text("body") };
}
