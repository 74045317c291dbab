/** `make-pairs` and `train-heads` on the command line: m3-mini's real tokenizer and embeddings, and a session whose hidden states are the embedding rows. */
import { readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { openStatesCache } from "#cli/commands/train-heads/states-cache.ts";
import { openFileModel } from "#cli/file-model.ts";
import { decodeFloat16, numberToFloat16 } from "#core/float16.ts";
import { XlmRobertaTokenizer } from "#tokenizer/xlm-roberta.ts";
import { bgeM3Web, summingSession, temporaryFolder } from "../cli/fake-surroundings.ts";

const MODEL = path.resolve(import.meta.dirname, "../../../public/models/m3-mini");
const SUBJECTS = ["apples", "trains", "violins", "oceans", "deserts", "printers", "castles", "planets", "cameras", "kitchens", "forests", "bridges"];
const pages = SUBJECTS.flatMap((subject) => [
  { id: subject, lang: "en", title: `All about ${subject}`, body: `Here we tell what ${subject} are good for, and why people like ${subject} so much.` },
  { id: subject, lang: "de", title: `Alles zu ${subject}`, body: `Hier steht, wozu ${subject} gut sind und warum so viele Leute ${subject} schätzen.` },
]);

async function corpus(): Promise<{ folder: string; file: string }> {
  const folder = await temporaryFolder();
  const file = path.join(folder, "pages.jsonl.gz");
  await writeFile(file, gzipSync(pages.map((page) => JSON.stringify(page)).join("\n")));
  return { folder, file };
}

const lastJson = (text: string) => JSON.parse(text.trim().split("\n").at(-1)!);
const TRAIN = [
  "--epochs",
  "2",
  "--batch",
  "4",
  "--dev-every",
  "2",
  "--dev-share",
  "0.2",
  "--lexical-hidden",
  "8",
  "--colbert-dim",
  "16",
  "--patience",
  "0",
  "--json",
];

describe("make-pairs", () => {
  it("writes pairs with hard negatives in the passage's language, and tells what it kept", async () => {
    const { file } = await corpus();
    const { code, lines, stderr } = await bgeM3Web([
      "make-pairs",
      file,
      "--kinds",
      "title",
      "cross",
      "--cross-share",
      "0.5",
      "--hard-negatives",
      "2",
      "--json",
    ]);
    expect(code).toBe(0);
    expect(lines).toHaveLength(36);
    for (const { neg, group, pos } of lines) {
      expect(neg.length).toBeLessThanOrEqual(2);
      for (const text of [...pos, ...neg]) expect(text.startsWith("Here")).toBe(group.endsWith("en"));
      expect(neg).not.toContain(pos[0]);
    }
    expect(lastJson(stderr)).toMatchObject({ pairs: 36, pages: 24, kept: { title: 24, cross: 12 } });
    expect(lastJson(stderr).negatives).toBeGreaterThan(0);
  });

  it("needs no session without hard negatives, and says which language is missing", async () => {
    const { file } = await corpus();
    expect((await bgeM3Web(["make-pairs", file, "--hard-negatives", "0"])).sessions).toEqual([]);
    const { code, stderr } = await bgeM3Web(["make-pairs", file, "--languages", "en", "fa"]);
    expect([code, stderr]).toEqual([1, 'bge-m3-web: --languages must be some of those of the corpus (de, en), but it is "fa".\n']);
  });
});

describe("train-heads", () => {
  async function pairs() {
    const { folder, file } = await corpus();
    const out = path.join(folder, "pairs.jsonl");
    await bgeM3Web(["make-pairs", file, "--kinds", "title", "--hard-negatives", "1", "--out", out]);
    return { folder, file: out };
  }

  it("writes heads that build-model knows and learning curves, and leaves nothing else behind", async () => {
    const { folder, file } = await pairs();
    const heads = path.join(folder, "heads.safetensors");
    const { code, stderr } = await bgeM3Web(["train-heads", file, "--out", heads, "--curves", path.join(folder, "curves.svg"), ...TRAIN]);
    expect([code, stderr.includes("bge-m3-web:")]).toEqual([0, false]);
    const summary = lastJson(stderr);
    expect(summary).toMatchObject({ trainPairs: 20, devPairs: 4, texts: 48, computedTexts: 48, stoppedEarly: false });
    expect(summary.best.step).toBe(summary.bestStep);
    const bytes = await readFile(heads);
    const header = JSON.parse(bytes.subarray(8, 8 + Number(bytes.readBigUInt64LE(0))).toString());
    expect(Object.fromEntries(Object.entries(header).map(([name, tensor]) => [name, (tensor as { shape: number[] }).shape]))).toEqual({
      "colbert_linear.bias": [16],
      "colbert_linear.weight": [16, 384],
      "sparse_hidden.bias": [8],
      "sparse_hidden.weight": [8, 384],
      "sparse_linear.bias": [1],
      "sparse_linear.weight": [1, 8],
    });
    expect(await readFile(path.join(folder, "curves.svg"), "utf8")).toMatch(/^<svg [^>]*>.*<polyline .*<\/svg>\n$/s);
    expect((await readdir(folder)).sort()).toEqual(["curves.svg", "heads.safetensors", "pages.jsonl.gz", "pairs.jsonl"]);
  });

  it("computes hidden states once, and goes on from a checkpoint to the same heads", async () => {
    const { folder, file } = await pairs();
    const at = (name: string) => path.join(folder, name);
    const args = (out: string) => ["train-heads", file, "--out", at(out), "--cache", at("cache"), ...TRAIN];
    expect((await bgeM3Web(args("whole"))).code).toBe(0);

    const controller = new AbortController();
    const stopping = { stderr: "" };
    const broken = await bgeM3Web([...args("broken"), "--checkpoint", at("checkpoint")], {
      signal: controller.signal,
      isTTY: true,
      onStderr: (text) => {
        stopping.stderr += text;
        if (stopping.stderr.includes('"step":4')) controller.abort(new Error("interrupted"));
      },
    });
    expect(broken.code).toBe(130);
    const resumed = await bgeM3Web([...args("resumed"), "--checkpoint", at("checkpoint")]);
    expect(lastJson(resumed.stderr)).toMatchObject({ computedTexts: 0 });
    expect(resumed.sessions).toEqual([]);
    expect(await readFile(at("resumed"))).toEqual(await readFile(at("whole")));

    const other = await bgeM3Web([...args("other"), "--checkpoint", at("checkpoint"), "--seed", "2"]);
    expect([other.code, other.stderr]).toEqual([1, expect.stringContaining("--checkpoint must be of a run with the same pairs, model and options")]);
    await writeFile(at("checkpoint"), "damaged");
    expect((await bgeM3Web([...args("other"), "--checkpoint", at("checkpoint")])).stderr).toContain("this one is damaged");
  });

  it.each([
    ["an empty file", "", /must be a file of at least two different pairs/],
    ["duplicates only", '{"query": "a", "pos": ["b"]}\n'.repeat(3), /at least two different pairs \(3 are there, all the same\)/],
    ["a wrong field", '{"query": "a", "pos": ["b"]}\n{"query": "a", "positive": "c"}\n', /"positive" in .*pairs\.jsonl, line 2, must be left out/],
  ])("refuses %s", async (_, text, message) => {
    const folder = await temporaryFolder();
    const file = path.join(folder, "pairs.jsonl");
    await writeFile(file, text);
    const { code, stderr } = await bgeM3Web(["train-heads", file, "--out", path.join(folder, "heads.safetensors")]);
    expect([code, stderr]).toEqual([1, expect.stringMatching(message)]);
    expect(await readdir(folder)).toEqual(["pairs.jsonl"]);
  });
});

describe("the cache of hidden states", () => {
  const texts = SUBJECTS.map((text) => ({ text, kind: "passage" as const }));

  async function open(folder: string) {
    const model = await openFileModel(MODEL);
    const tokenizer = XlmRobertaTokenizer.fromBytes(await model.readTokenizer());
    return openStatesCache(texts, { model, tokenizer, folder, maxLength: 32, openSession: async (opened) => summingSession(opened) });
  }

  it("gives what the session gave, rounded to half precision, and the dense vector", async () => {
    const folder = await temporaryFolder();
    const cache = await open(folder);
    const states = await cache.read(3);
    expect(states).toHaveLength(cache.tokens(3).ids.length * 384);
    expect([...states]).toEqual([...decodeFloat16(Uint16Array.from(states, numberToFloat16))]);
    const length = Math.hypot(...(await cache.dense(3)));
    expect(length).toBeCloseTo(1, 5);
    const again = await open(folder);
    expect([cache.computed, again.computed]).toEqual([12, 0]);
    expect(await again.read(3)).toEqual(states);
    await Promise.all([cache.close(), again.close()]);
  });

  it("makes anew what is cut or no such file", async () => {
    const folder = await temporaryFolder();
    await (await open(folder)).close();
    const [inner] = await readdir(folder);
    const [file] = await readdir(path.join(folder, inner!));
    const whole = path.join(folder, inner!, file!);
    await writeFile(whole, (await readFile(whole)).subarray(0, -2));
    await writeFile(path.join(folder, inner!, "half.states"), "half");
    const again = await open(folder);
    expect(again.computed).toBe(12);
    expect(await readdir(path.join(folder, inner!))).toEqual([file]);
    await again.close();
  });
});
