/** Documents and queries for index tests: random, but the same in every run, and shaped like a model's (a strong common centre, few terms a text). */
import type { LexicalWeights } from "#core/embedding.ts";
import type { IndexDocument } from "#search/document.ts";
import type { IndexSettings } from "#search/settings.ts";
import { seededRandom, unitVectors } from "../scoring/random.ts";

export const DIM = 32;
export const TOKEN_DIM = 16;
const TERMS = 60;

export const SETTINGS: IndexSettings = {
  fingerprint: "model-a",
  dense: { dim: DIM },
  lexical: true,
  tokens: { dim: TOKEN_DIM, form: "int8", pooling: 1 },
  words: true,
};

/** One common direction, as sentence embeddings have it. */
const CENTRE = unitVectors(1, DIM, seededRandom(99));

export interface FullDocument extends IndexDocument {
  readonly dense: Float32Array;
  readonly lexical: LexicalWeights;
  readonly colbert: { readonly data: Float32Array; readonly tokens: number; readonly dim: number };
  readonly words: readonly number[];
}

export function makeDocument(id: string, seed: number): FullDocument {
  const random = seededRandom(seed);
  const words = Array.from({ length: 1 + Math.floor(random() * 20) }, () => Math.floor(TERMS * random() ** 2));
  const lexical: LexicalWeights = {};
  for (const word of words) if (random() < 0.8) lexical[word] = 0.01 + random() * 0.6;
  const tokens = Math.floor(random() * 9);
  return {
    id,
    dense: unitVectors(1, DIM, random, CENTRE),
    lexical,
    colbert: { data: unitVectors(tokens, TOKEN_DIM, random), tokens, dim: TOKEN_DIM },
    words,
    fields: { lang: ["en", "de", "ko"][seed % 3]!, year: 2000 + (seed % 20), ...(seed % 4 === 0 ? { draft: seed % 8 === 0 } : {}), tags: tagsOf(seed) },
    stored: { seed },
  };
}

function tagsOf(seed: number): string[] {
  return ["a", "b", "c", "d"].filter((_, place) => (seed >> place) & 1);
}

export function makeDocuments(count: number, seed = 1, prefix = "doc"): FullDocument[] {
  return Array.from({ length: count }, (_, index) => makeDocument(`${prefix}-${index}`, seed * 1000 + index));
}

export function makeQuery(seed: number): Pick<FullDocument, "dense" | "lexical" | "colbert" | "words"> {
  const { dense, lexical, colbert, words } = makeDocument("query", seed + 500_000);
  return { dense, lexical, colbert, words: words.slice(0, 5) };
}
