import { readFileSync } from "node:fs";

/** Highest resident memory of a process so far (VmHWM) in MiB; null where there is no /proc. */
export function processPeakMiB(id: number | "self"): number | null {
  try {
    const kiB = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${id}/status`, "utf8"))?.[1];
    return kiB === undefined ? null : Math.round(Number(kiB) / 1024);
  } catch {
    return null;
  }
}
