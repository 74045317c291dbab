/**
 * Writes tests/fixtures/artefact-v1: a tiny model in every dtype of format version 1, and what it answers. Made once per format version and never again: the test
 * that opens it must pass for ever.
 *
 *     npx tsx tools/models/make-format-fixture.ts
 */
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { buildArtefact } from "#builder/build-artefact.ts";
import { createArtefactFolder } from "#cli/artefact-folder.ts";
import type { Architecture } from "#core/manifest.ts";
import { syntheticCheckpoint } from "./synthetic.ts";

const ROOT = path.resolve(import.meta.dirname, "../..");
const FIXTURE = path.join(ROOT, "tests/fixtures/artefact-v1");
const PIECES = 1100;
const MASK = "<mask>";

const ARCHITECTURE: Architecture = {
  family: "xlm-roberta",
  hiddenSize: 64,
  numHiddenLayers: 1,
  numAttentionHeads: 2,
  intermediateSize: 64,
  layerNormEps: 1e-5,
  vocabSize: PIECES,
  maxPositionEmbeddings: 34,
  positionOffset: 2,
  typeVocabSize: 1,
};

const tokenizer = JSON.parse(await readFile(path.join(ROOT, "models/m3-mini/tokenizer.json"), "utf8"));
tokenizer.model.vocab = [...tokenizer.model.vocab.slice(0, PIECES - 1), [MASK, 0]];
for (const token of tokenizer.added_tokens) if (token.content === MASK) token.id = PIECES - 1;
const files = { "tokenizer.json": new TextEncoder().encode(JSON.stringify(tokenizer)) };

for (const dtype of ["fp32", "fp16", "q8", "q4"] as const) {
  const sink = await createArtefactFolder(path.join(FIXTURE, dtype));
  await buildArtefact(syntheticCheckpoint({ architecture: ARCHITECTURE, colbertDim: 32, files }), sink, {
    dtype,
    settings: { name: `format-1-${dtype}`, license: "MIT", source: "tools/models/synthetic.ts" },
  });
  await sink.publish();
}
await writeFile(path.join(FIXTURE, "README.md"), "Written once by tools/models/make-format-fixture.ts, for format version 1. Never to be changed.\n");
