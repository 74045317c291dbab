/**
 * The model of tests/oracle/goldens-tiny.json as an artefact, in .cache/models/tiny-<dtype>: built if it is not there or the builder has changed.
 *
 *     npx tsx tools/models/build-tiny.ts [fp32|q8|q4] [--again]
 */
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { buildArtefact } from "#builder/build-artefact.ts";
import { createArtefactFolder } from "#cli/artefact-folder.ts";
import type { Manifest } from "#core/manifest.ts";
import { syntheticCheckpoint, TINY_ARCHITECTURE } from "./synthetic.ts";

const ROOT = path.resolve(import.meta.dirname, "../..");
/** Beside the artefact: which builder made it. */
const BUILDER_FILE = "builder.sha256";

/** Builds the tiny model where it is missing or of an older builder, and gives its folder. Several processes may do so at a time. */
export async function buildTiny(dtype: Manifest["dtype"] = "fp32", options: { readonly again?: boolean } = {}): Promise<string> {
  const folder = path.join(ROOT, ".cache/models", `tiny-${dtype}`);
  const builder = await builderDigest();
  if (!options.again && (await isFrom(folder, builder))) return folder;
  const tokenizer = new Uint8Array(await readFile(path.join(ROOT, "models/m3-mini/tokenizer.json")));
  const source = syntheticCheckpoint({ architecture: TINY_ARCHITECTURE, colbertDim: 64, files: { "tokenizer.json": tokenizer } });
  const sink = await createArtefactFolder(folder);
  try {
    await buildArtefact(source, sink, { dtype, settings: { name: `tiny-${dtype}`, license: "MIT", source: "tests/oracle/synthetic_weights.py" } });
    await sink.write(BUILDER_FILE, new TextEncoder().encode(builder));
    if (!options.again && (await isFrom(folder, builder))) await sink.discard();
    else await sink.publish();
  } catch (error) {
    await sink.discard();
    throw error;
  }
  return folder;
}

async function isFrom(folder: string, builder: string): Promise<boolean> {
  return (await readFile(path.join(folder, BUILDER_FILE), "utf8").catch(() => "")) === builder;
}

/** Changes with any source file that decides the bytes. */
async function builderDigest(): Promise<string> {
  const hash = createHash("sha256");
  for (const folder of ["src/builder", "src/core", "src/tokenizer", "tools/models"]) {
    const files = await readdir(path.join(ROOT, folder), { recursive: true });
    for (const file of files.filter((name) => name.endsWith(".ts")).sort()) hash.update(file).update(await readFile(path.join(ROOT, folder, file)));
  }
  return hash.digest("hex");
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const [, , dtype = "fp32"] = process.argv.filter((argument) => !argument.startsWith("--"));
  if (dtype !== "fp32" && dtype !== "q8" && dtype !== "q4") throw new Error(`"${dtype}" is not fp32, q8 or q4.`);
  console.log(await buildTiny(dtype, { again: process.argv.includes("--again") }));
}
