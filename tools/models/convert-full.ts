/**
 * Converts a checkpoint to every dtype, each in a process of its own, and prints time, size and the most memory that it took.
 *
 *     npx tsx tools/models/convert-full.ts CHECKPOINT [--dtype q8] [--keep DIR] [--self-test]
 *
 * CHECKPOINT is a folder of tests/oracle/make_checkpoint.py. Fails when a conversion takes 1 GiB or more.
 */
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";

const MAX_BYTES = 2 ** 30;
const DTYPES = ["fp32", "fp16", "q8", "q4"];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { dtype: { type: "string" }, keep: { type: "string" }, "self-test": { type: "boolean" } },
});
const [checkpoint] = positionals;
if (!checkpoint) throw new Error("Give the folder of a checkpoint.");
const folder = values.keep ?? (await mkdtemp(path.join(tmpdir(), "convert-full-")));
console.log("dtype | seconds | MB | most memory, MiB");
for (const dtype of values.dtype ? [values.dtype] : DTYPES) {
  const out = path.join(folder, dtype);
  const { seconds, maxBytes, artefactBytes } = await convert(checkpoint, out, dtype);
  console.log([dtype, seconds.toFixed(0), (artefactBytes / 1e6).toFixed(0), (maxBytes / 2 ** 20).toFixed(0)].join(" | "));
  if (maxBytes >= MAX_BYTES) process.exitCode = 1;
  if (!values.keep) await rm(out, { recursive: true });
}
if (!values.keep) await rm(folder, { recursive: true });

/** Runs build-model, and has the process tell its own peak at its end. */
async function convert(from: string, out: string, dtype: string) {
  const tell = `process.on("exit",()=>process.stderr.write("\\nmaxRSS "+process.resourceUsage().maxRSS+"\\n"))`;
  const main = path.resolve(import.meta.dirname, "../../src/cli/main.ts");
  const flags = values["self-test"] ? [] : ["--no-self-test"];
  const args = ["--import", `data:text/javascript,${encodeURIComponent(tell)}`, "--import", "tsx", main, "build-model", from, "--out", out, "--dtype", dtype];
  const start = performance.now();
  const child = spawn(process.execPath, [...args, "--json", ...flags], { stdio: ["ignore", "pipe", "pipe"] });
  const written = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) child[name].on("data", (chunk: Buffer) => (written[name] += chunk));
  const code = await new Promise((resolve) => child.on("close", resolve));
  if (code !== 0) throw new Error(written.stderr);
  const maxKib = Number(/maxRSS (\d+)/.exec(written.stderr)![1]);
  const report: { bytes: number } = JSON.parse(written.stdout);
  return { seconds: (performance.now() - start) / 1000, maxBytes: maxKib * 1024, artefactBytes: report.bytes };
}
