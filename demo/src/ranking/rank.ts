/**
 * A question against all pages at hand: dense and lexical scores of all, ColBERT's of the best of these, and the weighted mean of the three. The one place
 * that knows how pages are ranked, so that an index can take it over.
 */
import type { Embedding } from "bge-m3-web";
import type { Weights } from "../presets.ts";
import type { PageVectors } from "../vectors/read.ts";
import { matchPage, signTables } from "./colbert.ts";
import { denseScores } from "./dense.ts";
import { lexicalScores, sharedIds } from "./lexical.ts";
import { type Range, rangeOf } from "./range.ts";

/** One page of one language, scored. */
export interface RankedPage {
  readonly language: string;
  readonly id: string;
  /** Row in its language's files. */
  readonly page: number;
  readonly total: number;
  readonly dense: number;
  readonly sparse: number;
  readonly colbert: number;
  /** Line of the body that matches the question best by ColBERT, counted from 0. */
  readonly bestLine: number;
  /** Token ids that question and page share. */
  readonly sharedIds: readonly number[];
}

export interface Ranking {
  /** Best first; only pages that score at all. */
  readonly pages: readonly RankedPage[];
  /** How many pages were looked at. */
  readonly searched: number;
  /** Lowest and highest of each score: over all pages, ColBERT's over those that it was computed for. */
  readonly ranges: { readonly dense: Range; readonly sparse: Range; readonly colbert: Range };
}

/** The pages that ColBERT's score is computed for. */
const CANDIDATES = 200;
/** Orders the candidates where the weights name neither dense nor lexical. */
const CANDIDATE_WEIGHTS: Weights = [1, 0.2, 0];

/** @param query with all three heads @throws Error when a head is missing: a mistake in this program */
export function rank({ denseVecs, lexicalWeights, colbertVecs }: Embedding, corpora: readonly PageVectors[], weights: Weights): Ranking {
  if (!denseVecs || !lexicalWeights || !colbertVecs) throw new Error("Ranking needs all three heads of the question.");
  const tables = signTables(colbertVecs);
  const [denseWeight, sparseWeight, colbertWeight] = weights;
  const first = denseWeight + sparseWeight > 0 ? weights : CANDIDATE_WEIGHTS;

  const all = corpora.flatMap((vectors) => {
    const dense = denseScores(denseVecs, vectors);
    const sparse = lexicalScores(lexicalWeights, vectors);
    return vectors.pages.map((id, page) => ({ vectors, id, page, dense: dense[page]!, sparse: sparse[page]! }));
  });
  const preliminary = (page: { dense: number; sparse: number }) => first[0] * page.dense + first[1] * page.sparse;
  const candidates = all.toSorted((a, b) => preliminary(b) - preliminary(a)).slice(0, CANDIDATES);

  const pages = candidates.map(({ vectors, id, page, dense, sparse }): RankedPage => {
    const { score: colbert, lines } = matchPage(tables, page, vectors);
    const total = (denseWeight * dense + sparseWeight * sparse + colbertWeight * colbert) / (denseWeight + sparseWeight + colbertWeight);
    const best = { bestLine: bestBodyLine(lines), sharedIds: sharedIds(lexicalWeights, page, vectors) };
    return { language: vectors.language, id, page, total, dense, sparse, colbert, ...best };
  });
  const ranges = {
    dense: rangeOf(all.map(({ dense }) => dense)),
    sparse: rangeOf(all.map(({ sparse }) => sparse)),
    colbert: rangeOf(pages.map(({ colbert }) => colbert)),
  };
  // With lexical weights alone, most pages share no word with the question: they are not answers.
  const answers = pages.filter(({ total }) => total > 0).sort((a, b) => b.total - a.total);
  return { pages: answers, searched: all.length, ranges };
}

/** Line 0 is the title, which is shown anyway. */
function bestBodyLine(lines: Float32Array): number {
  let best = 1;
  for (let line = 2; line < lines.length; line++) if (lines[line]! > lines[best]!) best = line;
  return best - 1;
}
