/** Starts the sides of the encode bench, each in a process of its own, so that memory peaks are its own and a crash harms nobody. */
import { fork } from "node:child_process";
import path from "node:path";
import { openPage } from "../harness/browser.ts";
import type { Answer, Call } from "./native/serve-side.ts";
import type { BenchSide } from "./protocol.ts";

/** A running side, seen from the bench. */
export interface RunningSide extends BenchSide {
  /** Highest resident memory of the process that computes, in MiB; null where the system does not tell. */
  peakMemoryMiB(): Promise<number | null>;
  close(): Promise<void>;
}

/** A page that sets `globalThis.bench` to a {@link BenchSide}. */
export async function openBrowserSide(address: string): Promise<RunningSide & { readonly chromium: string }> {
  const { page, version, peakMemoryMiB, close } = await openPage(address);
  await page.waitForFunction("globalThis.bench !== undefined");
  const call =
    (method: keyof BenchSide) =>
    (...args: unknown[]) =>
      page.evaluate(([name, values]) => (globalThis as unknown as { bench: Record<string, (...given: unknown[]) => Promise<never>> }).bench[name]!(...values), [
        method,
        args,
      ] as const);
  return { chromium: version, load: call("load"), encode: call("encode"), countTokens: call("countTokens"), peakMemoryMiB, close };
}

/** A module that hands a {@link BenchSide} to `serveSide`, in a Node process with tsx. Calls must not overlap. */
export async function openNodeSide(module: string): Promise<RunningSide> {
  const child = fork(path.resolve(module), { execArgv: ["--import", "tsx"], stdio: ["ignore", "ignore", "inherit", "ipc"] });
  const call =
    (method: Call["method"]) =>
    (...args: unknown[]) =>
      new Promise<never>((resolve, reject) => {
        const onExit = (code: number | null) => reject(new Error(`${module} ended with ${code} during ${method}.`));
        child.once("exit", onExit);
        child.once("message", (answer: Answer) => {
          child.off("exit", onExit);
          if ("error" in answer) reject(new Error(answer.error));
          else resolve(answer.value as never);
        });
        child.send({ method, args } satisfies Call);
      });
  return {
    load: call("load"),
    encode: call("encode"),
    countTokens: call("countTokens"),
    peakMemoryMiB: call("peakMemoryMiB"),
    async close() {
      child.kill();
    },
  };
}
