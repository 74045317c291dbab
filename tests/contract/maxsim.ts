/**
 * What every MaxSim backend must give, in three families of tolerance against the float64 reference on the same (restored) vectors:
 *
 * - float32: rounding of float32 sums;
 * - int8: the query is rounded to 11 bits as well;
 * - bits: the query is rounded to tables of 64 steps; the errors of query tokens mostly cancel, so on the average document it is a tenth of this.
 *
 * Scores of unit vectors lie in [-1, 1], so the tolerances are absolute.
 */
import { describe, expect, it } from "vitest";
import type { TokenVectors } from "#core/embedding.ts";
import type { MaxsimBackend } from "#scoring/maxsim/backend.ts";
import { maxsimReference } from "#scoring/maxsim/reference.ts";
import { type FloatTokens, joinTokens, type TokenMatrix, toBits, toInt8 } from "#scoring/maxsim/token-matrix.ts";
import { meanVector } from "#scoring/quantize/bits.ts";
import { seededRandom, unitVectors } from "../unit/scoring/random.ts";

const FORMS: Readonly<Record<TokenMatrix["kind"], { readonly tolerance: number; make(tokens: FloatTokens): TokenMatrix }>> = {
  float32: { tolerance: 1e-6, make: (tokens) => tokens },
  int8: { tolerance: 5e-4, make: toInt8 },
  bits: { tolerance: 1e-2, make: (tokens) => toBits(tokens, meanVector(tokens.values, tokens.dim)) },
};

function vectors(tokens: number, dim: number, random: () => number): TokenVectors {
  return { data: unitVectors(tokens, dim, random), tokens, dim };
}

export function describeMaxsim(name: string, open: () => Promise<MaxsimBackend>): void {
  describe(`MaxSim on ${name}`, () => {
    const check = async (kind: TokenMatrix["kind"], query: TokenVectors, documents: readonly TokenVectors[]) => {
      const backend = await open();
      const matrix = FORMS[kind].make(joinTokens(documents, query.dim));
      const loaded = backend.load(matrix);
      const scores = await loaded.score(query);
      loaded.dispose();
      const expected = maxsimReference(query, matrix);
      expect(scores.length).toBe(documents.length);
      for (const [document, score] of scores.entries()) {
        const what = `document ${document} of ${documents[document]!.tokens} tokens: ${score} instead of ${expected[document]}`;
        expect(Math.abs(score - expected[document]!), what).toBeLessThan(FORMS[kind].tolerance);
      }
    };

    for (const kind of ["float32", "int8", "bits"] as const) {
      describe(kind, () => {
        it("scores documents of every length around the kernels' block sizes", async () => {
          const random = seededRandom(1);
          const lengths = [1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 31, 32, 33, 63, 64, 65, 96, 100, 180];
          await check(
            kind,
            vectors(12, 128, random),
            lengths.map((tokens) => vectors(tokens, 128, random)),
          );
        });

        it("scores queries of every length", async () => {
          const random = seededRandom(2);
          const documents = [40, 3, 18].map((tokens) => vectors(tokens, 64, random));
          for (const tokens of [1, 2, 3, 8, 9, 31, 32, 33, 64]) await check(kind, vectors(tokens, 64, random), documents);
        });

        it("scores widths that fill no register", async () => {
          const random = seededRandom(3);
          for (const dim of [1, 2, 3, 5, 15, 17, 33, 100, 384]) {
            await check(
              kind,
              vectors(5, dim, random),
              [1, 6, 35].map((tokens) => vectors(tokens, dim, random)),
            );
          }
        });

        it("scores BGE-M3's width", async () => {
          const random = seededRandom(4);
          await check(
            kind,
            vectors(6, 1024, random),
            [9, 40].map((tokens) => vectors(tokens, 1024, random)),
          );
        });

        it("gives documents without tokens 0, wherever they stand", async () => {
          const random = seededRandom(5);
          await check(
            kind,
            vectors(4, 128, random),
            [0, 5, 0, 0, 17, 0].map((tokens) => vectors(tokens, 128, random)),
          );
        });

        it("gives 0 for a query without tokens, and nothing for no documents", async () => {
          const random = seededRandom(6);
          await check(
            kind,
            vectors(0, 128, random),
            [3, 9].map((tokens) => vectors(tokens, 128, random)),
          );
          await check(kind, vectors(3, 128, random), []);
        });

        it("finds negative maxima", async () => {
          const random = seededRandom(7);
          const query = vectors(3, 128, random);
          const opposite: TokenVectors = { data: query.data.slice(0, 128).map((value) => -value), tokens: 1, dim: 128 };
          await check(kind, { ...query, data: query.data.slice(0, 128), tokens: 1 }, [opposite]);
        });

        it("takes zero vectors", async () => {
          const random = seededRandom(8);
          const zeros: TokenVectors = { data: new Float32Array(2 * 64), tokens: 2, dim: 64 };
          await check(kind, vectors(3, 64, random), [zeros]);
          await check(kind, zeros, [vectors(5, 64, random)]);
        });

        it("keeps the order of clearly different documents", async () => {
          const random = seededRandom(9);
          const query = vectors(8, 128, random);
          const near = { data: unitVectors(30, 128, random, query.data.slice(0, 128)), tokens: 30, dim: 128 };
          const far = vectors(30, 128, random);
          const backend = await open();
          const loaded = backend.load(FORMS[kind].make(joinTokens([far, near, { ...query }], 128)));
          const scores = await loaded.score(query);
          expect(scores[2]).toBeGreaterThan(scores[1]!);
          expect(scores[1]).toBeGreaterThan(scores[0]!);
          loaded.dispose();
        });
      });
    }

    it("errs by less than 1 % of the float score with int8 documents, and less than 0.001 on average with tables for bits", async () => {
      const random = seededRandom(11);
      const centre = unitVectors(1, 128, random);
      const documents = Array.from({ length: 40 }, () => ({ data: unitVectors(90, 128, random, centre), tokens: 90, dim: 128 }));
      const query = { data: unitVectors(32, 128, random, centre), tokens: 32, dim: 128 };
      const floats = joinTokens(documents, 128);
      const backend = await open();
      const exact = maxsimReference(query, floats);

      const int8 = backend.load(toInt8(floats));
      for (const [document, score] of (await int8.score(query)).entries()) expect(Math.abs(score / exact[document]! - 1)).toBeLessThan(0.01);
      int8.dispose();

      const matrix = FORMS.bits.make(floats);
      const restored = maxsimReference(query, matrix);
      const bits = backend.load(matrix);
      const errors = Array.from(await bits.score(query), (score, document) => (score - restored[document]!) ** 2);
      expect(Math.sqrt(errors.reduce((sum, error) => sum + error, 0) / errors.length)).toBeLessThan(1e-3);
      bits.dispose();
    });

    it("refuses a query of another width", async () => {
      const random = seededRandom(10);
      const loaded = (await open()).load(joinTokens([vectors(3, 128, random)], 128));
      await expect(loaded.score(vectors(2, 64, random))).rejects.toMatchObject({ code: "invalid-input" });
      loaded.dispose();
    });
  });
}
