/** What the worker knows of documents that are wrong; types and shapes were checked on the main thread. */
import { DuplicateDocumentError, InvalidInputError } from "#core/errors.ts";
import { checkId } from "#search/document.ts";
import { extendFieldTypes } from "#search/fields/field-types.ts";
import type { TextDocument } from "./types.ts";

/** Leaves room for the number of a passage, within what the index takes. */
const MOST_ID_BYTES = 1000;

/** @throws InvalidInputError with the path of what is wrong; DuplicateDocumentError for an id that is there twice */
export function checkTextDocuments(documents: readonly TextDocument[]): void {
  const ids = new Set<string>();
  for (const [index, { id, fields = {} }] of documents.entries()) {
    const path = `documents[${index}]`;
    checkDocumentId(id, `${path}.id`);
    if (ids.has(id)) throw new DuplicateDocumentError(id);
    ids.add(id);
    for (const [name, value] of Object.entries(fields)) {
      if (name.startsWith(".")) throw new InvalidInputError(`${path}.fields.${name}`, "a name that does not begin with a dot", value);
    }
  }
  extendFieldTypes({}, documents);
}

/** @throws InvalidInputError */
export function checkDocumentId(id: string, path: string): void {
  checkId(id, path);
  if (id.includes("\u0000")) throw new InvalidInputError(path, "a string without U+0000", id);
  if (new TextEncoder().encode(id).length > MOST_ID_BYTES) throw new InvalidInputError(path, `at most ${MOST_ID_BYTES} bytes`, id);
}
