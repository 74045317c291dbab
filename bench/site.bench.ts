/**
 * A static site's search, side by side: GNOME Help with Pagefind, MiniSearch and Orama, each with its defaults, and with this package, by words alone (before the
 * model is there) and by meaning. How well pages are found, what a reader downloads, and how long the first answer takes.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { chromium } from "playwright";
import { type PlotRow, renderPlot } from "#evaluation/plot.ts";
import { LANGUAGES } from "../tools/evaluation/gnome-help-sets.ts";
import { ensureChromium } from "../tools/install-chromium.ts";
import { type CountingServer, serveCounting } from "./delivery/counting-server.ts";
import { type BenchOptions, type BenchReport, type Cell, countOption, note } from "./harness/bench.ts";
import { buildPages } from "./harness/build-pages.ts";
import { packageVersion } from "./harness/machine.ts";
import { median } from "./harness/statistics.ts";
import { bytesBelow, indexJson, indexOurs, indexPagefind } from "./site/build-indexes.ts";
import { readPages } from "./site/corpus.ts";
import { measure, miniSearchSearch, oramaSearch, ourSearch, pagefindSearch, questionSets } from "./site/quality.ts";
import { openSide, socketBytes, type Visit, visit } from "./site/visits.ts";

export const summary = "search of GNOME Help as a static site, beside Pagefind, MiniSearch and Orama: nDCG@10, bytes, index size, time to the first answer";

export const options = {
  limit: { type: "string", help: "ask only the first N questions of each set" },
  visits: { type: "string", help: "visits of each side, of whose times the median counts (default 3)" },
  "all-languages": { type: "boolean", help: "index all 11 languages, and measure a visit that asks in all of them" },
  plot: { type: "string", help: "file to write a picture to" },
} as const;

const MEASURED = ["en", "de", "ko", "ja"] as const;
const FOLDER = ".cache/bench/site";
/** As a host does: files of its own compression, and binary ones, are sent as they are. */
const SENT_AS_THEY_ARE = /\.(pf_\w+|pagefind)$|^\/ours\/.*-[0-9a-f]{16}\//;

const OURS_WORDS = "this package, by words";
const OURS = "this package, by meaning";
const PEERS = ["Pagefind", "MiniSearch", "Orama"] as const;

/** Bars of GNOME Help in English, in bytes. */
const BARS = { index: 1.2e6, tokens: 5e6, tokensOfAQuestion: 200e3 } as const;

export async function run(given: BenchOptions): Promise<BenchReport> {
  const visits = countOption(given, "visits", 3);
  note("Indexing (some minutes the first time).");
  const titled = { languages: given["all-languages"] ? LANGUAGES : ["en"], withTitles: true };
  const folders = {
    ours: await indexOurs(path.join(FOLDER, "titled"), titled),
    pagefind: await indexPagefind(path.join(FOLDER, "titled"), titled),
    json: await indexJson(path.join(FOLDER, "titled"), { languages: ["en"], withTitles: true }),
    untitledPagefind: await indexPagefind(path.join(FOLDER, "untitled"), { languages: MEASURED, withTitles: false }),
  };
  const pages = await buildPages("bench/site/pages", ["ours.html", "minisearch.html", "orama.html", "pagefind.html"], `${FOLDER}/built`);
  const { ours, pagefind, json, untitledPagefind } = folders;
  const prefixes = { "/": pages, "/models/": "public/models", "/ours/": ours, "/pagefind/": pagefind, "/untitled-pagefind/": untitledPagefind, "/json/": json };
  const server = await serveCounting(prefixes, "br", SENT_AS_THEY_ARE);
  try {
    const quality = await measureQuality(server, countOption(given, "limit", Number.POSITIVE_INFINITY));
    const delivery = await measureDelivery(server, visits, given["all-languages"] === true);
    if (typeof given.plot === "string") {
      mkdirSync(path.dirname(given.plot), { recursive: true });
      writeFileSync(given.plot, plotOf(quality));
    }
    return report(quality, delivery, folders);
  } finally {
    await server.close();
  }
}

interface Quality {
  readonly sets: ReturnType<typeof questionSets>;
  /** nDCG@10 by side, in the order of the sets. */
  readonly sides: ReadonlyMap<string, readonly number[]>;
}

async function measureQuality(server: CountingServer, limit: number): Promise<Quality> {
  const sets = questionSets(MEASURED);
  const index = await indexOurs(path.join(FOLDER, "untitled"), { languages: MEASURED, withTitles: false });
  const browser = await chromium.launch({ executablePath: ensureChromium(), headless: true, args: ["--no-sandbox"] });
  const { meaning, words, close } = await ourSearch(index);
  try {
    const open = async (language: string) =>
      await openSide(await browser.newContext(), `${server.origin}/pagefind.html?lang=${language}&index=untitled-pagefind`);
    const searches = {
      Pagefind: pagefindSearch(open),
      MiniSearch: miniSearchSearch(MEASURED),
      Orama: await oramaSearch(MEASURED),
      [OURS_WORDS]: words,
      [OURS]: meaning,
    };
    const sides = new Map<string, readonly number[]>();
    for (const [name, search] of Object.entries(searches)) sides.set(name, await measure(name, search, sets, limit));
    return { sets, sides };
  } finally {
    await browser.close();
    await close();
  }
}

interface Delivery {
  readonly sides: ReadonlyMap<string, readonly Visit[]>;
  /** One visit that asks all eleven languages; null where it was not asked for. */
  readonly allLanguages: Visit | null;
}

/** English descriptions: the first opens everything, the others show what a question costs. */
function questions(): string[] {
  return ["printing-2sided", "sound-volume", "files-rename", "clock-timezone", "power-suspend", "mouse-doubleclick"].map(
    (id) => readPages("en").find((page) => page.id === id)!.description,
  );
}

async function measureDelivery(server: CountingServer, visits: number, inAll: boolean): Promise<Delivery> {
  const sides: Record<string, readonly [address: string, stage: "words" | "meaning"]> = {
    Pagefind: ["pagefind.html", "words"],
    MiniSearch: ["minisearch.html", "words"],
    Orama: ["orama.html", "words"],
    [OURS_WORDS]: ["ours.html?load=asked", "words"],
    [OURS]: ["ours.html", "meaning"],
  };
  const made = new Map<string, Visit[]>(Object.keys(sides).map((name) => [name, []]));
  // In turns: what else the machine does meets all.
  for (let turn = 0; turn < visits; turn++) {
    for (const [name, [address, stage]] of Object.entries(sides)) {
      note(`Visit ${turn + 1} of ${visits}: ${name}`);
      made.get(name)!.push(await visit(server, address, questions(), stage));
    }
  }
  if (inAll) note("A visit that asks in all languages.");
  return { sides: made, allLanguages: inAll ? await visit(server, "ours.html?all", questions(), "meaning") : null };
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const kilobytes = (bytes: number) => Math.round(bytes / 1000);

/** Bytes of one visit's page and first question, and of each later question on average. */
function bytesOf({ page, asked }: Visit): { first: number; next: number } {
  const [first, ...later] = asked.map(({ sent }) => socketBytes(sent));
  return { first: socketBytes(page) + first!, next: mean(later) };
}

function report(quality: Quality, { sides, allLanguages }: Delivery, folders: { ours: string; pagefind: string; json: string }): BenchReport {
  const { sets } = quality;
  const scoreOf = (side: string, wanted: (set: (typeof sets)[number]) => boolean) => mean(quality.sides.get(side)!.filter((_, place) => wanted(sets[place]!)));
  const names = [...PEERS, OURS_WORDS, OURS];
  const isEnglishOurs = (name: string) => name.startsWith("en-");
  const ourBytes = bytesBelow(folders.ours, isEnglishOurs);
  const tokenBytes = bytesBelow(folders.ours, (name) => isEnglishOurs(name) && name.endsWith(".tokens"));
  const sizes: Record<string, number> = {
    Pagefind: bytesBelow(folders.pagefind, (name) =>
      /(^|\/)en_[^/]*\.pf_\w+$|pagefind\.en_\w+\.pf_meta$|wasm\.en\.pagefind$|pagefind\.js$|pagefind-entry\.json$/.test(name),
    ),
    MiniSearch: bytesBelow(folders.json, (name) => name === "minisearch-en.json"),
    Orama: bytesBelow(folders.json, (name) => name === "orama-en.json"),
    [OURS_WORDS]: ourBytes,
    [OURS]: ourBytes,
  };
  const tokensRead = sides
    .get(OURS)!
    .flatMap(({ asked }) => asked.map(({ sent }) => sent.filter(({ url }) => url.endsWith(".tokens")).reduce((sum, { bodyBytes }) => sum + bodyBytes, 0)));
  const perLanguage = (wanted: readonly string[], name: string): Cell[] => [
    name,
    ...MEASURED.map((language) => scoreOf(name, (set) => set.group === "same" && set.language === language && wanted.includes(set.kind)).toFixed(3)),
    scoreOf(name, (set) => set.group === "same" && wanted.includes(set.kind)).toFixed(3),
    scoreOf(name, (set) => set.group === "to-english" && wanted.includes(set.kind)).toFixed(3),
  ];
  const columns = ["", ...MEASURED, "mean", "Korean question, English page"];
  const all = allLanguages && bytesOf(allLanguages);
  return {
    tables: [
      { title: "nDCG@10, pages asked for by their title", columns, rows: names.map((name) => perLanguage(["title"], name)) },
      { title: "nDCG@10, pages asked for by their description", columns, rows: names.map((name) => perLanguage(["description"], name)) },
      {
        title: "GNOME Help in English: what is published, and what a reader downloads and waits (kB of 1,000 bytes, brotli, localhost)",
        columns: ["", "index, kB", "page and first question, kB", "a next question, kB", "first answer, ms", "a next answer, ms"],
        rows: [
          ...names.map((name): Cell[] => {
            const made = sides.get(name)!;
            const times = (wanted: (place: number) => boolean) =>
              median(made.flatMap(({ asked }) => asked.filter((_, place) => wanted(place)).map(({ answer }) => answer.ms)));
            return [
              name,
              kilobytes(sizes[name]!),
              kilobytes(median(made.map((one) => bytesOf(one).first))),
              kilobytes(median(made.map((one) => bytesOf(one).next))),
              Math.round(times((place) => place === 0)),
              Math.round(times((place) => place > 0)),
            ];
          }),
          ...(all
            ? [["the same, by meaning in all 11 languages", kilobytes(bytesBelow(folders.ours)), kilobytes(all.first), kilobytes(all.next), null, null]]
            : []),
        ],
      },
    ],
    notes: [
      "Quality: pages without titles, so that no question is a part of what it should find. Sizes, bytes and times: pages with titles and descriptions.",
      "Peers with their defaults. Orama's tokenizer has no Korean and no Japanese: it is left with its English one. Without the optional packages for those languages it finds what is written in Latin letters.",
      "Ten results with their texts are read by each side. Ours reads no embeddings ahead here (by default it does, in idle time: an eighth of the table).",
      "By meaning, the first question waits for the model to be downloaded and made ready; by default the words' answer is shown meanwhile.",
    ],
    versions: Object.fromEntries(["pagefind", "minisearch", "@orama/orama"].map((name) => [name, packageVersion(name)])),
    ratios: [
      { name: "index of GNOME Help in English without token vectors", value: (ourBytes - tokenBytes) / 1e6, aim: BARS.index / 1e6, atMost: true, unit: " MB" },
      { name: "its token vectors", value: tokenBytes / 1e6, aim: BARS.tokens / 1e6, atMost: true, unit: " MB" },
      { name: "of which a question reads at most", value: Math.max(...tokensRead) / 1e3, aim: BARS.tokensOfAQuestion / 1e3, atMost: true, unit: " kB" },
    ],
    raw: { quality: Object.fromEntries(quality.sides), sets: sets.map(({ group, name }) => `${group} ${name}`), tokensRead },
  };
}

function plotOf({ sets, sides }: Quality): string {
  const rows = [...sides].map(([label, values]): PlotRow => {
    const point = (series: number, group: "same" | "to-english") => {
      const single = values.filter((_, place) => sets[place]!.group === group);
      return { series, value: mean(single), single };
    };
    return { label: label.replace("this package, ", "ours, "), points: [point(0, "same"), point(1, "to-english")] };
  });
  const title = "Search of GNOME Help as a static site: nDCG@10";
  return renderPlot({ title, axis: "nDCG@10", series: ["same language", "Korean to English"], rows });
}
