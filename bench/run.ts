/**
 * `npm run bench -- NAME [--json] [options]` runs bench/NAME.bench.ts (or bench/ROOM/NAME.bench.ts); without a name it lists the benches.
 * Prints machine, date and versions with every run, the bench's tables, and its ratios last. --json prints one object instead.
 */
import { readdirSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import type { BenchModule, BenchOptionSpecs } from "./harness/bench.ts";
import { describeMachine } from "./harness/machine.ts";
import { printReport } from "./harness/print.ts";

const SUFFIX = ".bench.ts";
const folder = import.meta.dirname;

function findBenches(): Map<string, string> {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(SUFFIX));
  return new Map(files.sort().map((file) => [path.basename(file, SUFFIX), path.join(folder, file)]));
}

async function load(file: string): Promise<BenchModule> {
  return await import(pathToFileURL(file).href);
}

async function list(benches: ReadonlyMap<string, string>): Promise<void> {
  console.log("npm run bench -- NAME [--json] [options]\n");
  for (const [name, file] of benches) {
    const bench = await load(file);
    console.log(`${name}: ${bench.summary}`);
    for (const [option, { type, help }] of Object.entries(bench.options ?? {})) console.log(`    --${option}${type === "string" ? " VALUE" : ""}  ${help}`);
  }
}

function parse(args: readonly string[], specs: BenchOptionSpecs) {
  return parseArgs({ args: [...args], options: { ...specs, json: { type: "boolean" } }, strict: true }).values;
}

async function main([name, ...args]: readonly string[]): Promise<void> {
  const benches = findBenches();
  if (name === undefined || name.startsWith("-")) return list(benches);
  const file = benches.get(name);
  if (!file) throw new Error(`There is no bench "${name}". Benches: ${[...benches.keys()].join(", ")}.`);
  const bench = await load(file);
  const options = parse(args, bench.options ?? {});
  const machine = describeMachine();
  const report = await bench.run(options);
  console.log(options.json ? JSON.stringify({ bench: name, machine, ...report }, null, 2) : printReport(name, machine, report));
}

// Not top-level await alone: a bench may leave handles open (browsers, thread pools), and the run must still end.
main(process.argv.slice(2)).then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exit(1);
  },
);
