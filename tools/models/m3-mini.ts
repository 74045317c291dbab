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

/** What 8-bit activations leave of the dense vector is 0.998 and more; what a broken kernel leaves is far below. */
const MIN_COSINE = 0.99;

export async function buildM3Mini(sink: ArtefactSink): Promise<BuildResult> {
  const source = await openCheckpointFolder(M3_MINI_CHECKPOINT);
  return buildArtefact(source, sink, { dtype: "q4", selfTest: await knownAnswers() });
}

/** From PyTorch's float32 vectors: a short text, and one of some 40 tokens, as graphs take other paths below 32 (tests/oracle/make_self_test.py). */
async function knownAnswers(): Promise<SelfTest> {
  const answers: readonly KnownAnswer[] = JSON.parse(await readFile(path.join(ROOT, "tests/oracle/self-test-mini.json"), "utf8"));
  return { minCosine: MIN_COSINE, answers };
}
