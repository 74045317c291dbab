/** The child's end of a side that runs in a Node process of its own: calls come by IPC, see ../sides.ts. */
import { processPeakMiB } from "../../harness/process-memory.ts";
import type { BenchSide } from "../protocol.ts";

export interface Call {
  readonly method: keyof BenchSide | "peakMemoryMiB";
  readonly args: readonly unknown[];
}

export type Answer = { readonly value: unknown } | { readonly error: string };

export function serveSide(side: BenchSide): void {
  const methods: Record<Call["method"], (...args: never[]) => Promise<unknown>> = { ...side, peakMemoryMiB: async () => processPeakMiB("self") };
  process.on("message", async ({ method, args }: Call) => {
    const answer: Answer = await methods[method](...(args as never[])).then(
      (value) => ({ value }),
      (error: unknown) => ({ error: String(error) }),
    );
    process.send?.(answer);
  });
}
