/**
 * Is a query in another language than the corpus? Then tokens of the two seldom mean the same, and what is left of lexical matching is names and chance.
 *
 * Two signs, both from what is at hand, without a language model:
 *
 * 1. Script. The query's main script hardly occurs in the corpus (a Korean question over English pages).
 * 2. Token overlap. The scripts agree, but most of the query's letters are in vocabulary ids that (nearly) no passage has (a German question over English
 *    pages). Only for queries long enough to have words of their language in them: a name alone tells nothing.
 *
 * Measured on GNOME Help, half of whose pages made the corpus and the other half the queries: of descriptions in the corpus's own language 2 % have an overlap
 * below 0.63 to 0.69 (Latin, Cyrillic, Hangul), and the median over the languages of another script is below 0.1, of another language in Latin script 0.1 to 0.5.
 */

/** Letters of a text, or several, by script. */
export type ScriptLetters = ReadonlyMap<string, number>;

/** A token of the query. */
export interface QueryToken {
  /** UTF-16 range in the query. */
  readonly start: number;
  readonly end: number;
  /** Passages with this vocabulary id. */
  readonly frequency: number;
}

export interface CrossLingualEvidence {
  readonly query: string;
  readonly tokens: readonly QueryToken[];
  /** Passages of the corpus. */
  readonly passages: number;
  /** Letters of a sample of the corpus. */
  readonly corpusScripts: ScriptLetters;
}

/** Kana before Han: Japanese has both, Chinese one. */
const SCRIPTS = ["Hiragana", "Katakana", "Hangul", "Han", "Latin", "Cyrillic", "Greek", "Arabic", "Hebrew", "Thai", "Devanagari", "Bengali", "Tamil", "Telugu"];
const NAMES: Readonly<Record<string, string>> = { Hiragana: "Kana", Katakana: "Kana" };
const OTHER = "other";
const patterns = SCRIPTS.map((script) => ({ script: NAMES[script] ?? script, pattern: new RegExp(`\\p{Script=${script}}`, "u") }));

/** With this share of its letters a script makes a query's language: names in Latin letters do not make a Korean question English, nor Han a Japanese one Chinese. */
const LEAST_MAIN_SHARE = 0.2;
/** A script with a smaller share of the corpus's letters is not one of the corpus. */
const LEAST_SCRIPT_SHARE = 0.02;
/** Below this share of known letters a query is in another language. */
const LEAST_OVERLAP = 0.4;
/** An id that fewer passages have does not count as known: in a large corpus there is a little of everything. */
const LEAST_PASSAGE_SHARE = 0.001;
/** Overlap says something from this many words, or letters in scripts without spaces, and passages on. */
const FEWEST_WORDS = 4;
const FEWEST_LETTERS = 8;
const FEWEST_PASSAGES = 20;
const WITHOUT_SPACES = new Set(["Kana", "Han", "Thai"]);

/** Letters by script. */
export function countScripts(texts: Iterable<string>): ScriptLetters {
  const letters = new Map<string, number>();
  for (const text of texts) {
    for (const [letter] of text.matchAll(/\p{L}/gu)) {
      const script = patterns.find(({ pattern }) => pattern.test(letter))?.script ?? OTHER;
      letters.set(script, (letters.get(script) ?? 0) + 1);
    }
  }
  return letters;
}

/** @returns false where nothing can be said: no letters, an empty corpus, a short query in a script of the corpus */
export function isCrossLingual({ query, tokens, passages, corpusScripts }: CrossLingualEvidence): boolean {
  const script = mainScript(countScripts([query]));
  const corpusLetters = sum(corpusScripts.values());
  if (script === undefined || corpusLetters === 0) return false;
  if ((corpusScripts.get(script) ?? 0) / corpusLetters < LEAST_SCRIPT_SHARE) return true;
  const long = WITHOUT_SPACES.has(script) ? sum(countScripts([query]).values()) >= FEWEST_LETTERS : query.trim().split(/\s+/u).length >= FEWEST_WORDS;
  if (!long || passages < FEWEST_PASSAGES) return false;
  return overlap(query, tokens, Math.max(1, passages * LEAST_PASSAGE_SHARE)) < LEAST_OVERLAP;
}

function mainScript(letters: ScriptLetters): string | undefined {
  const least = LEAST_MAIN_SHARE * sum(letters.values());
  if ((letters.get("Kana") ?? 0) > 0 && letters.get("Kana")! >= least) return "Kana";
  const byCount = [...letters].sort(([, a], [, b]) => b - a).map(([script]) => script);
  return byCount.find((script) => script !== "Latin" && letters.get(script)! >= least) ?? byCount[0];
}

/** Share of the query's letters whose token is known. */
function overlap(query: string, tokens: readonly QueryToken[], leastFrequency: number): number {
  let known = 0;
  let all = 0;
  for (const { start, end, frequency } of tokens) {
    const letters = query.slice(start, end).match(/\p{L}/gu)?.length ?? 0;
    all += letters;
    if (frequency >= leastFrequency) known += letters;
  }
  return all === 0 ? 1 : known / all;
}

function sum(numbers: Iterable<number>): number {
  let total = 0;
  for (const number of numbers) total += number;
  return total;
}
