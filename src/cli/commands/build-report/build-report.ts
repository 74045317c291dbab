/**
 * What rounding costs, on real texts: the artefact, as an engine runs it, against the checkpoint in float32. Vectors are compared text by text; nDCG@10 is that
 * of each head alone, a page's title being the query that the page answers, among the pages of all languages.
 */
import type { Embeddings, LexicalWeights } from "#core/embedding.ts";
import type { LoadedModel } from "#core/loaded-model.ts";
import type { ProgressListener } from "#core/progress.ts";
import type { EncoderSession } from "#core/session.ts";
import { EmbeddingTable } from "#encoder/embedding-table.ts";
import { M3Encoder } from "#encoder/encoder.ts";
import { rankScores } from "#evaluation/judgements.ts";
import { ndcg } from "#evaluation/ndcg.ts";
import { denseScore } from "#scoring/dense.ts";
import { computeLexicalMatchingScore } from "#scoring/lexical.ts";
import { colbertScore } from "#scoring/multi-vector.ts";
import { openTokenizer } from "#tokenizer/open-tokenizer.ts";
import { HeadComparison, type HeadNearness } from "./compare-heads.ts";
import type { Page } from "./pages.ts";

export interface ReportOptions {
  readonly pages: readonly Page[];
  /** Most tokens of a page and of a title. */
  readonly maxLength: number;
  readonly openSession: (model: LoadedModel, precision: "default" | "fp32") => Promise<EncoderSession>;
  readonly onProgress?: ProgressListener | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** nDCG@10 of a head: by the checkpoint, by the artefact, and the difference. */
export interface RankingChange {
  readonly exact: number;
  readonly rounded: number;
  readonly change: number;
}

export interface QualityReport extends HeadNearness {
  readonly pages: number;
  readonly tokens: number;
  /** The engine and arithmetic of the artefact's side. */
  readonly engine: string;
  readonly ndcg10: { readonly dense: RankingChange; readonly lexical: RankingChange | null; readonly colbert: RankingChange | null };
}

interface Encoded {
  readonly titles: Embeddings;
  readonly bodies: Embeddings;
  readonly engine: string;
}

/** @throws what encoding throws */
export async function reportQuality(exactModel: LoadedModel, artefact: LoadedModel, options: ReportOptions): Promise<QualityReport> {
  const exact = await encodePages(exactModel, "fp32", options);
  const rounded = await encodePages(artefact, "default", options);
  const comparison = new HeadComparison();
  comparison.add(exact.titles, rounded.titles);
  comparison.add(exact.bodies, rounded.bodies);
  const { heads } = artefact.manifest;
  const changeOf = (rankings: (encoded: Encoded) => number): RankingChange => {
    const [before, after] = [rankings(exact), rankings(rounded)];
    return { exact: before, rounded: after, change: after - before };
  };
  return {
    ...comparison.result(),
    pages: options.pages.length,
    tokens: [...exact.titles.tokenCounts, ...exact.bodies.tokenCounts].reduce((sum, count) => sum + count, 0),
    engine: rounded.engine,
    ndcg10: {
      dense: changeOf(({ titles, bodies }) => meanNdcg(titles.denseVecs!, bodies.denseVecs!, denseScore)),
      lexical: heads.lexical && changeOf(({ titles, bodies }) => meanNdcg(titles.lexicalWeights!, bodies.lexicalWeights!, lexicalScore)),
      colbert: heads.colbert && changeOf(({ titles, bodies }) => meanNdcg(titles.colbertVecs!, bodies.colbertVecs!, colbertScore)),
    },
  };
}

async function encodePages(model: LoadedModel, precision: "default" | "fp32", options: ReportOptions): Promise<Encoded> {
  const { pages, maxLength, signal, onProgress } = options;
  const { manifest } = model;
  const tokenizer = await openTokenizer(model.manifest, await model.readTokenizer({ signal }));
  const session = await options.openSession(model, precision);
  try {
    const encoder = new M3Encoder({ manifest, tokenizer, session, embeddings: new EmbeddingTable(manifest, model.tensors) });
    const asked = { maxLength, returnSparse: manifest.heads.lexical !== null, returnColbertVecs: manifest.heads.colbert !== null, signal, onProgress };
    const titles = await encoder.encode(
      pages.map(({ title }) => title),
      "query",
      asked,
    );
    const bodies = await encoder.encode(
      pages.map(({ body }) => body),
      "passage",
      asked,
    );
    return { titles, bodies, engine: `${session.info.engine}, ${session.info.precision}` };
  } finally {
    await session.dispose();
  }
}

const lexicalScore = (title: LexicalWeights, body: LexicalWeights) => computeLexicalMatchingScore(title, body);

/** Mean over the titles; page number i is the answer to title i. */
function meanNdcg<T>(titles: readonly T[], bodies: readonly T[], score: (title: T, body: T) => number): number {
  const values = titles.map((title, asked) => {
    const ranking = rankScores(bodies.map((body, page) => [String(page), score(title, body)] as const));
    return ndcg(ranking, new Map([[String(asked), 1]]), 10);
  });
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The report as text. */
export function formatQuality({ pages, tokens, engine, dense, lexical, colbert, ndcg10 }: QualityReport): string {
  const number = (value: number) => value.toFixed(4);
  const ranking = (change: RankingChange | null) =>
    change ? `; nDCG@10 ${number(change.exact)} → ${number(change.rounded)} (${change.change >= 0 ? "+" : ""}${number(change.change)})` : "";
  const lines = [`On ${pages} titles and ${pages} pages, ${tokens} tokens, by ${engine}, against the checkpoint in float32:`];
  lines.push(`dense    cosine mean ${number(dense.mean)}, least ${number(dense.min)}${ranking(ndcg10.dense)}`);
  if (lexical) lines.push(`lexical  top-5 overlap ${number(lexical.top5Overlap)}, same five ${number(lexical.top5Same)}${ranking(ndcg10.lexical)}`);
  if (colbert) {
    const { mean, percentile5, percentile1, min } = colbert;
    lines.push(
      `ColBERT  cosine mean ${number(mean)}, 5th percentile ${number(percentile5)}, 1st ${number(percentile1)}, least ${number(min)}${ranking(ndcg10.colbert)}`,
    );
  }
  return lines.join("\n");
}
