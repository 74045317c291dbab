/** Documents that are no pages: lines of JSON from wherever a site's texts come from. */
import { InvalidInputError } from "#core/errors.ts";
import { isFieldName } from "./check-page.ts";
import { languageTag, type SitePage } from "./page.ts";

/**
 * One line `{"text", "id"?, "url"?, "title"?, "lang"?, "description"?, "fields"?}` as a page of one section. `body` is read where there is no `text`.
 *
 * @param place of the line, for errors: "docs.jsonl, line 3"
 * @throws InvalidInputError that names the place
 */
export function readJsonLine(line: string, place: string): SitePage {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw new InvalidInputError(place, `a JSON object such as {"url": "…", "text": "…"} (${(cause as Error).message})`, line);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new InvalidInputError(place, "a JSON object", value);
  const record = value as Readonly<Record<string, unknown>>;
  const optional = (name: string): string | null => {
    const found = record[name];
    if (found === undefined || found === null) return null;
    if (typeof found !== "string") throw new InvalidInputError(`"${name}" in ${place},`, "a string", found);
    return found;
  };
  const text = optional("text") ?? optional("body");
  if (text === null) throw new InvalidInputError(`"text" in ${place},`, "a string", undefined);
  const url = optional("url") ?? optional("id");
  if (!url) throw new InvalidInputError(`"url" or "id" in ${place},`, "a string that is not empty", url);
  return {
    url,
    title: optional("title") ?? "",
    lang: languageTag(optional("lang")),
    description: optional("description"),
    fields: readFields(record.fields, place),
    sections: [{ headings: [], anchor: null, text, weight: 1 }],
  };
}

function readFields(value: unknown, place: string): SitePage["fields"] {
  if (value === undefined || value === null) return {};
  const isField = (one: unknown) =>
    typeof one === "string" ||
    typeof one === "boolean" ||
    (typeof one === "number" && Number.isFinite(one)) ||
    (Array.isArray(one) && one.length > 0 && one.every((part) => typeof part === "string"));
  const wrongName = Object.keys(value).find((name) => !isFieldName(name));
  if (wrongName !== undefined) throw new InvalidInputError(`"fields" in ${place},`, "named by letters, digits, _, . and -, at most 64", wrongName);
  if (typeof value !== "object" || Array.isArray(value) || !Object.values(value).every(isField))
    throw new InvalidInputError(`"fields" in ${place},`, "an object of strings, numbers, booleans or lists of strings", value);
  return value as SitePage["fields"];
}
