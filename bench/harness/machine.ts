/** The machine that a bench ran on, and how busy it was: without it a figure means nothing. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import os from "node:os";

export interface Machine {
  readonly date: string;
  readonly commit: string;
  readonly processor: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly system: string;
  readonly node: string;
  /** Runnable processes on average over the last minute, before the bench began. Above about 0.5 the figures are noisy. */
  readonly loadBefore: number;
}

export function describeMachine(): Machine {
  const processors = os.cpus();
  return {
    date: new Date().toISOString(),
    commit: commit(),
    processor: processors[0]?.model.trim() ?? "unknown",
    cores: processors.length,
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    system: `${os.type()} ${os.release()} ${os.arch()}`,
    node: process.version,
    loadBefore: os.loadavg()[0] ?? 0,
  };
}

/** Version of an installed package, read from its package.json (`within` for one that is nested in another). */
export function packageVersion(name: string, within?: string): string {
  const folder = within ? `node_modules/${within}/node_modules/${name}` : `node_modules/${name}`;
  return JSON.parse(readFileSync(`${folder}/package.json`, "utf8")).version;
}

function commit(): string {
  try {
    const hash = execFileSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8" }).trim();
    const dirty = execFileSync("git", ["status", "--porcelain", "--untracked-files=no"], { encoding: "utf8" }).trim();
    return dirty ? `${hash} with changes` : hash;
  } catch {
    return "unknown";
  }
}
