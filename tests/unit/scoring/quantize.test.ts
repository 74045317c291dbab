import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { joinTokens, restoreTokens, toBits, toInt8 } from "#scoring/maxsim/token-matrix.ts";
import { meanVector, quantizeBits, queryTables } from "#scoring/quantize/bits.ts";
import { quantizeInt8, quantizeQuery, restoreInt8 } from "#scoring/quantize/int8.ts";
import { poolTokens } from "#scoring/quantize/pool-tokens.ts";
import { seededRandom, unitVectors } from "./random.ts";

const vector = fc.float32Array({ minLength: 1, maxLength: 70, noNaN: true, noDefaultInfinity: true, min: -1, max: 1 });

describe("int8", () => {
  it("errs by at most half a step", () => {
    fc.assert(
      fc.property(vector, (values) => {
        const target = new Int8Array(values.length);
        const scale = quantizeInt8(values, target);
        for (const [index, value] of restoreInt8(target, scale, values.length).entries()) {
          expect(Math.abs(value - values[index]!)).toBeLessThanOrEqual(scale * 0.5001 + 1e-38);
        }
        expect(target.includes(-128)).toBe(false);
      }),
    );
  });

  it("gives queries 11 bits", () => {
    const query = unitVectors(1, 100, seededRandom(1));
    const { values, scale } = quantizeQuery(query);
    expect(values.length).toBe(112);
    expect(Math.max(...values.map(Math.abs))).toBe(1023);
    for (const [index, value] of query.entries()) expect(Math.abs(values[index]! * scale - value)).toBeLessThanOrEqual(scale * 0.5001);
  });
});

describe("bits", () => {
  it("keeps the signs around the centre, and the factor that makes a vector's product with itself right", () => {
    const random = seededRandom(2);
    const [one, centre] = [unitVectors(1, 48, random), unitVectors(1, 48, random)];
    const target = new Uint8Array(6);
    const factor = quantizeBits(one, centre, target);
    let product = 0;
    let squares = 0;
    for (let index = 0; index < 48; index++) {
      const difference = one[index]! - centre[index]!;
      const bit = (target[index >> 3]! >> (index & 7)) & 1;
      expect(bit).toBe(difference >= 0 ? 1 : 0);
      product += difference * factor * (bit ? 1 : -1);
      squares += difference * difference;
    }
    expect(product).toBeCloseTo(squares, 6);
  });

  it("has tables whose sums are the signed sums of the query", () => {
    fc.assert(
      fc.property(vector, fc.array(fc.nat(15), { minLength: 18, maxLength: 18 }), (query, nibbles) => {
        const { entries, step, offset } = queryTables(query);
        const groups = Math.ceil(query.length / 4);
        let sum = 0;
        let exact = 0;
        for (let group = 0; group < groups; group++) {
          sum += entries[group * 16 + nibbles[group]!]!;
          for (let index = 0; index < 4; index++) exact += (nibbles[group]! >> index) & 1 ? (query[group * 4 + index] ?? 0) : -(query[group * 4 + index] ?? 0);
        }
        expect(Math.max(0, ...entries)).toBeLessThanOrEqual(63);
        expect(Math.abs(sum * step + offset - exact)).toBeLessThanOrEqual(step * 0.5 * groups + 1e-5);
      }),
    );
  });

  it("has the mean as centre", () => {
    expect([...meanVector(Float32Array.of(1, 2, 3, 6), 2)]).toEqual([2, 4]);
    expect([...meanVector(new Float32Array(), 2)]).toEqual([0, 0]);
  });
});

describe("token matrices", () => {
  const tokens = { data: unitVectors(20, 64, seededRandom(3)), tokens: 20, dim: 64 };
  const cosine = (a: Float32Array, b: Float32Array, row: number) => {
    let [product, lengthA, lengthB] = [0, 0, 0];
    for (let index = row * 64; index < (row + 1) * 64; index++) {
      product += a[index]! * b[index]!;
      lengthA += a[index]! ** 2;
      lengthB += b[index]! ** 2;
    }
    return product / Math.sqrt(lengthA * lengthB);
  };

  it("restore to nearly the same vectors", () => {
    const floats = joinTokens([tokens], 64);
    const int8 = restoreTokens(toInt8(floats)).values;
    const bits = restoreTokens(toBits(floats)).values;
    for (let row = 0; row < 20; row++) {
      expect(cosine(tokens.data, int8, row)).toBeGreaterThan(0.9999);
      expect(cosine(tokens.data, bits, row)).toBeGreaterThan(0.7);
    }
  });

  it("refuse vectors longer than 1", () => {
    const long = joinTokens([{ data: new Float32Array(64).fill(1.5), tokens: 1, dim: 64 }], 64);
    expect(() => toInt8(long)).toThrow(expect.objectContaining({ code: "invalid-input" }));
    expect(() => toBits(long)).toThrow(expect.objectContaining({ code: "invalid-input" }));
  });

  it("refuse documents of another width", () => {
    expect(() => joinTokens([tokens], 32)).toThrow(expect.objectContaining({ code: "invalid-input" }));
  });
});

describe("token pooling", () => {
  it("merges the tokens that are nearest", () => {
    const data = Float32Array.of(1, 0, 0.99, 0.14, 0, 1, 0.14, 0.99, -1, 0, -0.99, 0.14);
    const pooled = poolTokens({ data, tokens: 6, dim: 2 }, 2);
    expect(pooled.tokens).toBe(3);
    const angles = Array.from({ length: 3 }, (_, row) => Math.round((Math.atan2(pooled.data[row * 2 + 1]!, pooled.data[row * 2]!) * 180) / Math.PI));
    expect(angles).toEqual([4, 86, 176]);
  });

  it("keeps unit length, the count and the input", () => {
    const random = seededRandom(4);
    for (const tokens of [1, 2, 3, 7, 50, 181]) {
      for (const factor of [1, 2, 2.5, 3]) {
        const data = unitVectors(tokens, 32, random);
        const before = data.slice();
        const pooled = poolTokens({ data, tokens, dim: 32 }, factor);
        expect(pooled.tokens).toBe(Math.ceil(tokens / factor));
        expect(data).toEqual(before);
        for (let row = 0; row < pooled.tokens; row++) expect(Math.hypot(...pooled.data.subarray(row * 32, (row + 1) * 32))).toBeCloseTo(1, 5);
      }
    }
  });

  it("costs what Ward's criterion says: no other pair of groups is nearer than the ones that were merged", () => {
    // Compared with the slow way: look at all pairs, merge the cheapest, again.
    const random = seededRandom(5);
    for (let round = 0; round < 20; round++) {
      const vectors = { data: unitVectors(12, 8, random), tokens: 12, dim: 8 };
      const groups = slowWard(vectors.data, 12, 8, 4);
      const pooled = poolTokens(vectors, 3);
      const expected = groups.map((members) => unitMean(vectors.data, members, 8));
      expect(pooled.tokens).toBe(4);
      for (const [row, mean] of expected.entries()) for (const [index, value] of mean.entries()) expect(pooled.data[row * 8 + index]).toBeCloseTo(value, 5);
    }
  });

  it("keeps a document of equal tokens, and takes none", () => {
    const data = new Float32Array(10 * 4).fill(0.5);
    expect([...poolTokens({ data, tokens: 10, dim: 4 }, 2).data]).toEqual(Array(20).fill(0.5));
    expect(poolTokens({ data: new Float32Array(), tokens: 0, dim: 4 }, 2).tokens).toBe(0);
  });

  it("refuses factors below 1", () => {
    for (const factor of [0, 0.5, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => poolTokens({ data: new Float32Array(8), tokens: 2, dim: 4 }, factor)).toThrow(expect.objectContaining({ code: "invalid-input" }));
    }
  });
});

function unitMean(data: Float32Array, members: readonly number[], dim: number): number[] {
  const sum = Array.from({ length: dim }, (_, index) => members.reduce((total, member) => total + data[member * dim + index]!, 0));
  const length = Math.hypot(...sum);
  return sum.map((value) => value / length);
}

function slowWard(data: Float32Array, tokens: number, dim: number, wanted: number): number[][] {
  const groups = Array.from({ length: tokens }, (_, index) => [index]);
  const mean = (members: readonly number[]) =>
    Array.from({ length: dim }, (_, index) => members.reduce((total, member) => total + data[member * dim + index]!, 0) / members.length);
  while (groups.length > wanted) {
    let cheapest = { cost: Number.POSITIVE_INFINITY, a: 0, b: 0 };
    for (let a = 0; a < groups.length; a++) {
      for (let b = a + 1; b < groups.length; b++) {
        const [left, right] = [mean(groups[a]!), mean(groups[b]!)];
        const distance = left.reduce((sum, value, index) => sum + (value - right[index]!) ** 2, 0);
        const cost = ((groups[a]!.length * groups[b]!.length) / (groups[a]!.length + groups[b]!.length)) * distance;
        if (cost < cheapest.cost) cheapest = { cost, a, b };
      }
    }
    groups[cheapest.a]!.push(...groups.splice(cheapest.b, 1)[0]!);
  }
  return groups.sort((a, b) => Math.min(...a) - Math.min(...b));
}
