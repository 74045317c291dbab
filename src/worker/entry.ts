/** The worker's script: `new Worker(…, { type: "module" })` runs it. It exports nothing. */
import * as Comlink from "comlink";
import { carryErrors } from "#core/comlink-errors.ts";
import { WorkerService } from "./service.ts";

// A bundler may put the runtime's glue into this file. Its pthreads then start with this file too, under this name, and must hear no call.
const isRuntimeThread = self.name.startsWith("em-pthread");

if (!isRuntimeThread) {
  carryErrors(Comlink.transferHandlers);
  Comlink.expose(new WorkerService());
}
