/**
 * A model of BGE-M3's size (24 layers of 1,024, the formula's weights, q8): texts of 32, 512 and 2,048 tokens, one at a time, here (three heads) against transformers.js on a
 * stock q8 export of the same shape (hidden states only), both in Chromium on WASM with two threads, and against native ONNX Runtime in Node; and eight texts of 64 tokens in
 * a call, on our own encoder against our own path on ONNX Runtime. Calls take turns.
 */
import { buildFull } from "../tools/models/build-full.ts";
import { exportFullPeer } from "./encode/peer-files.ts";
import { openNative } from "./full/native.ts";
import { openFullPage, openFullPeer } from "./full/page.ts";
import { textOf } from "./full/text.ts";
import { type BenchOptions, type BenchReport, note } from "./harness/bench.ts";
import { packageVersion } from "./harness/machine.ts";
import { processPeakMiB } from "./harness/process-memory.ts";
import { median } from "./harness/statistics.ts";

export const summary = "a model of BGE-M3's size: 32, 512 and 2,048 tokens against transformers.js and native ONNX Runtime";

export const options = {
  "skip-peer": { type: "boolean", help: "leave transformers.js out (its export takes minutes and 6 GB once)" },
  "skip-ort": { type: "boolean", help: "leave our own path on ONNX Runtime in WebAssembly out" },
  "only-lists": { type: "boolean", help: "measure eight texts of 64 tokens only" },
  "skip-native": { type: "boolean", help: "leave native ONNX Runtime out" },
  model: { type: "string", help: "folder of another artefact of ours" },
} as const;

const THREADS = 2;
/** Calls of each side after a first one that does not count. */
const CALLS: readonly (readonly [tokens: number, calls: number])[] = [
  [32, 7],
  [512, 3],
  [2048, 1],
];

/** Texts of a call, their tokens, and calls after a first one. */
const LIST = { texts: 8, tokens: 64, calls: 5 } as const;

interface Side {
  readonly name: string;
  readonly engine: string;
  readonly loadMs: number | null;
  encode(text: string, tokens: number): Promise<number>;
  /** Of sides that take part in the lists. */
  encodeList?(texts: readonly string[], tokens: number): Promise<number>;
  peakMemoryMiB(): Promise<number | null>;
  close(): Promise<void>;
}

export async function run(given: BenchOptions): Promise<BenchReport> {
  const model = typeof given.model === "string" ? given.model : await buildFull("q8");
  const sides: Side[] = [await openOurs(model, OURS)];
  try {
    if (!given["skip-ort"]) sides.push(await openOurs(model, OURS_ORT));
    if (given["only-lists"]) return await listReport(sides);
    const lists = await measureLists(sides);
    if (!given["skip-peer"]) sides.push(await openPeer());
    if (!given["skip-native"]) sides.push(await openNativeSide(model));
    const speeds = new Map(sides.map(({ name }) => [name, [] as number[]]));
    for (const [tokens, calls] of CALLS) {
      note(`${tokens} tokens.`);
      const text = textOf(tokens);
      const times = new Map(sides.map(({ name }) => [name, [] as number[]]));
      for (let call = 0; call <= calls; call++) {
        for (const side of sides) {
          const ms = await side.encode(text, tokens);
          if (call > 0) times.get(side.name)!.push(ms);
        }
      }
      for (const { name } of sides) speeds.get(name)!.push((1000 * tokens) / median(times.get(name)!));
    }
    const rows = [];
    for (const { name, engine, loadMs, peakMemoryMiB } of sides) {
      rows.push([name, ...speeds.get(name)!, loadMs === null ? null : loadMs / 1000, await peakMemoryMiB(), engine]);
    }
    const ours = speeds.get(sides[0]!.name)!;
    return {
      tables: [{ title: "tokens/s, one text at a time", columns: ["side", "32", "512", "2048", "load s", "peak MiB", "engine"], rows }, lists.table],
      versions: { "@huggingface/transformers": packageVersion("@huggingface/transformers"), "onnxruntime-web": packageVersion("onnxruntime-web") },
      notes: [
        "Ours computes dense, lexical and ColBERT vectors, the peer hidden states of which it pools one.",
        "The peer's table of word embeddings has 8,192 rows instead of 250,002, which spares it some 250 MB.",
      ],
      ratios: [
        ...lists.ratios,
        ...sides.slice(1).flatMap(({ name }) =>
          CALLS.map(([tokens], index) => ({
            name: `${tokens} tokens, ours to ${name}`,
            value: ours[index]! / speeds.get(name)![index]!,
            ...(name === PEER ? { aim: 1 } : {}),
          })),
        ),
      ],
    };
  } finally {
    for (const side of sides) await side.close();
  }
}

/** Lists by all sides that take part, in turns. */
async function measureLists(sides: readonly Side[]) {
  const texts = Array.from({ length: LIST.texts }, (_, index) => textOf(LIST.tokens, index));
  const times = sides.map(() => [] as number[]);
  note(`${LIST.texts} texts of ${LIST.tokens} tokens.`);
  for (let call = 0; call <= LIST.calls; call++) {
    for (const [index, side] of sides.entries()) {
      const ms = await side.encodeList!(texts, LIST.tokens);
      if (call > 0) times[index]!.push(ms);
    }
  }
  const speeds = times.map((all) => (1000 * LIST.texts * LIST.tokens) / median(all));
  return {
    table: {
      title: `tokens/s, ${LIST.texts} texts of ${LIST.tokens} tokens in a call`,
      columns: ["side", "tokens/s", "engine"],
      rows: sides.map(({ name, engine }, index) => [name, speeds[index]!, engine]),
    },
    ratios: sides.slice(1).map(({ name }, index) => ({
      name: `${LIST.texts} × ${LIST.tokens} tokens, ours to ${name}`,
      value: speeds[0]! / speeds[index + 1]!,
      aim: 1.8,
    })),
  };
}

async function listReport(sides: readonly Side[]): Promise<BenchReport> {
  const { table, ratios } = await measureLists(sides);
  return { tables: [table], versions: { "onnxruntime-web": packageVersion("onnxruntime-web") }, notes: ["All three heads on both sides."], ratios };
}

const OURS = "bge-m3-web, WASM";
const OURS_ORT = "bge-m3-web, WASM, ONNX Runtime";
const PEER = "transformers.js, WASM";

async function openOurs(model: string, name: typeof OURS | typeof OURS_ORT): Promise<Side> {
  const page = await openFullPage(model, name === OURS ? "" : "?ort");
  note(`Loading ${name}.`);
  const { loadMs, engine } = await page.call("load");
  return {
    name,
    engine,
    loadMs,
    async encode(text, tokens) {
      const found = await page.call("encode", text, tokens, 0);
      if (found.tokens !== tokens) throw new Error(`A text of ${tokens} tokens has ${found.tokens}.`);
      return found.ms;
    },
    async encodeList(texts, tokens) {
      const found = await page.call("encodeList", texts, tokens);
      if (found.tokens !== texts.length * tokens) throw new Error(`${texts.length} texts of ${tokens} tokens have ${found.tokens}.`);
      return found.ms;
    },
    peakMemoryMiB: page.peakMemoryMiB,
    close: page.close,
  };
}

async function openPeer(): Promise<Side> {
  exportFullPeer();
  const page = await openFullPeer();
  note("Loading the peer.");
  const { loadMs, engine } = await page.call("load");
  return {
    name: PEER,
    engine,
    loadMs,
    async encode(text, tokens) {
      const found = await page.call("encode", text);
      if (found.tokens !== tokens) throw new Error(`A text of ${tokens} tokens has ${found.tokens} with the peer.`);
      return found.ms;
    },
    peakMemoryMiB: page.peakMemoryMiB,
    close: page.close,
  };
}

async function openNativeSide(model: string): Promise<Side> {
  note("Loading the native one.");
  const began = performance.now();
  const native = await openNative(model, THREADS);
  return {
    name: "native ONNX Runtime",
    engine: native.engine,
    loadMs: performance.now() - began,
    encode: (text, tokens) => native.encode(text, tokens),
    peakMemoryMiB: async () => processPeakMiB("self"),
    close: () => native.dispose(),
  };
}
