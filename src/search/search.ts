/**
 * One search over a snapshot: candidates by dense, lexical and BM25, merged; then every part of each candidate; then ColBERT on the best; then one order.
 *
 * A candidate that only one signal found gets the true scores of the others too (M3's evaluation gives 0 to what was below a list's end): a document's score
 * does not depend on how many candidates were asked for. A part that a document does not have counts 0.
 */
import { throwIfAborted } from "#core/abort.ts";
import type { Ranked } from "#scoring/top-k.ts";
import { bm25Reach, inverseDocumentFrequency } from "./bm25.ts";
import { explainHit, type HitExplanation } from "./explain.ts";
import { compileFilter } from "./fields/filter.ts";
import { reciprocalRanks, type ScoreParts, type Signal, weightedMean } from "./fusion.ts";
import type { SearchPlan } from "./query.ts";
import type { Json } from "./segment/document-file.ts";
import { type SearchTools, SegmentSearch, type WordWeights } from "./segment-search.ts";
import type { Snapshot } from "./snapshot.ts";

export interface Hit {
  readonly id: string;
  /** Higher is better. Only scores of one search can be compared. */
  readonly score: number;
  readonly parts: ScoreParts;
  /** What was stored with the document. */
  readonly stored: Json | undefined;
  /** With `explain: true`. */
  readonly explanation?: HitExplanation | undefined;
}

/** Rows that are scored again for each candidate wanted, when the sketch chooses them. */
const SHORTLIST_FACTOR = 4;

interface Candidate {
  readonly segment: number;
  readonly document: number;
  readonly parts: { -readonly [signal in Signal]: number | null };
  score: number;
}

export async function search(tools: SearchTools, snapshot: Snapshot, plan: SearchPlan): Promise<Hit[]> {
  const tests = plan.filter ? compileFilter(plan.filter, snapshot.meta.fields) : [];
  if (plan.limit === 0) return [];
  const segments = await Promise.all(snapshot.segments.map((segment) => SegmentSearch.create(tools, segment, tests)));
  const words = plan.words && (await weighWords(segments, plan.words));
  throwIfAborted(plan.signal);
  const candidates = await findCandidates(segments, plan, words);
  throwIfAborted(plan.signal);
  await fillFirstParts(segments, plan, words, candidates);
  throwIfAborted(plan.signal);
  const best = await rerank(segments, plan, rank(candidates, plan, firstSignals(plan)).slice(0, plan.rerank));
  const hits = rank(best, plan, plan.used).slice(0, plan.limit);
  return await toHits(segments, plan, hits);
}

/** The signals by which candidates are chosen for ColBERT: if none of them has a weight, all alike. */
function firstSignals(plan: SearchPlan): readonly Signal[] {
  return plan.used.filter((signal) => signal !== "colbert");
}

async function weighWords(segments: readonly SegmentSearch[], words: ArrayLike<number>): Promise<WordWeights> {
  const counts = new Map<number, number>();
  for (let place = 0; place < words.length; place++) counts.set(words[place]!, (counts.get(words[place]!) ?? 0) + 1);
  let documents = 0;
  let tokens = 0;
  const frequencies = new Map<number, number>();
  for (const { segment } of segments) {
    const file = segment.files.words;
    if (!file) continue;
    // Deleted documents count until their segment is merged, as in every engine of this kind.
    documents += file.documents;
    tokens += file.totalTokens;
    const found = await Promise.all([...counts.keys()].map(async (word) => [word, await file.frequency(word)] as const));
    for (const [word, frequency] of found) frequencies.set(word, (frequencies.get(word) ?? 0) + frequency);
  }
  const weights = new Map<number, number>();
  for (const [word, count] of counts) weights.set(word, count * inverseDocumentFrequency(documents, frequencies.get(word) ?? 0));
  return { weights, statistics: { documents, averageLength: documents > 0 ? Math.max(tokens / documents, 1) : 1 }, reach: bm25Reach(weights.values()) };
}

async function findCandidates(segments: readonly SegmentSearch[], plan: SearchPlan, words: WordWeights | null): Promise<Candidate[]> {
  const found = new Map<number, Candidate>();
  const add = (segment: number, document: number, score: number | null = null) => {
    const key = segment * 2 ** 32 + document;
    if (!found.has(key)) found.set(key, { segment, document, parts: { dense: score, lexical: null, colbert: null, bm25: null }, score: 0 });
  };
  const { dense, lexical } = plan;
  if (dense) for (const { segment, document, score } of await nearest(segments, dense, plan.candidates)) add(segment, document, score);
  const lists = await Promise.all([
    lexical ? Promise.all(segments.map((segment) => segment.bestLexical(lexical, plan.candidates))) : [],
    words ? Promise.all(segments.map((segment) => segment.bestWords(words, plan.candidates))) : [],
  ]);
  for (const list of lists) for (const { segment, document } of bestOf(list, plan.candidates)) add(segment, document);
  return [...found.values()];
}

interface Place {
  readonly segment: number;
  readonly document: number;
  readonly score: number;
}

/** The best of several segments' best. */
function bestOf(ranked: readonly Ranked[], count: number): Place[] {
  const all = ranked.flatMap(({ places, scores }, segment) => Array.from(places, (document, index) => ({ segment, document, score: scores[index]! })));
  return all.sort((a, b) => b.score - a.score || a.segment - b.segment || a.document - b.document).slice(0, count);
}

async function nearest(segments: readonly SegmentSearch[], query: Float32Array, count: number): Promise<Place[]> {
  const exact = segments.map((segment) => segment.nearestRows(query, count));
  const sketched = await Promise.all(
    segments.map((segment, index) =>
      exact[index] ? { places: new Uint32Array(), scores: new Float32Array() } : segment.nearestBySketch(query, count * SHORTLIST_FACTOR),
    ),
  );
  // Estimates of all segments compete, so that a large index reads no more rows than a small one.
  const shortlist = bestOf(sketched, count * SHORTLIST_FACTOR);
  const again = await Promise.all(
    segments.map(async (segment, index): Promise<Ranked> => {
      const documents = Uint32Array.from(shortlist.filter((place) => place.segment === index).map(({ document }) => document)).sort();
      return { places: documents, scores: await segment.dense(query, documents) };
    }),
  );
  return bestOf([...exact.map((ranked, index) => ranked ?? again[index]!)], count);
}

/** Groups candidates by segment, in rising order of document, which is what lists are walked in. */
function bySegment(candidates: readonly Candidate[], segments: number): Candidate[][] {
  const groups = Array.from({ length: segments }, (): Candidate[] => []);
  for (const candidate of candidates) groups[candidate.segment]!.push(candidate);
  for (const group of groups) group.sort((a, b) => a.document - b.document);
  return groups;
}

async function fillFirstParts(
  segments: readonly SegmentSearch[],
  plan: SearchPlan,
  words: WordWeights | null,
  candidates: readonly Candidate[],
): Promise<void> {
  const { dense, lexical } = plan;
  await Promise.all(
    bySegment(candidates, segments.length).map(async (group, index) => {
      const segment = segments[index]!;
      const documents = Uint32Array.from(group, ({ document }) => document);
      // Those that the dense vectors found have that score already.
      const unscored = group.filter(({ parts }) => parts.dense === null);
      const [denseScores, lexicalScores, wordScores] = await Promise.all([
        dense &&
          segment.dense(
            dense,
            unscored.map(({ document }) => document),
          ),
        lexical && segment.lexical(lexical, documents),
        words && segment.words(words, documents),
      ]);
      if (denseScores) for (const [place, { parts }] of unscored.entries()) parts.dense = denseScores[place]!;
      for (const [place, { parts }] of group.entries()) {
        if (lexicalScores) parts.lexical = lexicalScores[place]!;
        if (wordScores) parts.bm25 = words && words.reach > 0 ? wordScores[place]! / words.reach : 0;
      }
    }),
  );
}

/** Gives candidates their ColBERT scores. Of many, only those that 1-bit sketches put first get one, and come back. */
async function rerank(segments: readonly SegmentSearch[], plan: SearchPlan, candidates: readonly Candidate[]): Promise<readonly Candidate[]> {
  const { colbert } = plan;
  if (!colbert) return candidates;
  let chosen = candidates;
  if (candidates.length > plan.rescore) {
    await fillColbert(segments, candidates, (segment, documents) => segment.colbertBySketch(colbert, documents));
    throwIfAborted(plan.signal);
    chosen = rank(candidates, plan, plan.used).slice(0, plan.rescore);
  }
  await fillColbert(segments, chosen, (segment, documents) => segment.colbert(colbert, documents));
  throwIfAborted(plan.signal);
  return chosen;
}

async function fillColbert(
  segments: readonly SegmentSearch[],
  candidates: readonly Candidate[],
  score: (segment: SegmentSearch, documents: Uint32Array) => Promise<Float32Array>,
): Promise<void> {
  await Promise.all(
    bySegment(candidates, segments.length).map(async (group, index) => {
      const documents = Uint32Array.from(group, ({ document }) => document);
      const scores = await score(segments[index]!, documents);
      for (const [place, { parts }] of group.entries()) parts.colbert = scores[place]!;
    }),
  );
}

/** Scores the candidates by the signals, best first. */
function rank(candidates: readonly Candidate[], plan: SearchPlan, signals: readonly Signal[]): Candidate[] {
  const weighed = signals.some((signal) => plan.weights[signal] > 0);
  const weights = weighed ? plan.weights : { dense: 1, lexical: 1, colbert: 1, bm25: 1 };
  if (plan.fusion === "rrf") {
    const sums = reciprocalRanks(
      candidates.map(({ parts }) => parts),
      weights,
      signals,
    );
    for (const [place, candidate] of candidates.entries()) candidate.score = sums[place]!;
  } else {
    for (const candidate of candidates) candidate.score = weightedMean(candidate.parts, weights, signals);
  }
  return [...candidates].sort((a, b) => b.score - a.score || a.segment - b.segment || a.document - b.document);
}

async function toHits(segments: readonly SegmentSearch[], plan: SearchPlan, hits: readonly Candidate[]): Promise<Hit[]> {
  const described = new Map<Candidate, Hit>();
  await Promise.all(
    bySegment(hits, segments.length).map(async (group, index) => {
      const { files } = segments[index]!.segment;
      const records = await files.documents.readHits(group.map(({ document }) => document));
      for (const [place, candidate] of group.entries()) {
        const { id, stored } = records[place]!;
        const explanation = plan.explain ? await explainHit(files, candidate.document, plan) : undefined;
        described.set(candidate, { id, score: candidate.score, parts: candidate.parts, stored, ...(explanation ? { explanation } : {}) });
      }
    }),
  );
  return hits.map((hit) => described.get(hit)!);
}
