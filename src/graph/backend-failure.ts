import { BackendError, type ErrorFields, M3Error } from "#core/errors.ts";

/** What an engine threw as a BackendError, unless it is one of our errors already. A trap leaves a WebAssembly module in a state that nobody knows: `spoiled`. */
export function backendFailure(doing: string, thrown: unknown, fields: ErrorFields): M3Error {
  if (thrown instanceof M3Error) return thrown;
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  const told = /[.!?]$/.test(reason) ? reason : `${reason}.`;
  const spoiled = thrown instanceof WebAssembly.RuntimeError ? { spoiled: true } : {};
  return new BackendError(`${doing} failed: ${told}`, { ...fields, ...spoiled }, { cause: thrown });
}
