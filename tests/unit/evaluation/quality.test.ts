/**
 * The quality bars on the model that ships, for two languages, everything computed here: pages asked for by title and by description. `npm run bench -- quality`
 * tells them for all eleven.
 */
import { beforeAll, describe, expect, it } from "vitest";
import { CachedEncoder } from "#cli/commands/evaluate/encode-cached.ts";
import { evaluateSet, type Form, type SetResult } from "#cli/commands/evaluate/evaluate-set.ts";
import { find, meansOverSets } from "#cli/commands/evaluate/report.ts";
import { SYSTEMS } from "#cli/commands/evaluate/systems.ts";
import { defaultModelFolder } from "#cli/default-model.ts";
import { openFileModel } from "#cli/file-model.ts";
import { openNodeSession } from "#cli/node-session.ts";
import { EmbeddingTable } from "#encoder/embedding-table.ts";
import { M3Encoder } from "#encoder/encoder.ts";
import { Kernels } from "#scoring/kernels/instance.ts";
import { XlmRobertaTokenizer } from "#tokenizer/xlm-roberta.ts";
import { gnomeHelpSets, type Language } from "../../../tools/evaluation/gnome-help-sets.ts";

const MEASURE = "nDCG@10";
const TOLERANCE = 0.005;
/** Those with the fewest pages. Their scripts and tokens could hardly be more different. */
const LANGUAGES: readonly Language[] = ["fa", "ja"];

const results: SetResult[] = [];

beforeAll(async () => {
  const model = await openFileModel(defaultModelFolder());
  const { manifest } = model;
  const tokenizer = XlmRobertaTokenizer.fromBytes(await model.readTokenizer());
  const session = await openNodeSession(model);
  const embeddings = new EmbeddingTable(manifest, model.tensors);
  const encoder = new CachedEncoder({
    encoder: new M3Encoder({ manifest, tokenizer, session, embeddings }),
    manifest,
    arithmetic: session.info.precision,
    maxLength: 512,
    folder: null,
  });
  const bodies = new Map<string, Awaited<ReturnType<typeof encodeAll>>>();
  const encodeAll = async (texts: readonly string[]) => {
    const chunks = [];
    for await (const chunk of encoder.encode(texts, "passage")) chunks.push(chunk);
    return chunks;
  };
  // Titles and descriptions look for the same bodies: these are encoded once.
  const sharing = {
    async *encode(texts: readonly string[], kind: "query" | "passage") {
      if (kind === "query") return yield* encoder.encode(texts, kind);
      const known = bodies.get(texts[0]!) ?? (await encodeAll(texts));
      bodies.set(texts[0]!, known);
      yield* known;
    },
  };
  const parts = { encoder: sharing, tokenizer, kernels: await Kernels.create() };
  for (const set of gnomeHelpSets(LANGUAGES).filter(({ group }) => group === "same"))
    results.push(await evaluateSet(set.name, set, parts, { systems: SYSTEMS, measures: [MEASURE], forms: ["int8", "bits"] }));
  await session.dispose();
}, 900_000);

const score = (system: string, form: Form, language = "") =>
  find(meansOverSets(results.filter(({ name }) => name.startsWith(language))), system, form)!.means[MEASURE]!;

describe("on GNOME Help in Persian and Japanese", () => {
  it("asks what it should", () => {
    expect(results.map(({ name, queries, documents, missing }) => [name, queries, documents, missing])).toEqual([
      ["fa-title", 67, 67, 0],
      ["fa-description", 67, 67, 0],
      ["ja-title", 94, 94, 0],
      ["ja-description", 94, 94, 0],
    ]);
  });

  it.each([
    ["dense", 0.85],
    ["lexical", 0.8],
    ["ColBERT", 0.87],
    ["BM25", 0.82],
    ["balanced", 0.88],
  ])("%s finds pages", (system, least) => {
    expect(score(system, "exact")).toBeGreaterThan(least);
  });

  it.each(["dense", "lexical", "ColBERT"])("int8 costs %s no more than the tolerance", (head) => {
    expect(score(head, "exact") - score(head, "int8")).toBeLessThanOrEqual(TOLERANCE);
  });

  it.each(LANGUAGES)("the default combination is not worse than dense alone in %s", (language) => {
    for (const form of ["exact", "int8", "bits"] as const)
      expect(score("balanced", form, language), form).toBeGreaterThanOrEqual(score("dense", form, language) - TOLERANCE);
    for (const form of ["int8", "bits"] as const)
      expect(score("default search", form, language), form).toBeGreaterThanOrEqual(score("dense", "exact", language) - TOLERANCE);
    expect(score("three heads", "exact", language)).toBeGreaterThanOrEqual(score("dense", "exact", language) - TOLERANCE);
  });
});
