/** Conditions on fields: which documents may be found. All conditions must be met; a document without the field meets none on it. */
import { InvalidInputError } from "#core/errors.ts";
import type { Column } from "./column.ts";
import type { FieldType, FieldTypes, FieldValue } from "./field-types.ts";

type Scalar = string | number | boolean;

/** Equal to a value, to one of several, or for numbers within a range (both ends belong to it). */
export type Condition = Scalar | { readonly in: readonly Scalar[] } | { readonly min?: number | undefined; readonly max?: number | undefined };

/** Conditions by field: all of them must be met. */
export type Filter = Readonly<Record<string, Condition>>;

/** A checked condition on one field. */
export interface FieldTest {
  readonly field: string;
  matches(value: Scalar): boolean;
}

/**
 * Checks a filter against the fields that the index has.
 * @throws InvalidInputError for an unknown field, a value of another type than the field's, or anything that is no condition
 */
export function compileFilter(filter: Filter, types: FieldTypes): FieldTest[] {
  if (typeof filter !== "object" || filter === null || Array.isArray(filter))
    throw new InvalidInputError("options.filter", "an object of conditions by field", filter);
  return Object.entries(filter).map(([field, condition]) => {
    const path = `options.filter.${field}`;
    const type = Object.hasOwn(types, field) ? types[field]! : undefined;
    if (type === undefined) throw new InvalidInputError(path, `a condition on a field of this index (${knownFields(types)})`, condition);
    return { field, matches: compileCondition(condition, type, path) };
  });
}

/** Names that begin with a dot are of whoever stores passages here, not of whoever searches. */
function knownFields(types: FieldTypes): string {
  const names = Object.keys(types).filter((name) => !name.startsWith("."));
  return names.join(", ") || "it has none";
}

function compileCondition(condition: Condition, type: FieldType, path: string): (value: Scalar) => boolean {
  if (typeof condition !== "object" || condition === null) {
    checkType(condition, type, path);
    return (value) => value === condition;
  }
  if ("in" in condition) {
    if (!Array.isArray(condition.in)) throw new InvalidInputError(`${path}.in`, "a list of values", condition.in);
    for (const [index, value] of condition.in.entries()) checkType(value, type, `${path}.in[${index}]`);
    const wanted = new Set<Scalar>(condition.in);
    return (value) => wanted.has(value);
  }
  const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY, ...others } = condition as { min?: number; max?: number };
  if (Object.keys(others).length > 0 || !("min" in condition || "max" in condition))
    throw new InvalidInputError(path, "a value, { in: [values] } or { min, max }", condition);
  if (type !== "number") throw new InvalidInputError(path, `a ${type} or { in: [values] }, because ranges are for numbers`, condition);
  checkType(min, "number", `${path}.min`);
  checkType(max, "number", `${path}.max`);
  return (value) => (value as number) >= min && (value as number) <= max;
}

function checkType(value: unknown, type: FieldType, path: string): void {
  if (typeof value !== type || Number.isNaN(value)) throw new InvalidInputError(path, `a ${type}, as the field is`, value);
}

/** Does a document's value meet the test? */
export function meets(test: FieldTest, value: FieldValue | undefined): boolean {
  if (value === undefined) return false;
  return typeof value === "object" ? value.some((tag) => test.matches(tag)) : test.matches(value);
}

/** The documents of a segment that meet all tests, as bits. A missing column means that no document has the field. */
export function selectDocuments(tests: readonly { readonly test: FieldTest; readonly column: Column | undefined }[], documents: number): Uint8Array {
  const selected = new Uint8Array(Math.ceil(documents / 8));
  for (let document = 0; document < documents; document++) {
    if (tests.every(({ test, column }) => column && meets(test, column.value(document)))) selected[document >> 3]! |= 1 << (document & 7);
  }
  return selected;
}
