/**
 * One side of the tokenizer bench, run in a process of its own: `side.ts ours|theirs FILE PASSES`. Loads a tokenizer from the file on disk, then tokenises
 * all declarations; prints one JSON object.
 */
import { readFileSync } from "node:fs";
import { readDeclarations } from "./texts.ts";

export interface SideResult {
  readonly loadMs: number;
  /** Growth of the process's resident memory from before the load, in MiB: right after it, and the highest value until the end of all passes. */
  readonly loadedMiB: number;
  readonly peakMiB: number;
  /** Of one pass over all texts. */
  readonly tokens: number;
  readonly characters: number;
  readonly passMs: readonly number[];
  /** A sum over all ids, to compare the sides. */
  readonly idSum: number;
}

type CountTokens = (text: string) => ArrayLike<number>;

async function prepare(side: string, file: string): Promise<() => CountTokens> {
  if (side === "ours") {
    const { XlmRobertaTokenizer } = await import("../../src/tokenizer/xlm-roberta.ts");
    return () => {
      const tokenizer = XlmRobertaTokenizer.fromBytes(readFileSync(file));
      return (text) => tokenizer.encode(text).ids;
    };
  }
  const { Tokenizer } = await import("@huggingface/tokenizers");
  return () => {
    const tokenizer = new Tokenizer(JSON.parse(readFileSync(file, "utf8")), { tokenizer_class: "XLMRobertaTokenizer" });
    return (text) => tokenizer.encode(text).ids;
  };
}

async function main([side, file, passes]: readonly string[]): Promise<void> {
  const texts = readDeclarations().flatMap(({ paragraphs }) => paragraphs);
  const load = await prepare(side!, file!);
  globalThis.gc?.();
  const before = process.memoryUsage().rss;
  const started = performance.now();
  const encode = load();
  const loadMs = performance.now() - started;
  const loaded = process.memoryUsage().rss;
  // Warm up on one text in twenty.
  for (let i = 0; i < texts.length; i += 20) encode(texts[i]!);
  const passMs: number[] = [];
  let tokens = 0;
  let idSum = 0;
  for (let pass = 0; pass < Number(passes); pass++) {
    tokens = 0;
    idSum = 0;
    const begun = performance.now();
    for (const text of texts) {
      const ids = encode(text);
      tokens += ids.length;
      for (let i = 0; i < ids.length; i++) idSum = (Math.imul(idSum, 31) + ids[i]!) | 0;
    }
    passMs.push(performance.now() - begun);
  }
  const peakMiB = (process.resourceUsage().maxRSS * 1024 - before) / 2 ** 20;
  const characters = texts.reduce((sum, text) => sum + text.length, 0);
  const result: SideResult = { loadMs, loadedMiB: (loaded - before) / 2 ** 20, peakMiB, tokens, characters, passMs, idSum };
  console.log(JSON.stringify(result));
}

await main(process.argv.slice(2));
