/**
 * Errors as plain data, so that class, code, fields and cause survive structured clone (Comlink's own handler keeps only name, message and stack).
 */
import * as errors from "./errors.ts";
import { M3Error } from "./errors.ts";

/** An error as structured-cloneable data. */
export interface WireError {
  readonly name: string;
  readonly message: string;
  readonly stack?: string | undefined;
  readonly code?: string | undefined;
  readonly fields?: errors.ErrorFields | undefined;
  readonly cause?: WireError | undefined;
}

const MAX_CAUSES = 8;

/** By the names of the exports, which are those of the instances: a class's own name may have been shortened by a minifier. */
const classesByName = new Map<string, { prototype: object }>(
  Object.entries(errors).filter((entry): entry is [string, typeof M3Error] => {
    const value: unknown = entry[1];
    return typeof value === "function" && (value === M3Error || value.prototype instanceof M3Error);
  }),
);

/** Any thrown value to data. What is not an Error becomes one with its text as message. */
export function errorToWire(thrown: unknown, depth = 0): WireError {
  if (!(thrown instanceof Error) && !isErrorLike(thrown)) return { name: "Error", message: String(thrown) };
  const wire = {
    name: thrown.name,
    message: thrown.message,
    stack: thrown.stack,
    cause: thrown.cause === undefined || depth >= MAX_CAUSES ? undefined : errorToWire(thrown.cause, depth + 1),
  };
  return thrown instanceof M3Error ? { ...wire, code: thrown.code, fields: thrown.fields } : wire;
}

/** Data back to an Error: an {@link M3Error} of the same class where there was one, a DOMException for an abort, otherwise an Error of that name. */
export function errorFromWire(wire: WireError): Error {
  const cause = wire.cause && errorFromWire(wire.cause);
  if (wire.code === undefined && (wire.name === "AbortError" || wire.name === "TimeoutError")) return new DOMException(wire.message, wire.name);
  const error = wire.code === undefined ? new Error(wire.message, { cause }) : new M3Error(wire.code, wire.message, wire.fields, { cause });
  const prototype = wire.code === undefined ? undefined : classesByName.get(wire.name)?.prototype;
  if (prototype) Object.setPrototypeOf(error, prototype);
  Object.defineProperty(error, "name", { value: wire.name, configurable: true });
  if (wire.stack) error.stack = wire.stack;
  return error;
}

function isErrorLike(value: unknown): value is Error {
  return typeof value === "object" && value !== null && "name" in value && "message" in value;
}
