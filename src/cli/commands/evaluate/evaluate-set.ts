/** One dataset, all systems: from exact scores, and from those of an index with int8 and one with 1-bit token vectors. */
import type { TextKind } from "#core/embedding.ts";
import { InvalidInputError } from "#core/errors.ts";
import type { Dataset } from "#evaluation/datasets/dataset.ts";
import { evaluate } from "#evaluation/harness.ts";
import { relevantCount } from "#evaluation/judgements.ts";
import type { Kernels } from "#scoring/kernels/instance.ts";
import type { Tokenizer } from "#tokenizer/tokenizer.ts";
import type { CachedEncoder } from "./encode-cached.ts";
import { addExactScores } from "./exact-scores.ts";
import { type AskedText, MeasuredIndex, type TokenForm } from "./index-scores.ts";
import { ScoreTable, type System } from "./score-table.ts";
import { DEFAULT_SEARCH } from "./systems.ts";
import type { TextVectors } from "./vector-file.ts";

/** How vectors are kept: as they came, or as an index keeps them. */
export type Form = "exact" | TokenForm;

export interface SetResult {
  readonly name: string;
  readonly documents: number;
  /** Those with a relevant document, which are asked. */
  readonly queries: number;
  /** Documents that were cut at the model's or the given length. */
  readonly truncated: number;
  /** Judged documents that the corpus does not have. */
  readonly missing: number;
  /** Bytes of the index by the form of its token vectors. */
  readonly indexBytes: Readonly<Partial<Record<TokenForm, number>>>;
  readonly results: readonly SystemResult[];
}

export interface SystemResult {
  readonly system: string;
  readonly form: Form;
  /** By measure. */
  readonly means: Readonly<Record<string, number>>;
}

export interface SetProgress {
  readonly phase: "encode" | "index";
  readonly done: number;
  readonly total: number;
  /** Of the texts done, characters that were computed and not read from the cache. */
  readonly computedCharacters?: number | undefined;
}

export interface SetParts {
  readonly encoder: Pick<CachedEncoder, "encode">;
  readonly tokenizer: Tokenizer;
  readonly kernels: Kernels;
}

export interface SetOptions {
  readonly systems: readonly System[];
  readonly measures: readonly string[];
  /** Which compressed forms to compare with exact scores. Without any there is no BM25 either, which the index computes. */
  readonly forms: readonly TokenForm[];
  readonly onProgress?: ((progress: SetProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The index gives no more hits than this at once. */
const MOST_DOCUMENTS = 100_000;

/** @throws InvalidInputError for a set without a query that has a relevant document, or one that is too large; what the encoder throws; the signal's reason */
export async function evaluateSet(name: string, dataset: Dataset, parts: SetParts, options: SetOptions): Promise<SetResult> {
  const { systems, measures, forms, signal } = options;
  if (dataset.documents.length > MOST_DOCUMENTS) throw new InvalidInputError(`The corpus of ${name}`, `at most ${MOST_DOCUMENTS} documents`, dataset.documents);
  // In rising order, so that equal scores are ordered as trec_eval orders them.
  const documents = [...dataset.documents].sort((a, b) => (a.id < b.id ? -1 : 1));
  const queries = [...dataset.queries].filter(([id]) => relevantCount(dataset.qrels.get(id) ?? new Map()) > 0).map(([id, text]) => ({ id, text }));
  if (queries.length === 0) throw new InvalidInputError(`The queries of ${name}`, "queries of which at least one has a relevant document", dataset.queries);
  const total = documents.length + queries.length;
  let [done, characters] = [0, 0];
  const reader = async function* (texts: readonly string[], kind: TextKind) {
    const [before, computed] = [done, characters];
    const onProgress = (texts: number, computedCharacters: number) => {
      [done, characters] = [before + texts, computed + computedCharacters];
      options.onProgress?.({ phase: "encode", done, total, computedCharacters: characters });
    };
    yield* parts.encoder.encode(texts, kind, { onProgress, signal });
  };
  const words = (text: string) => parts.tokenizer.encode(text, { addSpecialTokens: false }).ids;

  const asked: AskedText[] = [];
  const askedVectors = reader(
    queries.map(({ text }) => text),
    "query",
  );
  for await (const chunk of askedVectors) for (const vectors of chunk) asked.push({ ...vectors, words: words(queries[asked.length]!.text) });

  const tables = new Map<Form, ScoreTable>((["exact", ...forms] as const).map((form) => [form, new ScoreTable(queries.length, documents.length)]));
  const indexes = new Map<TokenForm, MeasuredIndex>();
  let [first, truncated] = [0, 0];
  try {
    const passages = reader(
      documents.map(({ text }) => text),
      "passage",
    );
    for await (const chunk of passages) {
      await addExactScores(tables.get("exact")!, parts.kernels, asked, chunk, first);
      const indexed = chunk.map((vectors: TextVectors, index) => ({ ...vectors, ...named(documents[first + index]!, words) }));
      for (const form of forms) {
        const index = indexes.get(form) ?? (await MeasuredIndex.open(chunk[0]!, form, parts.kernels));
        indexes.set(form, index);
        await index.add(indexed, signal);
      }
      first += chunk.length;
      truncated += chunk.filter((vectors) => vectors.truncated).length;
    }
    let step = 0;
    for (const [form, index] of indexes) {
      for (const [place, query] of asked.entries()) {
        await index.addScores(tables.get(form)!, place, query, signal);
        options.onProgress?.({ phase: "index", done: ++step, total: asked.length * indexes.size });
      }
    }
    // BM25 counts words: there is nothing to compress, and the index is the only one to compute it.
    const [counted] = forms;
    if (counted) tables.get("exact")!.column("bm25").set(tables.get(counted)!.column("bm25"));
    const places = new Map(queries.map(({ id }, place) => [id, place]));
    const results: SystemResult[] = [];
    for (const [form, table] of tables) {
      for (const system of systems) {
        if (!table.supports(system)) continue;
        const rank = (query: number, depth: number) => table.rank(query, system, depth).map((place) => documents[place]!.id);
        results.push({ system: system.name, form, means: (await evaluate(places, dataset.qrels, rank, { measures, signal })).means });
      }
    }
    for (const [form, index] of indexes) {
      const rank = (query: number, depth: number) => index.search(asked[query]!, depth, signal);
      results.push({ system: DEFAULT_SEARCH, form, means: (await evaluate(places, dataset.qrels, rank, { measures, signal })).means });
    }
    const known = new Set(documents.map(({ id }) => id));
    const missing = queries.reduce((sum, { id }) => sum + [...dataset.qrels.get(id)!.keys()].filter((document) => !known.has(document)).length, 0);
    const indexBytes = Object.fromEntries([...indexes].map(([form, index]) => [form, index.bytes]));
    return { name, documents: documents.length, queries: queries.length, truncated, missing, indexBytes, results };
  } finally {
    for (const index of indexes.values()) await index.close();
  }
}

function named({ id, text }: { readonly id: string; readonly text: string }, words: (text: string) => Int32Array) {
  return { id, words: words(text) };
}
