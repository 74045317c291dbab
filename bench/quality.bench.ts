/**
 * How well the model that ships finds GNOME Help's pages by their titles and their descriptions, in 11 languages and across to English: each head and the
 * combinations, exact and compressed, and the bars that they have to meet. Encoding takes some minutes the first time; vectors are kept in .cache/evaluation.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { CachedEncoder } from "#cli/commands/evaluate/encode-cached.ts";
import { evaluateSets, plotOf } from "#cli/commands/evaluate/evaluate.ts";
import type { Form, SetResult } from "#cli/commands/evaluate/evaluate-set.ts";
import { FORM_NAMES, find, meansOverSets } from "#cli/commands/evaluate/report.ts";
import { DEFAULT_SEARCH, SYSTEMS } from "#cli/commands/evaluate/systems.ts";
import { defaultModelFolder } from "#cli/default-model.ts";
import { openFileModel } from "#cli/file-model.ts";
import { openNodeSession } from "#cli/node-session.ts";
import { EmbeddingTable } from "#encoder/embedding-table.ts";
import { M3Encoder } from "#encoder/encoder.ts";
import { Kernels } from "#scoring/kernels/instance.ts";
import { XlmRobertaTokenizer } from "#tokenizer/xlm-roberta.ts";
import { gnomeHelpSets, type HelpSet, LANGUAGES, type Language } from "../tools/evaluation/gnome-help-sets.ts";
import { type BenchOptions, type BenchReport, note, type Ratio, type Table } from "./harness/bench.ts";

export const summary = "nDCG@10 on GNOME Help in 11 languages: heads and combinations, exact and compressed, against their bars";

export const options = {
  languages: { type: "string", help: 'only these, such as "ko,fa" (default: all eleven)' },
  model: { type: "string", help: "folder of another model" },
  precision: { type: "string", help: '"fp32" computes everything in float32 (default: as the model ships)' },
  plots: { type: "string", help: "folder to write two pictures to: gnome-help-same.svg and gnome-help-to-english.svg" },
} as const;

const MEASURE = "nDCG@10";
/** What compression may cost, and the default combination against dense alone in any language. */
const TOLERANCE = 0.005;
const HEADS = ["dense", "lexical", "ColBERT"] as const;
/** The default, and what is left of it without BM25. */
const COMBINATIONS = ["balanced", "three heads"] as const;
const FORMS = Object.keys(FORM_NAMES) as readonly Form[];

export async function run({ languages, model: folder, precision, plots }: BenchOptions): Promise<BenchReport> {
  const chosen = LANGUAGES.filter((language) => languages === undefined || String(languages).split(",").includes(language));
  const model = await openFileModel(typeof folder === "string" ? folder : defaultModelFolder());
  const { manifest } = model;
  const tokenizer = XlmRobertaTokenizer.fromBytes(await model.readTokenizer());
  const session = await openNodeSession(model, { precision: precision === "fp32" ? "fp32" : "default" });
  const encoder = new CachedEncoder({
    encoder: new M3Encoder({ manifest, tokenizer, session, embeddings: new EmbeddingTable(manifest, model.tensors) }),
    manifest,
    arithmetic: `${session.info.engine} ${session.info.precision}`,
    maxLength: 512,
    folder: ".cache/evaluation",
  });
  const parts = { encoder, tokenizer, kernels: await Kernels.create() };
  const sets = gnomeHelpSets(chosen);
  const results: { readonly set: HelpSet; readonly result: SetResult }[] = [];
  for (const set of sets) {
    note(`${results.length + 1} of ${sets.length}: ${set.group} ${set.name}, ${set.queries.size} queries`);
    const named = { name: set.name, read: async () => set };
    const [result] = await evaluateSets([named], parts, { systems: SYSTEMS, measures: [MEASURE], forms: ["int8", "bits"] });
    results.push({ set, result: result! });
  }
  await session.dispose();
  const groups = (["same", "to-english"] as const).map(
    (group) =>
      new Group(
        group,
        results.filter(({ set }) => set.group === group).map(({ result }) => result),
        chosen,
      ),
  );
  const filled = groups.filter(({ languages: its }) => its.length > 0);
  if (typeof plots === "string") {
    mkdirSync(plots, { recursive: true });
    for (const group of filled) writeFileSync(path.join(plots, `gnome-help-${group.name}.svg`), group.plot());
  }
  return {
    tables: filled.flatMap((group) => group.tables()),
    notes: [
      "Each language's figure is the mean of two sets: pages asked for by title, and by description. Documents are bodies without titles, cut at 512 tokens.",
      "1 bit is the form of token vectors; dense vectors of that index are int8, as always. BM25 counts vocabulary ids.",
      "A query without any match does not find its page, also not by chance: ties of score 0 are no hits.",
    ],
    versions: { model: `${manifest.name} ${manifest.dtype} ${manifest.fingerprint.slice(0, 16)}`, arithmetic: session.info.precision },
    ratios: filled.flatMap((group) => group.bars()),
    raw: results.map(({ set: { group, language, kind }, result }) => ({ group, language, kind, ...result })),
  };
}

/** The sets of one kind: pages asked for in their own language, or English ones in another. */
class Group {
  readonly name: HelpSet["group"];
  readonly languages: readonly Language[];
  readonly #sets: readonly SetResult[];

  constructor(name: HelpSet["group"], sets: readonly SetResult[], languages: readonly Language[]) {
    this.name = name;
    this.#sets = sets;
    this.languages = languages.filter((language) => this.#of(language).length > 0);
  }

  get title(): string {
    return this.name === "same" ? "same language" : "other languages to English";
  }

  tables(): Table[] {
    const systems = SYSTEMS.map(({ name }) => name);
    const inForms = (system: string) => FORMS.filter((form) => system !== DEFAULT_SEARCH || form !== "exact");
    const meansOf = (system: string) =>
      FORMS.map((form) => (inForms(system).includes(form) ? rounded(mean(this.languages.map((language) => this.#score(language, system, form)))) : null));
    return [
      {
        title: `${MEASURE}, ${this.title}, mean of ${this.languages.length} languages`,
        columns: ["", ...FORMS.map((form) => FORM_NAMES[form])],
        rows: [...systems, DEFAULT_SEARCH].map((system) => [system, ...meansOf(system)]),
      },
      {
        title: `${MEASURE}, ${this.title}, exact`,
        columns: ["", ...systems],
        rows: this.languages.map((language) => [language, ...systems.map((system) => rounded(this.#score(language, system, "exact")))]),
      },
    ];
  }

  /** What compression costs each head, and what the default combination costs any language: the worst language counts. */
  bars(): Ratio[] {
    const lost = HEADS.map((head) => {
      const losses = this.languages.map((language) => this.#score(language, head, "exact") - this.#score(language, head, "int8"));
      const most = Math.max(...losses);
      return { name: `${this.title}: int8 loses, ${head}, ${this.#which(losses, most)}`, value: fourDecimals(most), aim: TOLERANCE, atMost: true, unit: "" };
    });
    const gained = COMBINATIONS.flatMap((system) =>
      FORMS.map((form) => {
        const gains = this.languages.map((language) => this.#score(language, system, form) - this.#score(language, "dense", form));
        const least = Math.min(...gains);
        const name = `${this.title}: ${system} against dense alone, ${FORM_NAMES[form]}, ${this.#which(gains, least)}`;
        return { name, value: fourDecimals(least), aim: -TOLERANCE, unit: "" };
      }),
    );
    const searched = (["int8", "bits"] as const).map((form) => {
      const gains = this.languages.map((language) => this.#score(language, DEFAULT_SEARCH, form) - this.#score(language, "dense", "exact"));
      const least = Math.min(...gains);
      const name = `${this.title}: ${DEFAULT_SEARCH} against exact dense alone, ${FORM_NAMES[form]}, ${this.#which(gains, least)}`;
      return { name, value: fourDecimals(least), aim: -TOLERANCE, unit: "" };
    });
    return [...lost, ...gained, ...searched];
  }

  plot(): string {
    return plotOf(this.#sets, MEASURE, `GNOME Help, ${this.title}: ${MEASURE}, means over ${this.#sets.length} sets`);
  }

  #which(values: readonly number[], worst: number): string {
    return `worst language (${this.languages[values.indexOf(worst)]}; mean ${mean(values).toFixed(4)})`;
  }

  #of(language: Language): SetResult[] {
    return this.#sets.filter(({ name }) => name.startsWith(`${language}-`));
  }

  #score(language: Language, system: string, form: Form): number {
    return find(meansOverSets(this.#of(language)), system, form)!.means[MEASURE]!;
  }
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Text, so that the table keeps all four decimals. */
function rounded(value: number): string {
  return value.toFixed(4);
}

function fourDecimals(value: number): number {
  return Number(value.toFixed(4));
}
