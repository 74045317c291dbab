import { describe, expect, it } from "vitest";
import { Kernels } from "#scoring/kernels/instance.ts";
import { meanVector } from "#scoring/quantize/bits.ts";
import { quantizeInt8 } from "#scoring/quantize/int8.ts";
import { paddedDim } from "#scoring/quantize/padding.ts";
import { scanRowsReference, scanSketchReference } from "#scoring/scan/reference.ts";
import { factorPlace, SketchBuilder, sketchBytes } from "#scoring/scan/sketch.ts";
import { scanRows, scanSketch } from "#scoring/scan/wasm.ts";
import { seededRandom, unitVectors } from "./random.ts";

const kernels = await Kernels.create();

function int8Rows(vectors: Float32Array, dim: number, stride: number): Uint8Array {
  const count = vectors.length / dim;
  const rows = new Uint8Array(count * stride).fill(0xaa);
  const view = new DataView(rows.buffer);
  for (let row = 0; row < count; row++) {
    const values = new Int8Array(rows.buffer, row * stride, paddedDim(dim)).fill(0);
    view.setFloat32(row * stride + paddedDim(dim), quantizeInt8(vectors.subarray(row * dim, (row + 1) * dim), values), true);
  }
  return rows;
}

function put(bytes: Uint8Array): number {
  const address = kernels.allocate(bytes.length);
  kernels.bytes(address, bytes.length).set(bytes);
  return address;
}

function largestError(actual: Float32Array, expected: Float64Array): number {
  expect(actual.length).toBe(expected.length);
  return actual.reduce((most, value, index) => Math.max(most, Math.abs(value - expected[index]!)), 0);
}

describe("scanning int8 rows", () => {
  it("agrees with float64 within the query's rounding, for every count, width and stride", () => {
    const random = seededRandom(1);
    for (const [count, dim, extra] of [
      [1, 384, 0],
      [2, 384, 4],
      [3, 384, 4],
      [4, 1024, 4],
      [5, 64, 12],
      [9, 33, 4],
      [31, 1, 4],
      [100, 384, 4],
    ] as const) {
      const stride = paddedDim(dim) + 4 + extra;
      const rows = int8Rows(unitVectors(count, dim, random), dim, stride);
      const query = unitVectors(1, dim, random);
      const address = put(rows);
      const scores = scanRows(kernels, query, { address, stride, count });
      expect(largestError(scores, scanRowsReference(query, rows, stride, count)), `${count} rows of ${dim}`).toBeLessThan(5e-4);
      kernels.free(address);
    }
  });

  it("is within 1 % of the float vectors", () => {
    const random = seededRandom(2);
    const centre = unitVectors(1, 384, random);
    const vectors = unitVectors(200, 384, random, centre);
    const query = unitVectors(1, 384, random, centre);
    const address = put(int8Rows(vectors, 384, 388));
    for (const [row, score] of scanRows(kernels, query, { address, stride: 388, count: 200 }).entries()) {
      const exact = query.reduce((sum, value, index) => sum + value * vectors[row * 384 + index]!, 0);
      expect(Math.abs(score / exact - 1)).toBeLessThan(0.01);
    }
    kernels.free(address);
  });

  it("gives 0 for a zero query", () => {
    const address = put(int8Rows(unitVectors(3, 16, seededRandom(3)), 16, 20));
    expect([...scanRows(kernels, new Float32Array(16), { address, stride: 20, count: 3 })]).toEqual([0, 0, 0]);
    kernels.free(address);
  });
});

describe("scanning a sketch", () => {
  const sketchOf = (vectors: Float32Array, dim: number, centre: Float32Array) => {
    const count = vectors.length / dim;
    const builder = new SketchBuilder(count, dim, centre);
    for (let row = 0; row < count; row++) builder.add(vectors.subarray(row * dim, (row + 1) * dim));
    return builder.sketch;
  };

  it("agrees with float64 within the rounding of the tables, for every count and width", () => {
    const random = seededRandom(4);
    for (const [count, dim] of [
      [1, 384],
      [31, 384],
      [32, 384],
      [33, 64],
      [100, 1024],
      [7, 33],
      [40, 3],
    ] as const) {
      const vectors = unitVectors(count, dim, random);
      const centre = meanVector(vectors, dim);
      const sketch = sketchOf(vectors, dim, centre);
      expect(sketch.length).toBe(sketchBytes(count, dim));
      const query = unitVectors(1, dim, random);
      const address = put(sketch);
      const scores = scanSketch(kernels, query, { address, count, centre });
      expect(largestError(scores, scanSketchReference(query, sketch, centre, count)), `${count} rows of ${dim}`).toBeLessThan(2e-2);
      kernels.free(address);
    }
  });

  it("finds neighbours among vectors that share a strong centre", () => {
    const random = seededRandom(5);
    const common = unitVectors(1, 384, random).map((value) => value * 2);
    const vectors = unitVectors(2000, 384, random, common);
    const sketch = sketchOf(vectors, 384, meanVector(vectors, 384));
    const address = put(sketch);
    let found = 0;
    for (let wanted = 0; wanted < 50; wanted++) {
      const near = unitVectors(
        1,
        384,
        random,
        vectors.subarray(wanted * 384, (wanted + 1) * 384).map((value) => value * 2),
      );
      const scores = scanSketch(kernels, near, { address, count: 2000, centre: meanVector(vectors, 384) });
      const better = scores.filter((score) => score > scores[wanted]!).length;
      if (better < 20) found++;
    }
    expect(found).toBe(50);
    kernels.free(address);
  });

  it("keeps every factor in a place of its own", () => {
    expect(new Set(Array.from({ length: 32 }, (_, row) => factorPlace(row))).size).toBe(32);
  });

  it("refuses vectors that are too long for its factors", () => {
    const long = new Float32Array(64).fill(10);
    expect(() => sketchOf(long, 64, new Float32Array(64))).toThrow(expect.objectContaining({ code: "invalid-input" }));
  });
});
