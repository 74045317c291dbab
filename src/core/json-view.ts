/**
 * A value parsed from JSON that comes from outside, read field by field: each accessor checks the type and gives it, or throws the caller's own kind of
 * error with the path of the field. Not a schema language: the code that reads a file is its description.
 */
import { describeValue } from "./errors.ts";

export class JsonView {
  readonly value: unknown;
  /** Path from the root, such as "shards[3].bytes"; "" for the root. */
  readonly path: string;
  private readonly makeError: (reason: string) => Error;

  /** @param makeError wraps a sentence such as `"shards[3].bytes" must be …` into the error to throw */
  constructor(value: unknown, makeError: (reason: string) => Error, path = "") {
    this.value = value;
    this.path = path;
    this.makeError = makeError;
  }

  /** @throws always: the caller's error, saying what this value must be and what it is */
  fail(expected: string): never {
    const subject = this.path === "" ? "the whole" : `"${this.path}"`;
    throw this.makeError(`${subject} must be ${expected}, but it is ${this.value === undefined ? "missing" : describeValue(this.value)}.`);
  }

  get isMissing(): boolean {
    return this.value === undefined || this.value === null;
  }

  /** A field of an object; a missing field is a view of undefined. */
  field(name: string): JsonView {
    const object = this.object();
    const path = this.path === "" ? name : `${this.path}.${name}`;
    return new JsonView(Object.hasOwn(object, name) ? object[name] : undefined, this.makeError, path);
  }

  object(): Record<string, unknown> {
    if (typeof this.value !== "object" || this.value === null || Array.isArray(this.value)) this.fail("an object");
    return this.value as Record<string, unknown>;
  }

  /** The own fields of an object, in their order. */
  entries(): [string, JsonView][] {
    return Object.entries(this.object()).map(([key, value]) => [key, new JsonView(value, this.makeError, `${this.path}["${key}"]`)]);
  }

  items(): JsonView[] {
    if (!Array.isArray(this.value)) this.fail("an array");
    return this.value.map((item: unknown, index) => new JsonView(item, this.makeError, `${this.path}[${index}]`));
  }

  string(expected = "a string", accepts: (text: string) => boolean = () => true): string {
    if (typeof this.value !== "string" || !accepts(this.value)) this.fail(expected);
    return this.value;
  }

  oneOf<const Choice extends string>(choices: readonly Choice[]): Choice {
    const found = choices.find((choice) => choice === this.value);
    return found ?? this.fail(`one of ${choices.map((choice) => `"${choice}"`).join(", ")}`);
  }

  /** A safe integer in [min, max]. */
  integer(min: number, max: number = Number.MAX_SAFE_INTEGER): number {
    if (typeof this.value !== "number" || !Number.isSafeInteger(this.value) || this.value < min || this.value > max) {
      this.fail(`an integer ${max === Number.MAX_SAFE_INTEGER ? `from ${min}` : `from ${min} to ${max}`}`);
    }
    return this.value;
  }

  /** A finite number in [min, max]. */
  number(min = Number.NEGATIVE_INFINITY, max: number = Number.POSITIVE_INFINITY): number {
    if (typeof this.value !== "number" || !Number.isFinite(this.value) || this.value < min || this.value > max) {
      this.fail(min === Number.NEGATIVE_INFINITY && max === Number.POSITIVE_INFINITY ? "a finite number" : `a number from ${min} to ${max}`);
    }
    return this.value;
  }
}
