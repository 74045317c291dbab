/**
 * Is this backend to be trusted, and how fast is it? Texts whose vectors the manifest knows are run on a session; a device that computes wrong numbers without
 * saying so (it happens: wrong kernels, half-precision overflow, lost devices) is found out before a user gets them.
 */
import { throwIfAborted } from "#core/abort.ts";
import type { KnownAnswer, Manifest } from "#core/manifest.ts";
import type { EncoderSession, OutputSelection } from "#core/session.ts";
import { denseVector } from "#heads/dense.ts";
import { checkOutputs } from "./check-outputs.ts";
import type { EmbeddingTable } from "./embedding-table.ts";

export interface SelfTestResult {
  readonly passed: boolean;
  /** Lowest cosine of a dense vector with the known one; null when the model has no known answers, or the engine failed before. */
  readonly worstCosine: number | null;
  /** For people: "cosine 0.9993 or better on 2 texts", or what went wrong. */
  readonly detail: string;
  /** Of a short trial after a warm-up; null when the test was not passed, or the trial was not asked for. */
  readonly tokensPerSecond: number | null;
}

export interface SelfTestOptions {
  readonly signal?: AbortSignal | undefined;
  /** Also run the trial, which takes longer than the test itself. Default true. */
  readonly measure?: boolean | undefined;
}

/** Ids that are run when a model has no known answers: whatever they mean, the numbers must be finite. */
const ANY_IDS: readonly number[] = [0, ...Array.from({ length: 30 }, (_, index) => 5 + index), 2];
/** Tokens of a trial's batch: enough to be about the arithmetic, little enough to be over soon. */
const TRIAL_TOKENS = 256;
const TRIAL_RUNS = 2;
/** Browsers keep their clocks coarse: a run may seem to take no time at all. */
const CLOCK_STEP_MS = 0.1;

/**
 * Never rejects because of the engine: that is a failed test, with the reason in `detail`.
 *
 * @throws the signal's reason, or what reading a page of word embeddings throws
 */
export async function runSelfTest(
  session: EncoderSession,
  embeddings: Pick<EmbeddingTable, "gather">,
  manifest: Manifest,
  { signal, measure: isMeasured = true }: SelfTestOptions = {},
): Promise<SelfTestResult> {
  const answers = manifest.selfTest?.answers ?? [];
  const minCosine = manifest.selfTest?.minCosine ?? 0;
  const texts = answers.length > 0 ? answers.map(({ ids }) => Int32Array.from(ids)) : [anyIds(manifest)];
  const single = await Promise.all(texts.map((ids) => embeddings.gather([ids], { signal })));
  const trialTexts = repeated(texts, session);
  const trialRows = await embeddings.gather(trialTexts, { signal });

  let worstCosine: number | null = null;
  const failed = (detail: string): SelfTestResult => ({ passed: false, worstCosine, detail, tokensPerSecond: null });
  try {
    for (const [index, ids] of texts.entries()) {
      const vector = await runBatch(session, manifest, single[index]!, [ids], signal);
      const answer = answers[index];
      if (answer) worstCosine = Math.min(worstCosine ?? 1, cosine(vector, answer));
    }
    if (worstCosine !== null && !(worstCosine >= minCosine)) return failed(`cosine ${worstCosine.toFixed(4)} instead of at least ${minCosine}`);
    const trial = () => runBatch(session, manifest, trialRows, trialTexts, signal);
    const tokensPerSecond = isMeasured ? await measure(trial, trialTexts) : null;
    const detail = worstCosine === null ? "finite numbers (the model has no known answers)" : `cosine ${worstCosine.toFixed(4)} or better`;
    return { passed: true, worstCosine, detail, tokensPerSecond };
  } catch (error) {
    throwIfAborted(signal);
    return failed(error instanceof Error ? error.message : String(error));
  }
}

/** As many as the model reads, of those that it has. */
function anyIds({ architecture, maxTokens }: Manifest): Int32Array {
  return Int32Array.from(ANY_IDS.filter((id) => id < architecture.vocabSize).slice(0, maxTokens));
}

/** The longest text as often as the trial's batch holds it. */
function repeated(texts: readonly Int32Array[], { info }: EncoderSession): Int32Array[] {
  const longest = texts.reduce((best, ids) => (ids.length > best.length ? ids : best));
  const copies = Math.min(info.batch.maxTexts, Math.floor(Math.min(info.batch.tokenBudget, TRIAL_TOKENS) / longest.length));
  return new Array<Int32Array>(Math.max(1, copies)).fill(longest);
}

/** Tokens per second of the fastest of a few runs; the first one warms up and does not count. */
async function measure(run: () => Promise<unknown>, texts: readonly Int32Array[]): Promise<number> {
  await run();
  let fastestMs = Number.POSITIVE_INFINITY;
  for (let trial = 0; trial < TRIAL_RUNS; trial++) {
    const start = performance.now();
    await run();
    fastestMs = Math.min(fastestMs, performance.now() - start);
  }
  const tokens = texts.reduce((sum, ids) => sum + ids.length, 0);
  return tokens / (Math.max(fastestMs, CLOCK_STEP_MS) / 1000);
}

/** Runs texts through all heads that the model has. @returns the dense vector of the first @throws BackendError; NonFiniteOutputError */
async function runBatch(
  session: EncoderSession,
  manifest: Manifest,
  rows: Float32Array,
  texts: readonly Int32Array[],
  signal: AbortSignal | undefined,
): Promise<Float32Array> {
  throwIfAborted(signal);
  const { heads, architecture } = manifest;
  const outputs: OutputSelection = { dense: true, lexical: heads.lexical !== null, colbert: heads.colbert !== null };
  const lengths = texts.map((ids) => ids.length);
  const tokens = lengths.reduce((sum, length) => sum + length, 0);
  const result = await session.run({ rows, lengths, outputs }, { signal });
  checkOutputs(result, { manifest, outputs, texts: texts.length, tokens, backend: session.info.backend });
  return denseVector(result.pooled!, 0, architecture.hiddenSize);
}

function cosine(vector: Float32Array, { dense }: KnownAnswer): number {
  let product = 0;
  let squares = 0;
  for (const [index, value] of dense.entries()) {
    product += value * (vector[index] ?? 0);
    squares += value ** 2;
  }
  return product / Math.sqrt(squares);
}
