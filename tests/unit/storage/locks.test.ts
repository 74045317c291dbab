import { MemoryLock } from "#storage/locks.ts";
import { describeWriterLock } from "../../contract/writer-lock.ts";

describeWriterLock("memory", () => {
  const lock = new MemoryLock();
  return [lock, lock];
});
