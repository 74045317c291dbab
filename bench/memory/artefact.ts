/**
 * A model of 300 MB whose weights are a formula, in .cache/models: BGE-M3's layers in 8 bits, with a vocabulary of 4,096 pieces, so that nearly all of it is
 * what a load brings into memory. Built once.
 */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { buildArtefact } from "../../src/builder/build-artefact.ts";
import { createArtefactFolder } from "../../src/cli/artefact-folder.ts";
import type { Manifest } from "../../src/core/manifest.ts";
import { syntheticCheckpoint } from "../../tools/models/synthetic.ts";
import { note } from "../harness/bench.ts";

/** Served as the folder of models. */
export const MODELS = ".cache/models";
export const NAME = "memory-300";

const PIECES = 4096;
const MASK = "<mask>";

const ARCHITECTURE: Manifest["architecture"] = {
  family: "xlm-roberta",
  hiddenSize: 1024,
  numHiddenLayers: 23,
  numAttentionHeads: 16,
  intermediateSize: 4096,
  layerNormEps: 1e-5,
  vocabSize: PIECES,
  maxPositionEmbeddings: 514,
  positionOffset: 2,
  typeVocabSize: 1,
};

/** @returns bytes of all its files */
export async function ensureArtefact(): Promise<number> {
  const folder = path.join(MODELS, NAME);
  if (!existsSync(path.join(folder, "manifest.json"))) {
    note("Building the 300 MB model (once).");
    const source = syntheticCheckpoint({ architecture: ARCHITECTURE, colbertDim: 128, files: { "tokenizer.json": smallTokenizer() } });
    const sink = await createArtefactFolder(folder);
    try {
      await buildArtefact(source, sink, { dtype: "q8", settings: { name: NAME, license: "MIT", source: "tools/models/synthetic.ts" } });
      await sink.publish();
    } catch (error) {
      await sink.discard();
      throw error;
    }
  }
  const manifest: Manifest = JSON.parse(readFileSync(path.join(folder, "manifest.json"), "utf8"));
  return manifest.shards.reduce((sum, { bytes }) => sum + bytes, manifest.tokenizer.bytes);
}

/** The most frequent pieces of XLM-RoBERTa's tokenizer, and its mask as the last. */
function smallTokenizer(): Uint8Array<ArrayBuffer> {
  const tokenizer = JSON.parse(readFileSync("models/m3-mini/tokenizer.json", "utf8"));
  tokenizer.model.vocab = [...tokenizer.model.vocab.slice(0, PIECES - 1), [MASK, 0]];
  for (const token of tokenizer.added_tokens) if (token.content === MASK) token.id = PIECES - 1;
  return new TextEncoder().encode(JSON.stringify(tokenizer));
}
