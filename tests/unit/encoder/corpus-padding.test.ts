import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { openFileModel } from "#cli/file-model.ts";
import { paddingRatio, planBatches } from "#encoder/batching.ts";
import { PromptedTokenizer } from "#encoder/tokenize-texts.ts";
import { XlmRobertaTokenizer } from "#tokenizer/xlm-roberta.ts";

const ROOT = path.resolve(import.meta.dirname, "../../..");
const CORPUS = path.join(ROOT, "corpus/gnome-help");
const LANGUAGES = readdirSync(CORPUS)
  .filter((file) => file.endsWith(".jsonl"))
  .map((file) => path.basename(file, ".jsonl"));
/** What the WebGPU engine asks for. The others take equal lengths only, which costs no padding at all. */
const PREFERENCE = { tokenBudget: 4096, maxTexts: 64, maxPadding: 0.03 };

function pages(language: string): string[] {
  const lines = readFileSync(path.join(CORPUS, `${language}.jsonl`), "utf8").split("\n");
  return lines.filter(Boolean).map((line) => {
    const { title, body } = JSON.parse(line) as { title: string; body: string };
    return `${title}\n${body}`;
  });
}

describe("batches of GNOME Help, tokenised for m3-mini", () => {
  const lengths = new Map<string, number[]>();

  beforeAll(async () => {
    const model = await openFileModel(path.join(ROOT, "public/models/m3-mini"));
    const tokenizer = new PromptedTokenizer(XlmRobertaTokenizer.fromBytes(await model.readTokenizer()), model.manifest, "passage");
    for (const language of LANGUAGES) {
      const encoded = await tokenizer.encode(pages(language), { maxLength: 512, path: "", signal: undefined });
      lengths.set(
        language,
        encoded.map(({ ids }) => ids.length),
      );
    }
  });

  it.each(LANGUAGES)("cost at most 3 %% padding in %s, in fewer batches than half the pages", (language) => {
    const batches = planBatches(lengths.get(language)!, PREFERENCE);
    expect(paddingRatio(lengths.get(language)!, batches)).toBeLessThanOrEqual(1.03);
    expect(batches.length).toBeLessThan(lengths.get(language)!.length / 2);
  });

  it("cost 0.5 % in all 11 languages together, 12 pages a batch", () => {
    const all = [...lengths.values()].flat();
    const batches = planBatches(all, PREFERENCE);
    expect(LANGUAGES).toHaveLength(11);
    expect(paddingRatio(all, batches)).toBeLessThanOrEqual(1.006);
    expect(all.length / batches.length).toBeGreaterThan(12);
  });
});
