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
import { SYSTEMS } from "#cli/commands/evaluate/systems.ts";
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
const DEFAULT = "balanced";
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
    ratios: filled[0]!.bars(),
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
    return [
      {
        title: `${MEASURE}, ${this.title}, mean of ${this.languages.length} languages`,
        columns: ["", ...FORMS.map((form) => FORM_NAMES[form])],
        rows: systems.map((system) => [system, ...FORMS.map((form) => rounded(mean(this.languages.map((language) => this.#score(language, system, form)))))]),
      },
      {
        title: `${MEASURE}, ${this.title}, exact`,
        columns: ["", ...systems],
        rows: this.languages.map((language) => [language, ...systems.map((system) => rounded(this.#score(language, system, "exact")))]),
      },
    ];
  }

  bars(): Ratio[] {
    const loss = (form: Form) => (language: Language, system: string) => this.#score(language, system, "exact") - this.#score(language, system, form);
    const gain = (form: Form) => (language: Language) => this.#score(language, DEFAULT, form) - this.#score(language, "dense", form);
    const lost = HEADS.map((head) => {
      const losses = this.languages.map((language) => loss("int8")(language, head));
      return {
        name: `int8 loses, ${head}, mean (worst ${worst(this.languages, losses, Math.max)})`,
        value: signed(mean(losses)),
        aim: TOLERANCE,
        atMost: true,
        unit: "",
      };
    });
    const gained = FORMS.map((form) => {
      const gains = this.languages.map(gain(form));
      const name = `${DEFAULT} against dense alone, ${FORM_NAMES[form]}, worst language (${worst(this.languages, gains, Math.min)}; mean ${mean(gains).toFixed(4)})`;
      return { name, value: signed(Math.min(...gains)), aim: -TOLERANCE, unit: "" };
    });
    return [...lost, ...gained];
  }

  plot(): string {
    return plotOf(this.#sets, MEASURE, `GNOME Help, ${this.title}: ${MEASURE}, means over ${this.#sets.length} sets`);
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

function worst(languages: readonly Language[], values: readonly number[], choose: (...values: number[]) => number): string {
  const value = choose(...values);
  return `${languages[values.indexOf(value)]} ${value.toFixed(4)}`;
}

/** Text, so that the table keeps all four decimals. */
function rounded(value: number): string {
  return value.toFixed(4);
}

function signed(value: number): number {
  return Number(value.toFixed(4));
}
