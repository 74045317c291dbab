/**
 * What `m3.adapt` gives on pages of GNOME Help, with its defaults, as an index of them would: `npx tsx tools/training/measure-adapt.ts [language] [pages] [seeds]`. In
 * Node, with the command line's engine, so that figures come without a browser; the same pairs, trainer and judgement. Hidden states are kept in .cache/training.
 */
import { readFileSync } from "node:fs";
import path from "node:path";
import { openStatesCache } from "#cli/commands/train-heads/states-cache.ts";
import { defaultModelFolder } from "#cli/default-model.ts";
import { openFileModel } from "#cli/file-model.ts";
import { openNodeSession } from "#cli/node-session.ts";
import { XlmRobertaTokenizer } from "#tokenizer/xlm-roberta.ts";
import { adaptHeads } from "#training/adaptation.ts";
import { makePairs } from "#training/curation/make-pairs.ts";
import { parsePage } from "#training/curation/page.ts";
import type { HeadScores } from "#training/evaluate-heads.ts";
import { readHeads } from "#training/model-heads.ts";
import { splitPairs } from "#training/split.ts";
import { tabulate } from "#training/text-table.ts";

const [language = "en", count = "60", seeds = "1,2,3"] = process.argv.slice(2);
const file = `corpus/gnome-help/${language}.jsonl`;
const lines = readFileSync(file, "utf8").trim().split("\n").slice(0, Number(count));
const pages = lines.map((line, index) => ({ ...parsePage(line, `${file}, line ${index + 1}`), lang: language }));

const model = await openFileModel(defaultModelFolder());
const tokenizer = XlmRobertaTokenizer.fromBytes(await model.readTokenizer());
const { bosId, eosId, padId, unkId } = tokenizer;
const specialIds = new Set([bosId, eosId, padId, unkId].filter((id) => id !== undefined));

console.log("| seed | pairs | steps | dense | lexical | ColBERT | together | seconds |\n|---|---|---|---|---|---|---|---|");
for (const seed of seeds.split(",").map(Number)) {
  const { pairs } = makePairs(pages, { kinds: ["title", "section", "lead"], crossShare: 0, leastQuery: 3, leastPassage: 60, maxPairs: 2000, seed });
  const table = tabulate(pairs);
  const source = await openStatesCache(table.texts, {
    model,
    tokenizer,
    folder: path.resolve(".cache/training/states"),
    maxLength: 128,
    openSession: (opened) => openNodeSession(opened),
  });
  const split = splitPairs(table.pairs, 0.2, seed, "pairs");
  const startedAt = performance.now();
  const { before, after, training } = await adaptHeads({
    source,
    split,
    heads: await readHeads(model.manifest, model.tensors),
    specialIds,
    training: { seed },
  });
  source.close();
  const change = (name: keyof HeadScores) => `${before[name]!.mrr.toFixed(3)} → ${after[name]!.mrr.toFixed(3)}`;
  const counts = `${split.train.length} + ${split.dev.length} + ${split.heldOut.length}`;
  const seconds = Math.round((performance.now() - startedAt) / 1000);
  const cells = [seed, counts, `${training.bestStep} of ${training.steps.length}`, before.dense.mrr.toFixed(3), change("lexical"), change("colbert")];
  console.log(`| ${[...cells, change("combined"), seconds].join(" | ")} |`);
}
