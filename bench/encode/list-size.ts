/** The largest list that a side survives in one call: the whole, then half as many, and so on. Each try has a process of its own, for a failed one is spoilt. */
import { note } from "../harness/bench.ts";
import type { RunningSide } from "./sides.ts";

export interface LargestList {
  readonly side: RunningSide;
  readonly size: number;
  readonly ms: number;
  readonly loadMs: number;
  /** The sizes that failed, with what was thrown. */
  readonly failures: readonly { readonly size: number; readonly error: string }[];
}

/** @throws the last error when not even a list of one survives. The side of the result is open; the caller closes it. */
export async function findLargestList(
  open: () => Promise<RunningSide>,
  texts: readonly string[],
  warmUp: (side: RunningSide) => Promise<void>,
): Promise<LargestList> {
  const failures: { size: number; error: string }[] = [];
  for (let size = texts.length; ; size = Math.ceil(size / 2)) {
    const side = await open();
    const { loadMs } = await side.load();
    await warmUp(side);
    try {
      const { callMs } = await side.encode(texts.slice(0, size), size);
      return { side, size, ms: callMs[0]!, loadMs, failures };
    } catch (error) {
      await side.close();
      failures.push({ size, error: shortReason(error) });
      note(`A list of ${size} fails: ${shortReason(error)}`);
      if (size === 1) throw error;
    }
  }
}

/** The runtime's own words, without the path of the machine that built it. */
function shortReason(error: unknown): string {
  const message = String(error instanceof Error ? error.message : error).split("\n")[0] ?? "";
  if (message.includes("bad_alloc")) return "std::bad_alloc";
  if (message.includes("Integer overflow")) return "integer overflow in a buffer size";
  return message.slice(0, 160);
}
