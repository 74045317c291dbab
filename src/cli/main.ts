/** The entry of `npx bge-m3-web`: puts the command line into this process. */
import { runCommandLine } from "./command-line/run.ts";
import { openNodeSession } from "./node-session.ts";

const controller = new AbortController();
process.once("SIGINT", () => {
  controller.abort(new Error("interrupted"));
  // Whoever presses again does not want to wait.
  process.once("SIGINT", () => process.exit(130));
});
// A reader that goes away shows in the next write; without a listener its error would end the process with a stack.
process.stdout.on("error", () => {});

process.exitCode = await runCommandLine(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  signal: controller.signal,
  debug: Boolean(process.env.DEBUG),
  openSession: openNodeSession,
});
