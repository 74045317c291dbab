/**
 * Passages in the shape of m3-mini's: 384 dense numbers around a strong common centre, lexical weights of words by Zipf's law, 128 numbers a token that depend on
 * its word and a little on the passage; lengths as in GNOME Help. Every passage comes from its number alone, so none needs to be kept.
 *
 * Passages belong to topics: a topic has a direction and words of its own. Without that nearest neighbours would be chance.
 */
import { readdirSync, readFileSync } from "node:fs";
import type { IndexDocument } from "#search/document.ts";
import type { IndexSettings } from "#search/settings.ts";
import { seededRandom } from "../harness/statistics.ts";

export const DENSE_DIM = 384;
export const TOKEN_DIM = 128;

export const SETTINGS: IndexSettings = {
  fingerprint: "synthetic",
  dense: { dim: DENSE_DIM },
  lexical: true,
  tokens: { dim: TOKEN_DIM, form: "int8", pooling: 1 },
  words: true,
};

const VOCABULARY = 30_000;
const TOPICS = 400;
const TOPIC_WORDS = 150;
const NOISE_LENGTH = 1 << 20;
/** As with e5: the mean of all vectors has length 0.89. */
const COMMON_SHARE = 0.89;
/** Sub-words of GNOME Help take this many characters, in Latin script. */
const CHARACTERS_PER_TOKEN = 3.6;
const MOST_TOKENS = 180;
const QUERY_TOKENS = 16;

export interface Passage extends IndexDocument {
  readonly dense: Float32Array;
  readonly lexical: Record<string, number>;
  readonly colbert: { readonly data: Float32Array; readonly tokens: number; readonly dim: number };
  readonly words: Int32Array;
}

export class SyntheticCorpus {
  readonly #noise: Float32Array;
  readonly #common: Float32Array;
  readonly #topics: Float32Array;
  readonly #topicWords: Int32Array;
  readonly #wordWeights: Float32Array;
  readonly #lengths: readonly number[];

  constructor(seed = 1) {
    const random = seededRandom(seed);
    this.#noise = Float32Array.from({ length: NOISE_LENGTH }, () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()));
    this.#common = this.#direction(seededRandom(seed + 1), DENSE_DIM);
    this.#topics = new Float32Array(TOPICS * DENSE_DIM);
    this.#topicWords = new Int32Array(TOPICS * TOPIC_WORDS);
    for (let topic = 0; topic < TOPICS; topic++) {
      this.#topics.set(this.#direction(random, DENSE_DIM), topic * DENSE_DIM);
      for (let place = 0; place < TOPIC_WORDS; place++) this.#topicWords[topic * TOPIC_WORDS + place] = Math.floor(VOCABULARY * random());
    }
    this.#wordWeights = Float32Array.from({ length: VOCABULARY }, (_, word) => 0.02 + 0.5 * random() * Math.min(1, Math.log2(2 + word) / 14));
    this.#lengths = passageLengths();
  }

  passage(number: number): Passage {
    const random = seededRandom(number * 7919 + 13);
    const topic = Math.floor(TOPICS * random() ** 1.5);
    const length = this.#lengths[Math.floor(random() * this.#lengths.length)]!;
    const words = Int32Array.from({ length }, () => this.#word(topic, random));
    return { id: `passage-${number}`, ...this.#represent(topic, words, random, 0.25), stored: { title: `Passage ${number}`, url: `/docs/${number}` } };
  }

  /** A question about one passage: some of its words, and a vector near its own. */
  query(number: number, passages: number): Omit<Passage, "id"> {
    const random = seededRandom(number * 104_729 + 7);
    const about = Math.floor(random() * passages);
    const seed = seededRandom(about * 7919 + 13);
    const topic = Math.floor(TOPICS * seed() ** 1.5);
    const passage = this.passage(about);
    const words = Int32Array.from({ length: QUERY_TOKENS }, () => passage.words[Math.floor(random() * passage.words.length)]!);
    const parts = this.#represent(topic, words, random, 0.25);
    return { ...parts, dense: unit(passage.dense.map((value, index) => value + 0.015 * this.#noise[(about * 31 + index) % NOISE_LENGTH]!)) };
  }

  #word(topic: number, random: () => number): number {
    // Half of a text is its topic's words, half everybody's, the frequent ones more often.
    if (random() < 0.5) return this.#topicWords[topic * TOPIC_WORDS + Math.floor(TOPIC_WORDS * random() ** 2)]!;
    return Math.floor(VOCABULARY * random() ** 4);
  }

  #represent(topic: number, words: Int32Array, random: () => number, tokenNoise: number) {
    const own = this.#direction(random, DENSE_DIM);
    const dense = new Float32Array(DENSE_DIM);
    for (let index = 0; index < DENSE_DIM; index++) {
      dense[index] = COMMON_SHARE * this.#common[index]! + 0.34 * this.#topics[topic * DENSE_DIM + index]! + 0.3 * own[index]!;
    }
    const lexical: Record<string, number> = {};
    const data = new Float32Array(words.length * TOKEN_DIM);
    const context = Math.floor(random() * (NOISE_LENGTH - TOKEN_DIM));
    for (const [place, word] of words.entries()) {
      if (random() < 0.8) lexical[word] = Math.max(lexical[word] ?? 0, this.#wordWeights[word]! * (0.7 + 0.6 * random()));
      // A word's vector is a place in the noise; so is a passage's, and so is what is left to chance.
      const [from, chance] = [(word * 131) % (NOISE_LENGTH - TOKEN_DIM), Math.floor(random() * (NOISE_LENGTH - TOKEN_DIM))];
      let squares = 0;
      for (let index = 0; index < TOKEN_DIM; index++) {
        const value = this.#noise[from + index]! + 0.5 * this.#noise[context + index]! + tokenNoise * this.#noise[chance + index]! + 0.6;
        data[place * TOKEN_DIM + index] = value;
        squares += value * value;
      }
      const scale = 1 / Math.sqrt(squares);
      for (let index = place * TOKEN_DIM; index < (place + 1) * TOKEN_DIM; index++) data[index]! *= scale;
    }
    return { dense: unit(dense), lexical, words, colbert: { data, tokens: words.length, dim: TOKEN_DIM } };
  }

  #direction(random: () => number, dim: number): Float32Array {
    const from = Math.floor(random() * (NOISE_LENGTH - dim));
    return unit(this.#noise.slice(from, from + dim));
  }
}

function unit(vector: Float32Array): Float32Array {
  let squares = 0;
  for (const value of vector) squares += value * value;
  const scale = 1 / Math.sqrt(squares);
  for (let index = 0; index < vector.length; index++) vector[index]! *= scale;
  return vector;
}

/** Lengths of the paragraphs of GNOME Help, joined up to MOST_TOKENS, in tokens. */
function passageLengths(): number[] {
  const folder = "corpus/gnome-help";
  const lengths: number[] = [];
  for (const file of readdirSync(folder).filter((name) => ["de.jsonl", "en.jsonl", "es.jsonl", "fr.jsonl"].includes(name))) {
    for (const line of readFileSync(`${folder}/${file}`, "utf8").trim().split("\n")) {
      let held = 0;
      for (const paragraph of `${JSON.parse(line).body}`.split("\n")) {
        const tokens = Math.max(1, Math.round(paragraph.length / CHARACTERS_PER_TOKEN));
        if (held > 0 && held + tokens > MOST_TOKENS) {
          lengths.push(Math.min(held, MOST_TOKENS));
          held = 0;
        }
        held += tokens;
      }
      if (held > 0) lengths.push(Math.min(held, MOST_TOKENS));
    }
  }
  return lengths;
}
