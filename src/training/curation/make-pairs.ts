/**
 * A corpus to training pairs: title → body, heading → section, first paragraph → rest, and, where pages of different languages have the same id, title in one →
 * body in another. Leaves out what would teach nothing or something wrong, and counts it.
 */
import { InvalidInputError } from "#core/errors.ts";
import type { PairTexts } from "../pair-texts.ts";
import { Random } from "../random.ts";
import type { Page } from "./page.ts";
import { boilerplateLines, type Candidate, candidatesOf, type PairKind } from "./sections.ts";

export interface MakePairsOptions {
  /** Languages to take; undefined for all. */
  readonly languages?: readonly string[] | undefined;
  /** What the languages are called in messages. Default `--languages`. */
  readonly languagesPath?: string | undefined;
  readonly kinds: readonly PairKind[];
  /** Most pairs within languages; undefined for all. */
  readonly maxPairs?: number | undefined;
  /** Cross-lingual pairs for each pair within a language, at most. */
  readonly crossShare: number;
  /** Shortest query and passage, in UTF-16 units. */
  readonly leastQuery: number;
  readonly leastPassage: number;
  readonly seed: number;
}

export interface PairReport {
  readonly pages: number;
  readonly languages: Readonly<Record<string, number>>;
  readonly kept: Readonly<Record<PairKind, number>>;
  /** Candidates left out, by reason. `ambiguous`: the same query would have to find several pages. */
  readonly dropped: {
    readonly tooShort: number;
    readonly duplicatePages: number;
    readonly ambiguous: number;
    readonly duplicates: number;
    readonly surplus: number;
  };
  /** Kinds of lines that were taken out of bodies because many pages have them. */
  readonly boilerplateLines: number;
}

/** Pages of one language whose bodies begin alike are the same page. */
const BEGINNING = 200;

/** @throws InvalidInputError when a language is not in the corpus, when there is nothing to pair, or ids do not align where only cross-lingual pairs are wanted */
export function makePairs(corpus: readonly Page[], options: MakePairsOptions): { pairs: PairTexts[]; report: PairReport } {
  const pages = distinctPages(ofLanguages(corpus, options));
  const dropped = { tooShort: 0, duplicatePages: pages.dropped, ambiguous: 0, duplicates: 0, surplus: 0 };
  const boilerplate = boilerplateLines(pages.kept);
  const all = pages.kept.flatMap((page) => candidatesOf(page, (line) => boilerplate.get(page.lang)!.has(line)));
  const long = all.filter(({ query, passage }) => query.length >= options.leastQuery && passage.length >= options.leastPassage);
  dropped.tooShort = all.length - long.length;
  const clear = withoutAmbiguous(long);
  dropped.ambiguous = clear.ambiguous;
  dropped.duplicates = clear.duplicates;

  const random = new Random(options.seed, 20);
  const wanted = clear.kept.filter(({ kind }) => options.kinds.includes(kind));
  const within = sample(wanted, options.maxPairs ?? wanted.length, random);
  dropped.surplus = wanted.length - within.length;
  const titles = clear.kept.filter(({ kind }) => kind === "title");
  const crossing = options.kinds.includes("cross") ? crossLingual(titles) : [];
  const most = within.length > 0 ? Math.round(options.crossShare * within.length) : (options.maxPairs ?? crossing.length);
  const across = withKnownPassages(random.shuffle(crossing), within).slice(0, most);
  if (within.length + across.length < 2) {
    throw new InvalidInputError(
      "corpus",
      `of pages with titles and texts that make pairs of the kinds ${options.kinds.join(", ")}`,
      `${corpus.length} pages without`,
    );
  }
  const kept = { title: 0, section: 0, lead: 0, cross: across.length };
  for (const { kind } of within) kept[kind]++;
  const languages: Record<string, number> = {};
  for (const { page } of [...within, ...across]) languages[page.lang] = (languages[page.lang] ?? 0) + 1;
  const lines = [...boilerplate.values()].reduce((sum, { size }) => sum + size, 0);
  return { pairs: [...within, ...across].map(pairOf), report: { pages: corpus.length, languages, kept, dropped, boilerplateLines: lines } };
}

function pairOf({ kind, page, query, passage }: Candidate): PairTexts {
  // Batches of passages in one language: there a negative is not told by its language.
  return { query, pos: [passage], neg: [], id: page.id, group: kind === "cross" ? `to ${page.lang}` : page.lang };
}

function ofLanguages(pages: readonly Page[], { languages, languagesPath = "--languages" }: MakePairsOptions): readonly Page[] {
  if (!languages) return pages;
  const there = new Set(pages.map(({ lang }) => lang));
  for (const language of languages) {
    if (!there.has(language)) throw new InvalidInputError(languagesPath, `some of those of the corpus (${[...there].sort().join(", ")})`, language);
  }
  return pages.filter(({ lang }) => languages.includes(lang));
}

function distinctPages(pages: readonly Page[]): { kept: Page[]; dropped: number } {
  const seen = new Set<string>();
  const kept = pages.filter(({ lang, body }) => {
    const key = `${lang}\0${body.trim().slice(0, BEGINNING)}`;
    return !seen.has(key) && seen.add(key);
  });
  return { kept, dropped: pages.length - kept.length };
}

function withoutAmbiguous(candidates: readonly Candidate[]): { kept: Candidate[]; ambiguous: number; duplicates: number } {
  const pagesOf = new Map<string, Set<string>>();
  const keyOf = ({ page, query }: Candidate) => `${page.lang}\0${query.toLowerCase()}`;
  for (const candidate of candidates) pagesOf.set(keyOf(candidate), (pagesOf.get(keyOf(candidate)) ?? new Set()).add(candidate.page.id));
  const seen = new Set<string>();
  let ambiguous = 0;
  const kept = candidates.filter((candidate) => {
    if (pagesOf.get(keyOf(candidate))!.size > 1) {
      ambiguous++;
      return false;
    }
    return !seen.has(keyOf(candidate)) && seen.add(keyOf(candidate));
  });
  return { kept, ambiguous, duplicates: candidates.length - ambiguous - kept.length };
}

/** The title of a page in one language with the body in another. */
function crossLingual(titles: readonly Candidate[]): Candidate[] {
  const byId = new Map<string, Candidate[]>();
  for (const title of titles) byId.set(title.page.id, [...(byId.get(title.page.id) ?? []), title]);
  return [...byId.values()].flatMap((group) =>
    group.flatMap(({ query, page }) => group.flatMap((other) => (other.page.lang === page.lang ? [] : [{ ...other, kind: "cross" as const, query }]))),
  );
}

/** Those first whose passage another pair has already: its hidden states cost nothing more. */
function withKnownPassages(crossing: readonly Candidate[], within: readonly Candidate[]): Candidate[] {
  const known = new Set(within.map(({ passage }) => passage));
  return [...crossing.filter(({ passage }) => known.has(passage)), ...crossing.filter(({ passage }) => !known.has(passage))];
}

function sample<T>(list: readonly T[], count: number, random: Random): T[] {
  return random.shuffle([...list]).slice(0, count);
}
