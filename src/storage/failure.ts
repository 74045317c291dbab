/** What a browser's storage throws, as this package's errors. */
import { M3Error, MissingBlobError, StorageError, StorageFullError } from "#core/errors.ts";

/** @param action continues "The opfs store could not …" */
export function storageFailure(kind: string, action: string, cause: unknown): M3Error {
  if (cause instanceof M3Error) return cause;
  if (nameOf(cause) === "QuotaExceededError") return new StorageFullError(kind, { cause });
  return new StorageError(kind, action, { cause });
}

/** For reads: a file that went away, or changed under a reader, is a missing blob. */
export function readFailure(kind: string, blob: string, cause: unknown): M3Error {
  const gone = nameOf(cause) === "NotFoundError" || nameOf(cause) === "NotReadableError";
  return gone ? new MissingBlobError(blob, kind, { cause }) : storageFailure(kind, `read "${blob}"`, cause);
}

function nameOf(cause: unknown): string | undefined {
  return cause instanceof Error ? cause.name : undefined;
}
