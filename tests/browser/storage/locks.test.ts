import { WebLock } from "#storage/locks.ts";
import { describeWriterLock } from "../../contract/writer-lock.ts";

describeWriterLock("Web Locks", () => [new WebLock(), new WebLock()]);
