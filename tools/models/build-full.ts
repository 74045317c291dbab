/**
 * A model of BGE-M3's size whose weights are the formula's, as an artefact in .cache/models/full-<dtype>, built where it is missing: 600 MB as q8.
 *
 *     npx tsx tools/models/build-full.ts [fp32|fp16|q8|q4]
 */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { buildArtefact } from "#builder/build-artefact.ts";
import { createArtefactFolder } from "#cli/artefact-folder.ts";
import type { Manifest } from "#core/manifest.ts";
import { syntheticCheckpoint, TINY_ARCHITECTURE } from "./synthetic.ts";

const ROOT = path.resolve(import.meta.dirname, "../..");

/** The model of tests/oracle/goldens-full.json.gz. */
const FULL_ARCHITECTURE = { ...TINY_ARCHITECTURE, hiddenSize: 1024, numHiddenLayers: 24, numAttentionHeads: 16, intermediateSize: 4096 };

export async function buildFull(dtype: Manifest["dtype"]): Promise<string> {
  const folder = path.join(ROOT, ".cache/models", `full-${dtype}`);
  if (existsSync(path.join(folder, "manifest.json"))) return folder;
  const tokenizer = new Uint8Array(await readFile(path.join(ROOT, "models/m3-mini/tokenizer.json")));
  const source = syntheticCheckpoint({ architecture: FULL_ARCHITECTURE, colbertDim: 1024, files: { "tokenizer.json": tokenizer } });
  const sink = await createArtefactFolder(folder);
  try {
    await buildArtefact(source, sink, { dtype, settings: { name: `full-${dtype}`, license: "MIT", source: "tests/oracle/synthetic_weights.py" } });
    await sink.publish();
  } catch (error) {
    await sink.discard();
    throw error;
  }
  return folder;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) console.log(await buildFull((process.argv[2] ?? "q8") as Manifest["dtype"]));
