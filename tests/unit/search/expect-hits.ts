/** Compares hits of the index with exact ones: scores within what 8 bits cost, and no document left out that is clearly better than one that is in. */
import { expect } from "vitest";
import type { Signal } from "#search/fusion.ts";
import type { Hit } from "#search/search.ts";
import type { ExactHit } from "./exact-search.ts";

/** How far each part may be off. Lexical weights err by 1.5 % each; the others by the rounding of vectors. BM25 is exact. */
const TOLERANCES: Readonly<Record<Signal, number>> = { dense: 0.006, lexical: 0.02, colbert: 0.01, bm25: 1e-6 };
const SCORE_TOLERANCE = 0.015;

export function expectHits(hits: readonly Hit[], exact: readonly ExactHit[], limit: number): void {
  expect(hits.length).toBe(Math.min(limit, exact.length));
  expect(new Set(hits.map(({ id }) => id)).size).toBe(hits.length);
  const byId = new Map(exact.map((hit) => [hit.id, hit]));
  let before = Number.POSITIVE_INFINITY;
  for (const hit of hits) {
    const truth = byId.get(hit.id);
    expect(truth, `there is no document ${hit.id}`).toBeDefined();
    for (const signal of Object.keys(TOLERANCES) as Signal[]) {
      const [part, wanted] = [hit.parts[signal], truth!.parts[signal]];
      if (wanted === null) expect(part, `${hit.id} ${signal}`).toBeNull();
      else expect(Math.abs(part! - wanted), `${hit.id} ${signal}: ${part} instead of ${wanted}`).toBeLessThan(TOLERANCES[signal]);
    }
    expect(Math.abs(hit.score - truth!.score), `${hit.id} score`).toBeLessThan(SCORE_TOLERANCE);
    expect(hit.score).toBeLessThanOrEqual(before);
    before = hit.score;
  }
  const found = new Set(hits.map(({ id }) => id));
  const best = exact.filter(({ id }) => !found.has(id))[0];
  if (best && hits.length > 0) expect(best.score, `${best.id} was left out`).toBeLessThan(hits.at(-1)!.score + SCORE_TOLERANCE);
}
