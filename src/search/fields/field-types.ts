/** Metadata of documents: a few named values each, to filter by. A field has one type in an index, told by the first document that has it. */
import { InvalidInputError } from "#core/errors.ts";

/** A list of strings is a set of tags: a condition is met when one of them meets it. */
export type FieldValue = string | number | boolean | readonly string[];

/** Values of a document by field. */
export type Fields = Readonly<Record<string, FieldValue>>;

export type FieldType = "string" | "number" | "boolean";

/** The type of each field of an index. */
export type FieldTypes = Readonly<Record<string, FieldType>>;

const MOST_FIELDS = 256;
/** "__proto__" is no name: as a key it would not be one. */
const FIELD_NAME = /^(?!__proto__$)[\p{L}\p{N}_.-]{1,64}$/u;

/** @throws InvalidInputError at `path` when the value is none that a field can have */
export function fieldTypeOf(value: unknown, path: string): FieldType {
  if (typeof value === "string" || typeof value === "boolean") return typeof value as FieldType;
  if (typeof value === "number" && !Number.isNaN(value)) return "number";
  if (Array.isArray(value) && value.every((tag) => typeof tag === "string")) return "string";
  throw new InvalidInputError(path, "a string, a number, a boolean or a list of strings", value);
}

/** The types with those of more documents' fields. @throws InvalidInputError when a field has another type than before, or there are too many */
export function extendFieldTypes(known: FieldTypes, documents: readonly { readonly fields?: Fields | undefined }[]): FieldTypes {
  const types: Record<string, FieldType> = { ...known };
  for (const [index, { fields }] of documents.entries()) {
    for (const [name, value] of Object.entries(fields ?? {})) {
      const path = `documents[${index}].fields.${name}`;
      if (!FIELD_NAME.test(name)) throw new InvalidInputError(path, "a name of letters, digits, _, . and -, at most 64", name);
      const type = fieldTypeOf(value, path);
      const before = Object.hasOwn(types, name) ? types[name] : undefined;
      if (before !== undefined && before !== type) throw new InvalidInputError(path, `a ${before}, as in the documents before`, value);
      types[name] = type;
    }
  }
  if (Object.keys(types).length > MOST_FIELDS)
    throw new InvalidInputError("documents", `documents with at most ${MOST_FIELDS} different fields`, Object.keys(types).length);
  return types;
}
