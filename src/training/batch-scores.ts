/**
 * Scores of every query with every passage of a batch, by each head: reads hidden states, runs the heads in sub-batches, and knows the way back from the
 * gradients of the scores to those of the heads' layers.
 */
import { backwardMaxSim, backwardNormalize, maxSimScores, normalizeRows, type UnitRows } from "./colbert.ts";
import type { TrainableHead } from "./head.ts";
import { HeadRun, planSubBatches, type SubBatch, type TextInputs } from "./head-run.ts";
import { backwardLexical, heaviestRows, lexicalScores, sharedTokens } from "./lexical.ts";
import { type Floats, multiplyByTransposed, zerosLike } from "./matrix.ts";
import type { StatesSource, TextTokens } from "./text-states.ts";

/** The heads to train; null for one that is not. */
export interface TrainableHeads {
  readonly lexical: TrainableHead | null;
  readonly colbert: TrainableHead | null;
}

/** Texts by their number in the source. */
export interface BatchTexts {
  readonly queries: readonly number[];
  readonly passages: readonly number[];
}

export interface ScoringOptions {
  /** Ids that carry no lexical weight: `<s>`, `</s>`, `<pad>`, `<unk>`. */
  readonly specialIds: ReadonlySet<number>;
  /** Most tokens of a sub-batch. */
  readonly subBatchTokens: number;
}

export interface ScoredBatch {
  /** [queries, passages] each; null for a head that is not there. Not yet over the temperature. */
  readonly dense: Floats;
  readonly lexical: Floats | null;
  readonly colbert: Floats | null;
  /** Adds to the gradients of the heads' layers. @param gradients by the scores */
  backward(gradients: { readonly lexical: Floats | null; readonly colbert: Floats | null }): Promise<void>;
}

/** @param keeps whether `backward` will be called @throws what reading hidden states throws */
export async function scoreBatch(
  source: StatesSource,
  batch: BatchTexts,
  heads: TrainableHeads,
  options: ScoringOptions,
  keeps: boolean,
): Promise<ScoredBatch> {
  const texts = [...batch.queries, ...batch.passages];
  const tokens = texts.map((text) => source.tokens(text));
  const lengths = tokens.map(({ ids }) => ids.length);
  const plan = planSubBatches(lengths, options.subBatchTokens);
  const runs = startRuns(tokens, batch, heads, source.hiddenSize, options);
  const readsFirst = [heads.lexical, heads.colbert].some((head) => head !== null && head[0]!.spec.inputs > source.hiddenSize);
  const readText = async (text: number): Promise<TextInputs> => {
    const [last, first] = await Promise.all([source.read(text), readsFirst ? source.first(text) : null]);
    return { last, first };
  };
  const readStates = ({ first, end }: SubBatch) => Promise.all(texts.slice(first, end).map(readText));

  // What needs no second sub-batch need not be read twice.
  const keepsPass = keeps && plan.length === 1;
  for (const sub of plan) {
    const states = await readStates(sub);
    for (const run of [runs.lexical, runs.colbert]) run?.forward(sub, states, keepsPass);
  }
  const lexical = runs.lexical && scoreLexical(runs.lexical, tokens, batch, runs.lexicalTokens);
  const colbert = runs.colbert && scoreColbert(runs.colbert, heads.colbert!, batch.queries.length);
  return {
    dense: await scoreDense(source, batch),
    lexical: lexical?.scores ?? null,
    colbert: colbert?.scores ?? null,
    async backward(gradients) {
      const byLexical = lexical?.backward(gradients.lexical!);
      const byColbert = colbert?.backward(gradients.colbert!);
      for (const sub of plan) {
        const states = keepsPass ? [] : await readStates(sub);
        if (byLexical) runs.lexical!.backward(sub, states, byLexical);
        if (byColbert) runs.colbert!.backward(sub, states, byColbert);
      }
    },
  };
}

interface Runs {
  readonly lexical: HeadRun | null;
  readonly lexicalTokens: readonly Int32Array[];
  readonly colbert: HeadRun | null;
}

function startRuns(tokens: readonly TextTokens[], { queries }: BatchTexts, heads: TrainableHeads, hiddenSize: number, { specialIds }: ScoringOptions): Runs {
  const lexicalTokens = heads.lexical ? sharedTokens(tokens.slice(0, queries.length), tokens.slice(queries.length), specialIds) : [];
  const afterPrompt = tokens.map(({ ids, skipped }) => Int32Array.from({ length: Math.max(0, ids.length - skipped) }, (_, index) => skipped + index));
  return {
    lexical: heads.lexical && new HeadRun(heads.lexical, lexicalTokens, hiddenSize),
    lexicalTokens,
    colbert: heads.colbert && new HeadRun(heads.colbert, afterPrompt, hiddenSize),
  };
}

/** Scores of a head, and the way back from their gradient to that of the head's output. */
interface Scored {
  readonly scores: Floats;
  backward(gradient: Floats): Floats;
}

function scoreLexical({ output, starts }: HeadRun, tokens: readonly TextTokens[], { queries }: BatchTexts, places: readonly Int32Array[]): Scored {
  const terms = heaviestRows(tokens, places, starts, output);
  const scored = lexicalScores(terms.slice(0, queries.length), terms.slice(queries.length), output);
  return { scores: scored.scores, backward: (gradient) => backwardLexical(scored, output, gradient) };
}

function scoreColbert({ output, starts }: HeadRun, head: TrainableHead, queryCount: number): Scored {
  const { outputs: dim } = head.at(-1)!.spec;
  const all = normalizeRows(output, dim, starts);
  const split = starts[queryCount]!;
  const part = (first: number, end: number, offset: number): UnitRows => ({
    starts: starts.slice(first, end + 1).map((start) => start - offset),
    dim,
    units: all.units.subarray(starts[first]! * dim, starts[end]! * dim),
    lengths: all.lengths.subarray(starts[first]!, starts[end]!),
  });
  const queries = part(0, queryCount, 0);
  const passages = part(queryCount, starts.length - 1, split);
  const scored = maxSimScores(queries, passages);
  return {
    scores: scored.scores,
    backward(gradient) {
      const by = backwardMaxSim(queries, passages, scored, gradient);
      const rows = zerosLike(output, output.length);
      rows.set(by.queries, 0);
      rows.set(by.passages, split * dim);
      backwardNormalize(all, rows);
      return rows;
    },
  };
}

/** The dense head has nothing to train: its scores are a part of the ensemble only. */
async function scoreDense(source: StatesSource, { queries, passages }: BatchTexts): Promise<Floats> {
  const width = source.hiddenSize;
  const [ofQueries, ofPassages] = await Promise.all([denseMatrix(source, queries), denseMatrix(source, passages)]);
  const scores = zerosLike(ofQueries, queries.length * passages.length);
  multiplyByTransposed(ofQueries, ofPassages, queries.length, passages.length, width, scores);
  return scores;
}

async function denseMatrix(source: StatesSource, texts: readonly number[]): Promise<Floats> {
  const vectors = await Promise.all(texts.map((text) => source.dense(text)));
  const matrix = zerosLike(vectors[0] ?? new Float32Array(0), texts.length * source.hiddenSize);
  for (const [index, vector] of vectors.entries()) matrix.set(vector, index * source.hiddenSize);
  return matrix;
}
