import { expect, it } from "vitest";
import { DisposedError } from "#core/errors.ts";
import { readFailure, storageFailure } from "#storage/failure.ts";

it("tells a full store from other failures, and keeps the cause", () => {
  const full = new DOMException("The quota has been exceeded.", "QuotaExceededError");
  expect(storageFailure("opfs", 'write "a"', full)).toMatchObject({ code: "storage-full", cause: full, fields: { store: "opfs" } });
  const denied = new DOMException("Denied.", "SecurityError");
  expect(storageFailure("opfs", "be opened", denied)).toMatchObject({
    code: "storage-failed",
    message: "The opfs store could not be opened: SecurityError: Denied. Allow this site to store data, leave private browsing, or use storage in memory.",
  });
});

it("tells a file that went away from one that cannot be read", () => {
  for (const name of ["NotFoundError", "NotReadableError"]) expect(readFailure("opfs", "a", new DOMException("x", name)).code).toBe("missing-blob");
  expect(readFailure("opfs", "a", new DOMException("x", "UnknownError")).code).toBe("storage-failed");
});

it("lets errors of this package through as they are", () => {
  const error = new DisposedError("blob writer");
  expect(storageFailure("opfs", "x", error)).toBe(error);
});
