/** ONNX Runtime's profile (a Chrome trace, which the WASM builds print to the console when profiling ends) as time by operator. */
import { sum } from "../harness/statistics.ts";

interface ProfileEvent {
  readonly cat: string;
  readonly name: string;
  /** Microseconds. */
  readonly ts: number;
  readonly dur: number;
  readonly args: { readonly op_name?: string };
}

export interface OperatorTime {
  readonly operator: string;
  /** Nodes of that kind in one run. */
  readonly nodes: number;
  /** Of one run on average. */
  readonly ms: number;
}

export interface Profile {
  readonly operators: readonly OperatorTime[];
  readonly runs: number;
  /** Wall time of one run on average; what the operators do not add up to is between them. */
  readonly runMs: number;
}

/** @param skipRuns runs to leave out at the start, for warming up */
export function summariseProfile(printed: string, skipRuns: number): Profile {
  const events = parseEvents(printed);
  const runs = events.filter(({ name }) => name === "model_run").slice(skipRuns);
  const since = runs[0]?.ts ?? Number.POSITIVE_INFINITY;
  const byOperator = new Map<string, { count: number; us: number }>();
  for (const { cat, name, ts, dur, args } of events) {
    if (cat !== "Node" || !name.endsWith("_kernel_time") || ts < since) continue;
    const operator = args.op_name ?? "unknown";
    const { count, us } = byOperator.get(operator) ?? { count: 0, us: 0 };
    byOperator.set(operator, { count: count + 1, us: us + dur });
  }
  const operators = [...byOperator].map(([operator, { count, us }]) => ({ operator, nodes: count / runs.length, ms: us / 1000 / runs.length }));
  return {
    operators: operators.sort((a, b) => b.ms - a.ms),
    runs: runs.length,
    runMs: sum(runs.map(({ dur }) => dur)) / 1000 / runs.length,
  };
}

/** One event a line, between brackets; other lines of the console are left out. */
function parseEvents(printed: string): ProfileEvent[] {
  return printed
    .split("\n")
    .map((line) => line.trim().replace(/,$/, ""))
    .filter((line) => line.startsWith('{"cat"'))
    .map((line) => JSON.parse(line) as ProfileEvent);
}
