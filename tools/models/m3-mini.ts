/** Builds m3-mini from models/m3-mini: the one recipe of `npm run build:m3-mini`, its check, and the test that compares both. */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { type BuildResult, buildArtefact, type SelfTest } from "#builder/build-artefact.ts";
import type { ArtefactSink } from "#builder/ports.ts";
import { openCheckpointFolder } from "#cli/checkpoint-folder.ts";
import type { KnownAnswer } from "#core/manifest.ts";

const ROOT = path.resolve(import.meta.dirname, "../..");

export const M3_MINI_CHECKPOINT = path.join(ROOT, "models/m3-mini");
export const M3_MINI_ARTEFACT = path.join(ROOT, "public/models/m3-mini");

/** A short text and one of some 40 tokens: graphs take other paths below 32 tokens. */
const ANSWERS = [
  { kind: "query", text: "What is BGE M3?" },
  { kind: "passage", text: "BM25 is a bag-of-words retrieval function that ranks a set of documents based on the query terms appearing in each document" },
];

/** What 8-bit activations leave of the dense vector is 0.998 and more; what a broken kernel leaves is far below. */
const MIN_COSINE = 0.99;

export async function buildM3Mini(sink: ArtefactSink): Promise<BuildResult> {
  const source = await openCheckpointFolder(M3_MINI_CHECKPOINT);
  return buildArtefact(source, sink, { dtype: "q4", selfTest: await goldenAnswers() });
}

/** From PyTorch's float32 vectors. */
async function goldenAnswers(): Promise<SelfTest> {
  const goldens: { texts: KnownAnswer[] } = JSON.parse(await readFile(path.join(ROOT, "tests/oracle/goldens-mini.json"), "utf8"));
  const answers = ANSWERS.map(({ kind, text }) => {
    const golden = goldens.texts.find((entry) => entry.kind === kind && entry.text === text);
    if (!golden) throw new Error(`tests/oracle/goldens-mini.json has no ${kind} "${text}".`);
    return { text, kind: golden.kind, ids: golden.ids, dense: golden.dense };
  });
  return { minCosine: MIN_COSINE, answers };
}
