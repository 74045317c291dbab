/** A search for texts: the question is encoded, passages are found, and documents are made of them: each by its best passage. */
import { InvalidInputError } from "#core/errors.ts";
import type { M3Encoder } from "#encoder/encoder.ts";
import { countScripts, isCrossLingual, type ScriptLetters } from "#search/cross-lingual.ts";
import { resolveWeights, type Weights } from "#search/fusion.ts";
import type { HybridIndex } from "#search/hybrid-index.ts";
import type { SearchQuery } from "#search/query.ts";
import type { Hit } from "#search/search.ts";
import { explainTexts, type QueryTokens } from "./explain-texts.ts";
import { CONTINUED_FIELD, documentId, type StoredPassage } from "./passages.ts";
import type { IndexSearchOptions, SearchHit, SearchResult } from "./types.ts";

const DEFAULT_LIMIT = 10;
const DEFAULT_WEIGHTS = "balanced";
/** The most that an index gives. */
const MOST_PASSAGES = 100_000;
/** Tokens read of a question, as of every text by default. */
const MOST_QUERY_TOKENS = 512;
/** Passages asked for per document wanted, when documents have several; twice as many until there are enough. */
const PASSAGES_PER_DOCUMENT = 3;
/** Passages that are looked at to see in which scripts a corpus is. */
const SCRIPT_SAMPLE = 48;

/** The scripts of an index's texts, looked at again when the index has changed. */
export class CorpusScripts {
  readonly #index: HybridIndex;
  readonly #known: ScriptLetters | undefined;
  #generation = -1;
  #scripts: Promise<ScriptLetters> | undefined;

  /** @param known for an index that does not change, where they were counted when it was made */
  constructor(index: HybridIndex, known?: ScriptLetters) {
    this.#index = index;
    this.#known = known;
  }

  async get(): Promise<ScriptLetters> {
    if (this.#known) return this.#known;
    if (!this.#scripts || this.#generation !== this.#index.generation) {
      this.#generation = this.#index.generation;
      this.#scripts = this.#index.sample(SCRIPT_SAMPLE).then((records) => countScripts(records.map(({ stored }) => (stored as unknown as StoredPassage).text)));
      // A failure is not kept.
      this.#scripts.catch(() => {
        this.#scripts = undefined;
      });
    }
    return await this.#scripts;
  }
}

export interface TextSearch {
  readonly index: HybridIndex;
  readonly encoder: M3Encoder;
  readonly scripts: CorpusScripts;
  readonly query: string;
  readonly options: IndexSearchOptions;
  readonly signal: AbortSignal | undefined;
}

/** A query of nothing but white space finds nothing. @throws InvalidInputError; the signal's reason; what the encoder throws */
export async function searchTexts(search: TextSearch): Promise<SearchResult> {
  const { index, encoder, query, options, signal } = search;
  const { limit = DEFAULT_LIMIT, filter, fusion, candidates, rerank, explain } = options;
  const { ids, offsets, truncated } = encoder.tokens(query, "query", MOST_QUERY_TOKENS);
  const words = ids.slice(0, -1);
  const crossLingual = await noticeLanguages(search, words, offsets);
  const weights = resolveWeights(options.weights ?? (crossLingual ? "crossLingual" : DEFAULT_WEIGHTS));
  const { dense, lexical, colbert, bm25 } = weights;
  if (Array.isArray(options.weights) && bm25 > 0 && !index.settings.words)
    throw new InvalidInputError("options.weights", "weights without BM25, because this index was opened without bm25", options.weights);
  const nothing = query.trim() === "" || limit === 0;
  const asked = nothing ? { dense: new Float32Array(index.settings.dense!.dim) } : await representQuery(search, words, weights);
  const find = (passages: number) =>
    index.search(asked, { limit: passages, weights: [dense, lexical, colbert, bm25], filter, fusion, candidates, rerank, explain, signal });
  const best = await bestPassages(find, nothing ? 0 : limit, index.fields[CONTINUED_FIELD] !== undefined);
  return { hits: best.map((hit) => toHit(search, hit, { query, ids, offsets })), crossLingual, truncated, weights };
}

async function noticeLanguages({ index, scripts, query }: TextSearch, words: Int32Array, offsets: Int32Array): Promise<boolean> {
  const known = await index.termFrequencies([...words]);
  if (!known) return false;
  const tokens = known.frequencies.map((frequency, place) => ({ start: offsets[2 * place]!, end: offsets[2 * place + 1]!, frequency }));
  return isCrossLingual({ query, tokens, passages: known.documents, corpusScripts: await scripts.get() });
}

/** What the index holds of the query: without the model when only words count. */
async function representQuery({ index, encoder, query, signal }: TextSearch, words: Int32Array, weights: Weights): Promise<SearchQuery> {
  const { settings } = index;
  const counted = weights.bm25 > 0 && settings.words ? { words } : {};
  if (weights.dense === 0 && weights.lexical === 0 && weights.colbert === 0) return counted;
  const { denseVecs, lexicalWeights, colbertVecs } = await encoder.encode([query], "query", {
    maxLength: MOST_QUERY_TOKENS,
    returnSparse: settings.lexical,
    returnColbertVecs: settings.tokens !== null,
    signal,
  });
  return { dense: denseVecs?.[0], lexical: lexicalWeights?.[0], colbert: colbertVecs?.[0], ...counted };
}

/** The best passage of each of the best documents. */
async function bestPassages(find: (passages: number) => Promise<Hit[]>, limit: number, severalEach: boolean): Promise<Hit[]> {
  for (let passages = Math.min(MOST_PASSAGES, severalEach ? limit * PASSAGES_PER_DOCUMENT : limit); ; passages = Math.min(MOST_PASSAGES, passages * 2)) {
    const hits = await find(passages);
    const best = new Map<string, Hit>();
    for (const hit of hits) if (!best.has(documentId(hit.id))) best.set(documentId(hit.id), hit);
    if (best.size >= limit || hits.length < passages || passages === MOST_PASSAGES) return [...best.values()].slice(0, limit);
  }
}

function toHit({ index, encoder }: TextSearch, { id, score, parts, stored, explanation }: Hit, asked: QueryTokens): SearchHit {
  const passage = stored as unknown as StoredPassage;
  const { title, url, fields, text, range } = passage;
  const pooled = (index.settings.tokens?.pooling ?? 1) > 1;
  return {
    id: documentId(id),
    score,
    parts,
    title: title === "" ? undefined : title,
    url,
    fields,
    passage: { text, start: range[0], end: range[1] },
    ...(explanation ? { explanation: explainTexts(encoder, asked, passage, explanation, pooled) } : {}),
  };
}
