/**
 * An artefact of format version 1, committed once and never changed: it must open for ever, and answer what it has always answered. Read a second time by a reader
 * that follows docs/model-format.md and knows nothing of this repository; its weights are a formula, so what it must find is known.
 */
import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { syntheticElements } from "../../../tools/models/synthetic.ts";
import { IndependentReader } from "./independent-reader.ts";
import { openEncoder } from "./open-encoder.ts";

const FIXTURE = path.resolve("tests/fixtures/artefact-v1");
const DTYPES = ["fp32", "fp16", "q8", "q4"] as const;

interface Expected {
  readonly text: string;
  readonly ids: readonly number[];
  readonly answers: Readonly<
    Record<string, { readonly dense: readonly number[]; readonly lexical: Readonly<Record<string, number>>; readonly colbert: readonly number[] }>
  >;
}
const expected: Expected = JSON.parse(readFileSync(path.join(FIXTURE, "expected.json"), "utf8"));

const WORDS = "embeddings.word_embeddings.weight";
const MATRIX = "encoder.layer.0.intermediate.dense.weight";

/** Largest error of a number that was rounded, as a part of the largest number near it. */
const ROUNDING = { fp32: 0, fp16: 2 ** -11, q8: 0.5 / 127 + 1e-6, q4: 0.16 } as const;

function expectNear(found: readonly number[], wanted: ArrayLike<number>, rounding: number): void {
  expect(found).toHaveLength(wanted.length);
  const most = Math.max(...Array.from(wanted, Math.abs));
  for (const [index, value] of found.entries()) expect(Math.abs(value - wanted[index]!)).toBeLessThanOrEqual(rounding * most);
}

describe.each(DTYPES)("an artefact of format version 1 (%s)", (dtype) => {
  const folder = path.join(FIXTURE, dtype);

  it("opens, and gives the numbers that it has always given", async () => {
    const { session, encoder, tokenizer } = await openEncoder(folder, "fp32");
    const { text, ids, answers } = expected;
    expect([...tokenizer.encode(text, { maxLength: 32 }).ids]).toEqual(ids);
    const { denseVecs, lexicalWeights, colbertVecs } = await encoder.encode([text], "passage", { returnSparse: true, returnColbertVecs: true });
    await session.dispose();
    const { dense, lexical, colbert } = answers[dtype]!;
    expect(denseVecs![0]).toHaveLength(dense.length);
    for (const [index, value] of dense.entries()) expect(denseVecs![0]![index]).toBeCloseTo(value, 4);
    expect(Object.keys(lexicalWeights![0]!)).toEqual(Object.keys(lexical));
    for (const [id, weight] of Object.entries(lexical)) expect(lexicalWeights![0]![id]).toBeCloseTo(weight, 4);
    for (const [index, value] of colbert.entries()) expect(colbertVecs![0]!.data[index]).toBeCloseTo(value, 4);
  });

  it("can be read by the document alone", () => {
    const reader = new IndependentReader(folder);
    const { manifest } = reader;
    const { hiddenSize, vocabSize } = manifest.architecture;
    expect(reader.problems()).toEqual([]);
    expect(reader.fingerprint()).toBe(manifest.fingerprint);
    // Of both pages, the second of which is not full.
    for (const id of [0, 442, manifest.wordEmbeddings.rowsPerPage - 1, manifest.wordEmbeddings.rowsPerPage, vocabSize - 1]) {
      expectNear(reader.wordEmbedding(id), syntheticElements({ name: WORDS, shape: [vocabSize, hiddenSize] }, id * hiddenSize, hiddenSize), ROUNDING[dtype]);
    }
    expectNear(reader.matrix(MATRIX), syntheticElements({ name: MATRIX, shape: [hiddenSize, hiddenSize] }, 0, hiddenSize * hiddenSize), ROUNDING[dtype]);
    for (const name of ["embeddings.LayerNorm.weight", "colbert_linear.weight", "encoder.layer.0.attention.self.key.bias"]) {
      const { shape } = manifest.tensors[name]!;
      expectNear(
        reader.matrix(name),
        syntheticElements(
          { name, shape },
          0,
          shape.reduce((a, b) => a * b),
        ),
        0,
      );
    }
  });
});
