/** Losses and gradients against FlagEmbedding's own finetuning code (tests/oracle/make_training_goldens.py). */
import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { layerOf, parametersOf } from "#training/head.ts";
import { REFERENCE_WEIGHTS } from "#training/loss.ts";
import { accumulateGradients } from "#training/objective.ts";
import { colbertLayers, type GivenText, givenStates, lexicalLayers, specialIds } from "./small-batch.ts";

interface Side {
  readonly ids: number[][];
  readonly states: number[][];
}

interface Golden {
  readonly hidden: number;
  readonly dim: number;
  readonly group: number;
  readonly temperature: number;
  readonly queries: Side;
  readonly passages: Side;
  readonly parameters: Record<string, number[]>;
  readonly cases: {
    readonly distills: boolean;
    readonly teacherScores: number[][] | null;
    readonly loss: number;
    readonly gradients: Record<string, number[]>;
  }[];
}

const golden: Golden = JSON.parse(readFileSync(path.resolve(import.meta.dirname, "../../oracle/training-goldens.json"), "utf8"));
const textsOf = ({ ids, states }: Side): GivenText[] =>
  ids.map((row, text) => ({ ids: Int32Array.from(row), skipped: 1, states: Float64Array.from(states[text]!) }));
const queries = textsOf(golden.queries);
const passages = textsOf(golden.passages);
const source = givenStates(golden.hidden, [...queries, ...passages]);

/** The reference's softmax over each query's own passages, spread over all. */
function spread(scores: number[][]): Float64Array {
  const teacher = new Float64Array(queries.length * passages.length);
  for (const [query, row] of scores.entries()) {
    const sum = row.reduce((total, score) => total + Math.exp(score), 0);
    for (const [index, score] of row.entries()) teacher[query * passages.length + query * golden.group + index] = Math.exp(score) / sum;
  }
  return teacher;
}

describe("the loss of a batch", () => {
  it.each(golden.cases)("is the reference's (distillation $distills, teacher scores $teacherScores)", async ({ distills, teacherScores, loss, gradients }) => {
    const parameter = (name: string) => Float64Array.from(golden.parameters[name]!);
    const heads = {
      lexical: [layerOf(lexicalLayers(golden.hidden)[0]!, parameter("sparse_linear.weight"), parameter("sparse_linear.bias"))],
      colbert: [layerOf(colbertLayers(golden.hidden, golden.dim)[0]!, parameter("colbert_linear.weight"), parameter("colbert_linear.bias"))],
    };
    const batch = {
      queries: queries.map((_, index) => index),
      passages: passages.map((_, index) => queries.length + index),
      positives: queries.map((_, index) => index * golden.group),
      masked: new Uint8Array(queries.length * passages.length),
      teacher: teacherScores && spread(teacherScores),
    };
    const options = { temperature: golden.temperature, distills, weights: REFERENCE_WEIGHTS, specialIds, subBatchTokens: 1e6 };
    const parts = await accumulateGradients(source, batch, heads, options);
    // The reference makes float32 of a teacher's scores, whatever else it computes in.
    const digits = teacherScores ? 6 : 11;
    expect(parts.loss).toBeCloseTo(loss, digits);
    for (const { name, gradient } of [...parametersOf(heads.lexical), ...parametersOf(heads.colbert)]) {
      const expected = gradients[name]!;
      for (let at = 0; at < gradient.length; at++) expect(gradient[at]).toBeCloseTo(expected[at]!, digits - 1);
    }
  });
});
