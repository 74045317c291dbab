/**
 * m3-mini here (three heads) against transformers.js on the same weights (stock export, q8, dense only): the same 400 pages, the same Chromium, WASM,
 * two threads, all files from one origin. Called in the two ways that people call it: the whole list at once, and one text at a time.
 * The same two in Node, on native ONNX Runtime, show the limit of the machine. docs/benchmarks.md tells how to read it.
 */
import { OURS, OURS_NATIVE, OURS_ORT, PEER, PEER_MAIN, PEER_NATIVE, prepareContenders } from "./encode/contenders.ts";
import { type ListRow, measureLargestList, measureLists, paddedTokens } from "./encode/lists.ts";
import { ensurePeer } from "./encode/peer-files.ts";
import { profileOperators } from "./encode/profile.ts";
import { rowsTable, tokensPerSecond } from "./encode/rows.ts";
import { measureSingles } from "./encode/singles.ts";
import { benchTexts, TEXT_COUNT } from "./encode/texts.ts";
import { type BenchOptions, type BenchReport, countOption, note } from "./harness/bench.ts";
import { packageVersion } from "./harness/machine.ts";
import { sum } from "./harness/statistics.ts";

export const summary = "m3-mini with three heads in a worker against transformers.js (dense only): the whole list, and one text at a time";

export const options = {
  limit: { type: "string", help: `take only the first N of the ${TEXT_COUNT} texts` },
  profile: { type: "boolean", help: "show instead where the time goes, by operator, on 20 of the texts" },
  "skip-native": { type: "boolean", help: "leave out the rows of native ONNX Runtime" },
} as const;

/** Shorter lists of the peer are measured on so many texts. */
const SHORT_LIST_TEXTS = 32;
const SHORT_LISTS = [32, 16, 8];
const PROFILED_TEXTS = 20;
/** As many as a block of measureSingles holds. */
const LONG_TEXTS = 20;
const LONG_TURNS = 3;

export async function run(given: BenchOptions): Promise<BenchReport> {
  const texts = benchTexts().slice(0, countOption(given, "limit", TEXT_COUNT));
  const peer = ensurePeer();
  if (given.profile) return profileOperators(texts.slice(0, PROFILED_TEXTS));
  const contenders = await prepareContenders();
  try {
    const counts = await countTokens(contenders, texts);
    const native = !given["skip-native"];
    const participants = [
      { name: OURS, share: 1 },
      { name: OURS_ORT, share: 1 },
      { name: PEER, share: 1 },
      { name: PEER_MAIN, share: 5 },
      ...(native ? [{ name: OURS_NATIVE, share: 5 } as const, { name: PEER_NATIVE, share: 5 } as const] : []),
    ] as const;
    const singles = await measureSingles(contenders, participants, texts, counts);

    const long = longest(texts, counts);
    const rivals = [
      { name: OURS, share: 1 },
      { name: OURS_ORT, share: 1 },
    ] as const;
    const longSingles = await measureSingles(contenders, rivals, long.texts, long.counts);

    // Our encoder takes texts of any lengths without padding; batches of the CPU graphs hold texts of equal length only (src/graph/token-groups.ts), so nothing is padded.
    const ours = (name: typeof OURS | typeof OURS_ORT | typeof OURS_NATIVE) =>
      measureLists(contenders, name, texts, counts, { calls: `the whole list (${texts.length})`, listSize: texts.length, computed: sum(counts) });
    const before = await ours(OURS);
    const largest = await measureLargestList(contenders, PEER, texts, counts);
    const ort = await ours(OURS_ORT);
    const after = await ours(OURS);
    const whole: ListRow = { ...after, seconds: (before.seconds + after.seconds) / 2 };
    const few = Math.min(SHORT_LIST_TEXTS, texts.length);
    const lists: ListRow[] = [whole, ort, largest.row];
    for (const listSize of SHORT_LISTS.filter((size) => size <= few && size < largest.row.listSize)) {
      const computed = paddedTokens(counts.slice(0, few), listSize);
      lists.push(await measureLists(contenders, PEER, texts.slice(0, few), counts.slice(0, few), { calls: `lists of ${listSize}`, listSize, computed }));
    }
    if (native) lists.push(await ours(OURS_NATIVE));

    const rows = [...singles.rows, ...longSingles.rows.map((row) => ({ ...row, calls: `one at a time, of ${long.tokens} tokens and more` })), ...lists];
    const dense = cosine(singles.dense.get(OURS) ?? [], singles.dense.get(PEER) ?? []);
    return {
      tables: [rowsTable(rows)],
      versions: {
        chromium: contenders.chromium(),
        "@huggingface/transformers": packageVersion("@huggingface/transformers"),
        "its onnxruntime-web": packageVersion("onnxruntime-web", "@huggingface/transformers"),
        "onnxruntime-web": packageVersion("onnxruntime-web"),
        "onnxruntime-node": packageVersion("onnxruntime-node"),
      },
      notes: [
        `${texts.length} texts, ${sum(counts)} tokens (${(sum(counts) / texts.length).toFixed(0)} on average, at most ${Math.max(...counts)}).`,
        "Ours computes dense, lexical and ColBERT vectors, the peer dense vectors only.",
        `Dense cosine of the first text, ours to the peer's: ${dense.toFixed(4)}. The peer's q8 graph to the fp32 goldens: ${peer.q8.mean.toFixed(4)} on average, ${peer.q8.min.toFixed(4)} at worst.`,
        ...largest.failures,
        "Ratios of lists compare real tokens per second, for the peer's lists hold fewer texts.",
      ],
      ratios: [
        { name: "the whole list in one call, ours to the peer's longest list", value: tokensPerSecond(whole) / tokensPerSecond(largest.row), aim: 3 },
        { name: "one text at a time, ours to the peer's (both in a worker)", value: singles.ratio(OURS, PEER), aim: 2 },
        { name: "one text at a time, our encoder to ours on ONNX Runtime", value: singles.ratio(OURS, OURS_ORT), aim: 1.8 },
        { name: "one long text at a time, our encoder to ours on ONNX Runtime", value: longSingles.ratio(OURS, OURS_ORT), aim: 1.8 },
        { name: "the whole list in one call, our encoder to ours on ONNX Runtime", value: tokensPerSecond(whole) / tokensPerSecond(ort), aim: 1.8 },
        { name: "one text at a time, ours to the peer's on the main thread", value: singles.ratio(OURS, PEER_MAIN) },
        ...lists
          .slice(3)
          .flatMap((row) =>
            row.side === PEER ? [{ name: `our whole list to the peer's ${row.calls}`, value: tokensPerSecond(whole) / tokensPerSecond(row) }] : [],
          ),
        ...(native ? [{ name: "one text at a time, native to ours in the browser (the limit)", value: singles.ratio(OURS_NATIVE, OURS) }] : []),
      ],
      raw: { rows, peer },
    };
  } finally {
    await contenders.close();
  }
}

/** The longest texts, as they are cut: some blocks of them, so that both sides have several turns. */
function longest(texts: readonly string[], counts: readonly number[]) {
  const order = counts.map((_, index) => index).sort((a, b) => counts[b]! - counts[a]!);
  const chosen = order.slice(0, LONG_TEXTS);
  const turns = Array.from({ length: LONG_TURNS }, () => chosen).flat();
  return { texts: turns.map((index) => texts[index]!), counts: turns.map((index) => counts[index]!), tokens: counts[chosen.at(-1)!]! };
}

/** Token counts by the peer's tokenizer: exact or not, it is the peer that pads. */
async function countTokens(contenders: Awaited<ReturnType<typeof prepareContenders>>, texts: readonly string[]): Promise<readonly number[]> {
  note("Counting tokens.");
  const side = await contenders.open(PEER_NATIVE);
  const counts = await side.countTokens(texts);
  await side.close();
  return counts;
}

function cosine(a: readonly number[], b: readonly number[]): number {
  const dot = (left: readonly number[], right: readonly number[]) => sum(left.map((value, index) => value * (right[index] ?? 0)));
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}
