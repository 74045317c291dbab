/**
 * Loss and gradients of one batch: reads the hidden states of its texts, runs the heads, scores every query with every passage, and adds the gradients to the
 * heads' layers. Scores are divided by the temperature, as in FlagEmbedding.
 */
import { backwardMaxSim, backwardNormalize, maxSimScores, normalizeRows, type UnitRows } from "./colbert.ts";
import type { TrainableHead } from "./head.ts";
import { HeadRun, planSubBatches, type SubBatch } from "./head-run.ts";
import { backwardLexical, heaviestRows, lexicalScores, sharedTokens } from "./lexical.ts";
import { distillationLoss, type LossParts, type LossWeights, type Targets } from "./loss.ts";
import { type Floats, multiplyByTransposed, zerosLike } from "./matrix.ts";
import type { StatesSource, TextTokens } from "./text-states.ts";

/** The heads to train; null for one that is not. */
export interface TrainableHeads {
  readonly lexical: TrainableHead | null;
  readonly colbert: TrainableHead | null;
}

/** Texts by their number in the source. */
export interface Batch extends Targets {
  readonly queries: readonly number[];
  readonly passages: readonly number[];
}

export interface ObjectiveOptions {
  readonly temperature: number;
  readonly distills: boolean;
  readonly weights: LossWeights;
  /** Ids that carry no lexical weight: `<s>`, `</s>`, `<pad>`, `<unk>`. */
  readonly specialIds: ReadonlySet<number>;
  /** Most tokens of a sub-batch. */
  readonly subBatchTokens: number;
}

/** Adds the gradients of the batch's loss to the heads. @throws what reading hidden states throws */
export async function accumulateGradients(source: StatesSource, batch: Batch, heads: TrainableHeads, options: ObjectiveOptions): Promise<LossParts> {
  const { temperature, distills, weights, subBatchTokens } = options;
  const texts = [...batch.queries, ...batch.passages];
  const tokens = texts.map((text) => source.tokens(text));
  const plan = planSubBatches(
    tokens.map(({ ids }) => ids.length),
    subBatchTokens,
  );
  const runs = startRuns(tokens, batch, heads, options);
  const readStates = ({ first, end }: SubBatch) => Promise.all(texts.slice(first, end).map((text) => source.read(text)));

  // What needs no second sub-batch need not be read twice.
  const keeps = plan.length === 1;
  for (const sub of plan) {
    const states = await readStates(sub);
    for (const run of [runs.lexical, runs.colbert]) run?.forward(sub, states, keeps);
  }

  const scale = (scores: Floats) => scores.map((score) => score / temperature);
  const lexical = runs.lexical && scoreLexical(runs.lexical, tokens, batch, runs.lexicalTokens);
  const colbert = runs.colbert && scoreColbert(runs.colbert, heads.colbert!, batch.queries.length);
  const parts = distillationLoss(
    {
      queries: batch.queries.length,
      passages: batch.passages.length,
      dense: scale(await scoreDense(source, batch)),
      lexical: lexical && scale(lexical.scores),
      colbert: colbert && scale(colbert.scores),
    },
    batch,
    distills,
    weights,
  );

  const byLexical = lexical?.backward(scale(parts.lexicalGradient!));
  const byColbert = colbert?.backward(scale(parts.colbertGradient!));
  for (const sub of plan) {
    const states = keeps ? [] : await readStates(sub);
    if (byLexical) runs.lexical!.backward(sub, states, byLexical);
    if (byColbert) runs.colbert!.backward(sub, states, byColbert);
  }
  return parts;
}

interface Runs {
  readonly lexical: HeadRun | null;
  readonly lexicalTokens: readonly Int32Array[];
  readonly colbert: HeadRun | null;
}

function startRuns(tokens: readonly TextTokens[], { queries }: Batch, heads: TrainableHeads, { specialIds }: ObjectiveOptions): Runs {
  const lexicalTokens = heads.lexical ? sharedTokens(tokens.slice(0, queries.length), tokens.slice(queries.length), specialIds) : [];
  const afterPrompt = tokens.map(({ ids, skipped }) => Int32Array.from({ length: Math.max(0, ids.length - skipped) }, (_, index) => skipped + index));
  return {
    lexical: heads.lexical && new HeadRun(heads.lexical, lexicalTokens),
    lexicalTokens,
    colbert: heads.colbert && new HeadRun(heads.colbert, afterPrompt),
  };
}

/** Scores of a head, and the way back from their gradient to that of the head's output. */
interface Scored {
  readonly scores: Floats;
  backward(gradient: Floats): Floats;
}

function scoreLexical({ output, starts }: HeadRun, tokens: readonly TextTokens[], { queries }: Batch, places: readonly Int32Array[]): Scored {
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
async function scoreDense(source: StatesSource, { queries, passages }: Batch): Promise<Floats> {
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
