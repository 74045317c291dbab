/** JSON Lines as checked records: what is wrong is told with file and line. */
import { InvalidInputError } from "#core/errors.ts";
import type { LineSource } from "./dataset.ts";

/** Fields of one line, with the words for an error. */
export class JsonRecord {
  readonly #fields: Readonly<Record<string, unknown>>;
  /** "corpus.jsonl, line 3" */
  readonly place: string;

  constructor(fields: Readonly<Record<string, unknown>>, place: string) {
    this.#fields = fields;
    this.place = place;
  }

  has(name: string): boolean {
    return Object.hasOwn(this.#fields, name);
  }

  value(name: string): unknown {
    return this.has(name) ? this.#fields[name] : undefined;
  }

  /** @throws InvalidInputError when it is not a string */
  text(name: string): string {
    const value = this.value(name);
    if (typeof value !== "string") throw this.error(name, "a string", value);
    return value;
  }

  /** An id: a string that is not empty, or a whole number, which some sets have. @throws InvalidInputError */
  id(name: string): string {
    const value = this.value(name);
    if ((typeof value === "string" && value !== "") || Number.isInteger(value)) return String(value);
    throw this.error(name, "a string that is not empty, or a whole number", value);
  }

  /** Objects of a list. @throws InvalidInputError */
  records(name: string): JsonRecord[] {
    const value = this.value(name);
    if (!Array.isArray(value)) throw this.error(name, "a list", value);
    return value.map((entry, index) => {
      if (!isObject(entry)) throw this.error(`${name}[${index}]`, "an object", entry);
      return new JsonRecord(entry, `${name}[${index}] of ${this.place}`);
    });
  }

  error(name: string, expected: string, received: unknown): InvalidInputError {
    return new InvalidInputError(`"${name}" in ${this.place},`, expected, received);
  }
}

/** Empty lines are passed over. @throws InvalidInputError for a line that is not a JSON object */
export async function* jsonRecords({ name, lines }: LineSource): AsyncGenerator<JsonRecord> {
  let number = 0;
  for await (const line of lines) {
    number++;
    if (line.trim() === "") continue;
    const place = `${name}, line ${number}`;
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      throw new InvalidInputError(place, "a JSON object", line);
    }
    if (!isObject(value)) throw new InvalidInputError(place, "a JSON object", value);
    yield new JsonRecord(value, place);
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Puts a text under an id that must be new. @throws InvalidInputError */
export function putNew<T>(map: Map<string, T>, id: string, value: T, place: string): void {
  if (map.has(id)) throw new InvalidInputError(`The id in ${place},`, "one that no earlier line has", id);
  map.set(id, value);
}
