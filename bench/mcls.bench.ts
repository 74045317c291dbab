/**
 * What MCLS does (several `<s>` in a text, and the mean of their states), on the long pages of GNOME Help: nDCG@10 of dense vectors for the pages' titles.
 *
 * BGE-M3's weights are not at hand. So this is m3-mini's encoder with the state of `<s>` for its dense vector, which it was not trained to have: the figures compare ways to make one
 * vector of `<s>` states, and say nothing about BGE-M3, which was trained that way. The mean of all tokens, which is m3-mini's own, stands beside.
 */
import { openFileModel } from "#cli/file-model.ts";
import { openNodeSession } from "#cli/node-session.ts";
import type { EncodeOptions } from "#core/embedding.ts";
import type { LoadedModel } from "#core/loaded-model.ts";
import { EmbeddingTable } from "#encoder/embedding-table.ts";
import { M3Encoder } from "#encoder/encoder.ts";
import { evaluate } from "#evaluation/harness.ts";
import { openTokenizer } from "#tokenizer/open-tokenizer.ts";
import { gnomeHelpSets, LANGUAGES } from "../tools/evaluation/gnome-help-sets.ts";
import { type BenchOptions, type BenchReport, note } from "./harness/bench.ts";

export const summary = "MCLS on the long pages of GNOME Help, with m3-mini's encoder: nDCG@10 of one <s>, of several, and of the mean of all tokens";

export const options = {
  languages: { type: "string", help: 'only these, such as "en,de" (default: en, de, fr, es)' },
  limit: { type: "string", help: "only so many of the long pages, and no others (default: all pages)" },
} as const;

const MEASURE = "nDCG@10";
/** Tokens of a long page: MCLS changes nothing for shorter ones. */
const LONG = 256;
const MODEL = "public/models/m3-mini";

interface Way {
  readonly name: string;
  readonly pooling: "cls" | "mean";
  readonly encode: EncodeOptions;
}

const WAYS: readonly Way[] = [
  { name: "one <s>", pooling: "cls", encode: {} },
  ...[256, 128, 64, 32].map((clsEvery): Way => ({ name: `a <s> every ${clsEvery} tokens`, pooling: "cls", encode: { clsEvery } })),
  { name: "mean of all tokens (m3-mini's own)", pooling: "mean", encode: {} },
];

export async function run({ languages, limit }: BenchOptions): Promise<BenchReport> {
  const wanted = typeof languages === "string" ? languages.split(",") : ["en", "de", "fr", "es"];
  const sets = gnomeHelpSets(LANGUAGES.filter((language) => wanted.includes(language))).filter(
    ({ group, name }) => group === "same" && name.endsWith("-title"),
  );
  const model = await openFileModel(MODEL);
  const encoders = { cls: await encoderOf(model, "cls"), mean: await encoderOf(model, "mean") };
  const rows: (string | number)[][] = [];
  for (const { name, documents: all, queries, qrels } of sets) {
    const counts = await encoders.mean.countTokens(
      all.map(({ text }) => text),
      "passage",
    );
    const longPages = all.filter((_, index) => counts[index]! > LONG).slice(0, limit === undefined ? undefined : Number(limit));
    const documents = limit === undefined ? all : longPages;
    const long = new Set(longPages.map(({ id }) => id));
    const asked = new Map([...queries].filter(([id]) => [...(qrels.get(id) ?? [])].some(([document]) => long.has(document))));
    const values: number[] = [];
    for (const { pooling, encode } of WAYS) {
      note(`${name}, way ${values.length + 1} of ${WAYS.length}: ${documents.length} pages, ${long.size} of them long, ${asked.size} queries`);
      const options = { maxLength: 512, ...encode };
      const { denseVecs: pages } = await encoders[pooling].encode(
        documents.map(({ text }) => text),
        "passage",
        options,
      );
      const titles = [...asked];
      const { denseVecs: vectors } = await encoders[pooling].encode(
        titles.map(([, title]) => title),
        "query",
        options,
      );
      const vectorOf = new Map(titles.map(([id], index) => [id, vectors![index]!]));
      const rank = (query: string, depth: number) =>
        documents
          .map(({ id }, index) => ({ id, score: dot(vectorOf.get(query)!, pages![index]!) }))
          .sort((a, b) => b.score - a.score)
          .slice(0, depth)
          .map(({ id }) => id);
      const { means } = await evaluate(new Map(titles.map(([id]) => [id, id])), qrels, rank, { measures: [MEASURE] });
      values.push(means[MEASURE]!);
      note(`${MEASURE} ${means[MEASURE]!.toFixed(4)}`);
    }
    rows.push([name, documents.length, long.size, ...values]);
  }
  const means = WAYS.map((_, way) => rows.reduce((sum, row) => sum + (row[way + 3] as number), 0) / rows.length);
  const columns = ["set", "pages", `over ${LONG} tokens`, ...WAYS.map(({ name }) => name)];
  return {
    tables: [
      {
        title: `${MEASURE} for the titles of long pages, among ${limit === undefined ? "all" : "these"} pages`,
        columns,
        rows: [...rows, ["mean", "", "", ...means]],
      },
    ],
    ratios: [],
  };
}

async function encoderOf({ manifest: own, tensors, readTokenizer }: LoadedModel, pooling: "cls" | "mean"): Promise<M3Encoder> {
  const manifest = { ...own, heads: { ...own.heads, dense: { pooling } } };
  const session = await openNodeSession({ manifest, tensors, readTokenizer });
  return new M3Encoder({
    manifest,
    tokenizer: await openTokenizer(manifest, await readTokenizer()),
    session,
    embeddings: new EmbeddingTable(manifest, tensors),
  });
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let index = 0; index < a.length; index++) sum += a[index]! * b[index]!;
  return sum;
}
