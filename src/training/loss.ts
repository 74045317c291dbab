/**
 * The loss of M3-Embedding (arXiv 2402.03216, section 3.3, with the weights of FlagEmbedding's finetune code) over the scores of a batch.
 *
 * With scores over the temperature, d, s and c, and e = d + 0.3 s + c; CE the cross-entropy with the positive passage, KD that with the softmax of e, which has
 * no gradient:
 *
 *     L  = (CE(d) + CE(e) + 0.1 CE(s) + CE(c)) / 4
 *     L' = (KD(d) + 0.1 KD(s) + KD(c)) / 3
 *     loss = (L + L') / 2 with distillation, L without
 *
 * A teacher's own scores for the passages of a query, where the data has them, add to each CE the cross-entropy with their softmax over those passages.
 */
import { type Floats, zerosLike } from "./matrix.ts";

export interface LossWeights {
  /** Of the lexical terms in L and L'. */
  readonly lexical: number;
  /** Of the lexical score in the ensemble. */
  readonly ensembleLexical: number;
}

/** FlagEmbedding's. */
export const REFERENCE_WEIGHTS: LossWeights = { lexical: 0.1, ensembleLexical: 0.3 };

export interface BatchScores {
  readonly queries: number;
  readonly passages: number;
  /** [queries, passages] each, over the temperature. `lexical` or `colbert` is null when that head is not trained: its terms are left out. */
  readonly dense: Floats;
  readonly lexical: Floats | null;
  readonly colbert: Floats | null;
}

export interface Targets {
  /** Which passage each query should find. */
  readonly positives: ArrayLike<number>;
  /** Pairs that do not count, such as another positive of the query: [queries, passages], 1 to leave out. */
  readonly masked: Uint8Array;
  /** Distribution of a teacher over each query's own passages, 0 elsewhere: [queries, passages]; null where there is none. */
  readonly teacher?: Floats | null | undefined;
  /** Stands in for the softmax of the ensemble in L': to check gradients, as a finite difference would move the teacher too. */
  readonly fixedTeacher?: Floats | undefined;
}

export interface LossParts {
  readonly loss: number;
  /** Cross-entropy of each score with the positives. */
  readonly dense: number;
  readonly lexical: number | null;
  readonly colbert: number | null;
  readonly ensemble: number;
  /** L'; null without distillation. */
  readonly distillation: number | null;
  /** softmax of the ensemble: [queries, passages] */
  readonly teacher: Floats;
  /** Gradients by the scores (over the temperature). */
  readonly lexicalGradient: Floats | null;
  readonly colbertGradient: Floats | null;
}

/** @param distills whether L' is part of the loss */
export function distillationLoss(scores: BatchScores, targets: Targets, distills: boolean, weights: LossWeights = REFERENCE_WEIGHTS): LossParts {
  const { queries, passages, dense, lexical, colbert } = scores;
  const size = queries * passages;
  const ensemble = zerosLike(dense, size);
  for (let at = 0; at < size; at++) ensemble[at] = dense[at]! + weights.ensembleLexical * (lexical?.[at] ?? 0) + (colbert?.[at] ?? 0);

  const shape = { queries, passages };
  const ofDense = crossEntropy(dense, shape, targets);
  const ofEnsemble = crossEntropy(ensemble, shape, targets);
  const ofLexical = lexical && crossEntropy(lexical, shape, targets);
  const ofColbert = colbert && crossEntropy(colbert, shape, targets);
  let loss = (ofDense.value + ofEnsemble.value + weights.lexical * (ofLexical?.value ?? 0) + (ofColbert?.value ?? 0)) / 4;
  let distillation: number | null = null;
  const teacher = targets.fixedTeacher ?? ofEnsemble.probabilities;
  if (distills) {
    const students = [ofDense.against(teacher), weights.lexical * (ofLexical?.against(teacher) ?? 0), ofColbert?.against(teacher) ?? 0];
    distillation = students.reduce((sum, value) => sum + value, 0) / 3;
    loss = (loss + distillation) / 2;
  }

  const gradient = (head: CrossEntropy | null, own: number, inEnsemble: number): Floats | null => {
    if (!head) return null;
    const by = zerosLike(dense, size);
    const half = distills ? 0.5 : 1;
    for (let at = 0; at < size; at++) {
      const fromPositives = (own * head.gradient[at]! + inEnsemble * ofEnsemble.gradient[at]!) / 4;
      const fromTeacher = distills ? (own * (head.probabilities[at]! - teacher[at]!)) / (3 * queries) : 0;
      by[at] = half * (fromPositives + fromTeacher);
    }
    return by;
  };
  return {
    loss,
    dense: ofDense.value,
    lexical: ofLexical?.value ?? null,
    colbert: ofColbert?.value ?? null,
    ensemble: ofEnsemble.value,
    distillation,
    teacher,
    lexicalGradient: gradient(ofLexical, weights.lexical, weights.ensembleLexical),
    colbertGradient: gradient(ofColbert, 1, 1),
  };
}

interface CrossEntropy {
  readonly value: number;
  /** softmax of each row; 0 where masked */
  readonly probabilities: Floats;
  /** of `value` by the scores */
  readonly gradient: Floats;
  /** Mean over rows of the cross-entropy with another distribution. */
  against(distribution: Floats): number;
}

function crossEntropy(scores: Floats, { queries, passages }: { queries: number; passages: number }, { positives, masked, teacher }: Targets): CrossEntropy {
  const probabilities = zerosLike(scores, scores.length);
  const logSums = new Float64Array(queries);
  const gradient = zerosLike(scores, scores.length);
  let value = 0;
  for (let query = 0; query < queries; query++) {
    const start = query * passages;
    const logSum = logSumOfRow(scores, start, passages, masked);
    logSums[query] = logSum;
    for (let at = start; at < start + passages; at++) {
      if (masked[at]) continue;
      probabilities[at] = Math.exp(scores[at]! - logSum);
      gradient[at] = probabilities[at]! / queries;
    }
    value += (logSum - scores[start + positives[query]!]!) / queries;
    gradient[start + positives[query]!]! -= 1 / queries;
  }
  if (teacher) value += localDistillation(scores, { queries, passages }, teacher, gradient);
  const against = (distribution: Floats) => {
    let sum = 0;
    for (let query = 0; query < queries; query++) {
      for (let at = query * passages; at < (query + 1) * passages; at++) {
        if (distribution[at]! > 0) sum += distribution[at]! * (logSums[query]! - scores[at]!);
      }
    }
    return sum / queries;
  };
  return { value, probabilities, gradient, against };
}

/** Cross-entropy with a teacher over each query's own passages, those where the teacher has a share. Adds to the gradient. */
function localDistillation(scores: Floats, { queries, passages }: { queries: number; passages: number }, teacher: Floats, gradient: Floats): number {
  const others = Uint8Array.from(teacher, (share) => (share > 0 ? 0 : 1));
  let value = 0;
  for (let query = 0; query < queries; query++) {
    const start = query * passages;
    const logSum = logSumOfRow(scores, start, passages, others);
    for (let at = start; at < start + passages; at++) {
      if (others[at]) continue;
      value += (teacher[at]! * (logSum - scores[at]!)) / queries;
      gradient[at]! += (Math.exp(scores[at]! - logSum) - teacher[at]!) / queries;
    }
  }
  return value;
}

/** log Σ exp over the entries of a row that are not masked. */
function logSumOfRow(scores: Floats, start: number, length: number, masked: Uint8Array): number {
  let largest = Number.NEGATIVE_INFINITY;
  for (let at = start; at < start + length; at++) if (!masked[at]) largest = Math.max(largest, scores[at]!);
  let sum = 0;
  for (let at = start; at < start + length; at++) if (!masked[at]) sum += Math.exp(scores[at]! - largest);
  return largest + Math.log(sum);
}
