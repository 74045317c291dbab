/** Both halves of the way over, with a real structured clone between them. */
import { describe, expect, it } from "vitest";
import { unpackEmbeddings, unwrapEmbedding } from "#client/unpack.ts";
import type { Embeddings } from "#core/embedding.ts";
import { buffersOf, packEmbeddings } from "#worker/transfer.ts";

const all: Embeddings = {
  denseVecs: [Float32Array.of(1, 2, 3), Float32Array.of(4, 5, 6)],
  lexicalWeights: [{ "7": 0.5, "250001": 0.25 }, {}],
  colbertVecs: [
    { data: Float32Array.of(1, 2, 3, 4), tokens: 2, dim: 2 },
    { data: Float32Array.of(5, 6), tokens: 1, dim: 2 },
  ],
  truncated: [false, true],
  tokenCounts: [4, 512],
};

function send(embeddings: Embeddings) {
  const packed = packEmbeddings(embeddings);
  return { packed, received: unpackEmbeddings(structuredClone(packed, { transfer: buffersOf(packed) })) };
}

describe("packEmbeddings and unpackEmbeddings", () => {
  it("give back what went in", () => {
    expect(send(all).received).toEqual(all);
  });

  it.each(["denseVecs", "lexicalWeights", "colbertVecs"] as const)("keep a missing head missing: %s", (head) => {
    const some = { ...all, [head]: null };
    expect(send(some).received).toEqual(some);
  });

  it("take an empty list", () => {
    const none: Embeddings = { denseVecs: [], lexicalWeights: [], colbertVecs: [], truncated: [], tokenCounts: [] };
    expect(send(none).received).toEqual(none);
  });

  it("take a text without tokens to keep", () => {
    const bare: Embeddings = {
      denseVecs: [Float32Array.of(1)],
      lexicalWeights: [{}],
      colbertVecs: [{ data: new Float32Array(0), tokens: 0, dim: 2 }],
      truncated: [false],
      tokenCounts: [2],
    };
    expect(send(bare).received).toEqual(bare);
  });

  it("move every buffer, and share one among the texts of a head", () => {
    const { packed, received } = send(all);
    expect(buffersOf(packed)).toHaveLength(8);
    expect(buffersOf(packed).map(({ byteLength }) => byteLength)).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
    expect(received.denseVecs?.[0]?.buffer).toBe(received.denseVecs?.[1]?.buffer);
    expect(received.colbertVecs?.[0]?.data.buffer).toBe(received.colbertVecs?.[1]?.data.buffer);
  });

  it("pack vectors that are themselves views of something larger", () => {
    const large = Float32Array.from({ length: 100 }, (_, index) => index);
    const views = { ...all, denseVecs: [large.subarray(10, 13), large.subarray(50, 53)] };
    expect(send(views).received.denseVecs).toEqual([Float32Array.of(10, 11, 12), Float32Array.of(50, 51, 52)]);
  });
});

describe("unwrapEmbedding", () => {
  it("takes the one text out of its list", () => {
    const one = unwrapEmbedding(send({ ...all, colbertVecs: null }).received);
    expect(one).toEqual({ denseVecs: Float32Array.of(1, 2, 3), lexicalWeights: all.lexicalWeights?.[0], colbertVecs: null, truncated: false, tokenCounts: 4 });
  });
});
