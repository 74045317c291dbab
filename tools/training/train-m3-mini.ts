/**
 * Trains heads for m3-mini from random numbers on LibreOffice help, and judges them on GNOME Help, which they have not seen.
 *
 *     npx tsx tools/training/train-m3-mini.ts                       pairs, hidden states, heads, evaluation
 *     npx tsx tools/training/train-m3-mini.ts --ablations           and what each part of the method gives
 *     npx tsx tools/training/train-m3-mini.ts --heads FILE          judges a file of heads, such as models/m3-mini/heads.safetensors
 *
 * Options: --pairs N (2800), --languages de,en (those that are judged), --out FOLDER (.cache/training), --json. Files that are there already are used again;
 * hidden states are kept in the folder. It changes nothing that ships: ship-heads.ts does.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { runCommandLine } from "#cli/command-line/run.ts";
import { openStatesCache } from "#cli/commands/train-heads/states-cache.ts";
import { defaultModelFolder } from "#cli/default-model.ts";
import { openFileModel } from "#cli/file-model.ts";
import { openNodeSession } from "#cli/node-session.ts";
import { XlmRobertaTokenizer } from "#tokenizer/xlm-roberta.ts";
import { loadFastProduct } from "#training/fast-product.ts";
import { gnomeHelpSets, LANGUAGES } from "../evaluation/gnome-help-sets.ts";
import { evaluateHeads, type HeadEvaluation, textsOf } from "./evaluate-heads.ts";
import { readHeads } from "./heads-file.ts";
import { ABLATIONS, CORPUS, recipe } from "./recipe.ts";
import { barsOf, table } from "./report.ts";

const { values } = parseArgs({
  options: {
    pairs: { type: "string", default: "2800" },
    languages: { type: "string" },
    out: { type: "string", default: ".cache/training" },
    heads: { type: "string" },
    ablations: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
  },
});
const root = path.resolve(import.meta.dirname, "../..");
const folder = path.resolve(values.out);
const states = path.join(folder, "states");
const pairs = path.join(folder, `pairs-${values.pairs}.jsonl`);
const { makePairs, trainHeads } = recipe(Number(values.pairs));
mkdirSync(folder, { recursive: true });

const controller = new AbortController();
process.once("SIGINT", () => controller.abort(new Error("interrupted")));

async function command(...args: string[]): Promise<void> {
  const { stdin, stdout, stderr } = process;
  const code = await runCommandLine(args, {
    stdin,
    stdout,
    stderr,
    signal: controller.signal,
    debug: Boolean(process.env.DEBUG),
    openSession: openNodeSession,
  });
  if (code !== 0) process.exit(code);
}

/** Trains, unless the heads are there. */
async function train(name: string, from: string, flags: readonly string[]): Promise<string> {
  const base = path.join(folder, `${name.replaceAll(" ", "-")}-${values.pairs}`);
  const heads = `${base}.safetensors`;
  const checkpoint = ["--checkpoint", `${base}.checkpoint`];
  if (!existsSync(heads))
    await command("train-heads", from, ...trainHeads, ...flags, "--cache", states, "--out", heads, "--curves", `${base}.svg`, ...checkpoint, "--json");
  return heads;
}

/** The pairs within languages only. */
function withoutCross(): string {
  const file = pairs.replace(".jsonl", "-same.jsonl");
  const lines = readFileSync(pairs, "utf8").split("\n");
  writeFileSync(file, lines.filter((line) => line !== "" && !(JSON.parse(line) as { group: string }).group.startsWith("to ")).join("\n"));
  return file;
}

const startedAt = performance.now();
const trained: [name: string, heads: string][] = [];
if (values.heads) trained.push([values.heads, path.resolve(values.heads)]);
else {
  if (!existsSync(pairs)) await command("make-pairs", path.join(root, CORPUS), ...makePairs, "--cache", states, "--out", pairs, "--json");
  trained.push(["m3-mini", await train("m3-mini", pairs, [])]);
  for (const { name, flags, withoutCross: isSame } of values.ablations ? ABLATIONS : [])
    trained.push([name, await train(name, isSame ? withoutCross() : pairs, flags)]);
}
const trainSeconds = (performance.now() - startedAt) / 1000;

const wanted = LANGUAGES.filter((language) => !values.languages || values.languages.split(",").includes(language));
const sets = gnomeHelpSets(wanted);
const model = await openFileModel(defaultModelFolder());
const tokenizer = XlmRobertaTokenizer.fromBytes(await model.readTokenizer());
const specialIds = new Set([tokenizer.bosId, tokenizer.eosId, tokenizer.padId, tokenizer.unkId].filter((id) => id !== undefined));
await loadFastProduct();
const source = await openStatesCache(textsOf(sets), {
  model,
  tokenizer,
  folder: states,
  maxLength: 512,
  openSession: openNodeSession,
  signal: controller.signal,
});
const results: [name: string, HeadEvaluation][] = [];
for (const [name, file] of trained) results.push([name, await evaluateHeads(source, sets, await readHeads(file, source.hiddenSize), specialIds)]);
await source.close();

const seconds = (performance.now() - startedAt) / 1000;
const bars = barsOf(results[0]![1]);
// With --json standard output has one JSON object, and the verdict is on standard error.
const say = values.json ? console.error : console.log;
if (values.json)
  console.log(JSON.stringify({ pairs: Number(values.pairs), languages: wanted, trainSeconds, seconds, results: Object.fromEntries(results), bars }));
else console.log(table(results));
for (const { name, value, bar, holds } of bars) say(`${holds ? "reached" : "missed "} ${name}: ${value.toFixed(3)}, bar ${bar.toFixed(3)}`);
const reached = bars.filter(({ holds }) => holds).length;
say(`${reached} of ${bars.length} bars reached, in ${(seconds / 60).toFixed(1)} minutes (training ${(trainSeconds / 60).toFixed(1)}).`);
