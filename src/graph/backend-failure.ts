import { BackendError, type ErrorFields, M3Error } from "#core/errors.ts";

/** What an engine threw as a BackendError, unless it is one of our errors already. */
export function backendFailure(doing: string, thrown: unknown, fields: ErrorFields): M3Error {
  if (thrown instanceof M3Error) return thrown;
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  return new BackendError(`${doing} failed: ${reason}`, fields, { cause: thrown });
}
