/** The whole of it: m3-mini in a real worker, through the public names. */
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type Embeddings, M3, type ProgressEvent } from "../../../src/index.ts";
import goldens from "../../oracle/goldens-mini.json";

interface Golden {
  readonly text: string;
  readonly kind: string;
  readonly ids: readonly number[];
  readonly dense: readonly number[];
  readonly lexical: Readonly<Record<string, number>>;
}

const [question, ...others] = (goldens.texts as unknown as readonly Golden[]).filter(({ ids }) => ids.length < 60);
const heads = { returnDense: true, returnSparse: true, returnColbertVecs: true } as const;
const baseUrl = "/";

const dot = (a: ArrayLike<number>, b: ArrayLike<number>) => Array.from(a).reduce((sum, value, index) => sum + value * b[index]!, 0);
const longText = (words: number, seed: number) =>
  Array.from({ length: words }, (_, index) => ["screen", "Helligkeit", "화면", "réseau", "folder"][(index * seed) % 5]).join(" ");

/** Something that the test waits for. */
function happening() {
  let resolve!: () => void;
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

let m3: M3;
const loading: ProgressEvent[] = [];

beforeAll(async () => {
  m3 = await M3.load("m3-mini", { baseUrl, device: "wasm", threads: 2, onProgress: (event) => loading.push(event) });
});
afterAll(() => m3?.dispose());

describe("M3.load", () => {
  it("tells what it loaded, and what runs it and why", () => {
    expect(m3.info).toMatchObject({ name: "m3-mini", license: "MIT", maxTokens: 512, dims: { dense: 384, colbert: 384 }, lexical: true, dtype: "q4" });
    expect(m3.info.prompts).toEqual({ query: "query: ", passage: "passage: " });
    expect(globalThis.crossOriginIsolated).toBe(true);
    expect(m3.device).toMatchObject({ backend: "wasm", threads: 2, attempts: [{ backend: "wasm", outcome: "chosen" }] });
    expect(m3.device.why).toMatch(/2 threads/);
  });

  it("reports bytes that only grow", () => {
    const downloads = loading.filter(({ phase }) => phase === "download");
    expect(downloads.length).toBeGreaterThan(10);
    const loaded = downloads.map((event) => event.loaded);
    expect(loaded).toEqual(loaded.toSorted((a, b) => a - b));
    for (const { loaded: bytes, total, unit } of downloads) expect(bytes <= total && unit === "bytes").toBe(true);
  });
});

describe("encode", () => {
  it("gives the three heads of the reference", async () => {
    const { denseVecs, lexicalWeights, colbertVecs, tokenCounts, truncated } = await m3.encodeQueries(question!.text, heads);
    expect(question!.kind).toBe("query");
    expect(dot(denseVecs!, question!.dense)).toBeGreaterThan(0.99);
    expect(Object.keys(lexicalWeights!).toSorted()).toEqual(Object.keys(question!.lexical).toSorted());
    expect(tokenCounts).toBe(question!.ids.length);
    expect(truncated).toBe(false);
    expect(colbertVecs!.dim).toBe(384);
    for (let row = 0; row < colbertVecs!.tokens; row++) {
      const vector = colbertVecs!.data.subarray(row * 384, (row + 1) * 384);
      expect(dot(vector, vector)).toBeCloseTo(1, 4);
    }
  });

  it("gives the same for a list, whatever else is in it, as views of one buffer a head", async () => {
    const alone = await m3.encode(others[0]!.text, heads);
    const list = await m3.encode([longText(80, 3), others[0]!.text, "", others[0]!.text], heads);
    expect(list.denseVecs).toHaveLength(4);
    expect(dot(list.denseVecs![1]!, alone.denseVecs!)).toBeGreaterThan(0.9999);
    expect(list.denseVecs![3]).toEqual(list.denseVecs![1]);
    expect(list.denseVecs![0]!.buffer).toBe(list.denseVecs![3]!.buffer);
    expect(list.colbertVecs![0]!.data.buffer).toBe(list.colbertVecs![3]!.data.buffer);
    expect(list.tokenCounts[1]).toBe(alone.tokenCounts);
  });

  it("gives only what was asked for", async () => {
    expect(await m3.encode("text")).toMatchObject({ lexicalWeights: null, colbertVecs: null });
    expect(await m3.encode(["text"], { returnDense: false, returnSparse: true })).toMatchObject({ denseVecs: null, colbertVecs: null });
    expect((await m3.encode("text", { truncateDim: 64 })).denseVecs).toHaveLength(64);
  });

  it("takes an empty list, strange strings, and texts that are too long", async () => {
    expect(await m3.encode([], heads)).toEqual({ denseVecs: [], lexicalWeights: [], colbertVecs: [], truncated: [], tokenCounts: [] });
    const { denseVecs, truncated, tokenCounts } = await m3.encode(["\ud800\0", longText(3000, 2)]);
    for (const vector of denseVecs!) expect(dot(vector, vector)).toBeCloseTo(1, 4);
    expect(truncated).toEqual([false, true]);
    expect(tokenCounts[1]).toBe(512);
    expect(await m3.encode("one two three four five six seven", { maxLength: 8 })).toMatchObject({ truncated: true, tokenCounts: 8 });
  });

  it("reports progress up to the end", async () => {
    const events: ProgressEvent[] = [];
    await m3.encodeCorpus(
      Array.from({ length: 12 }, (_, index) => longText(40 + index, 2)),
      { onProgress: (event) => events.push(event) },
    );
    const done = events.filter(({ phase }) => phase === "encode").map(({ loaded }) => loaded);
    expect(done.length).toBeGreaterThan(0);
    expect(done).toEqual(done.toSorted((a, b) => a - b));
    expect(events.at(-1)!.loaded).toBe(events.at(-1)!.total);
  });
});

describe("calls that overlap", () => {
  const corpus = (count: number) => Array.from({ length: count }, (_, index) => longText(100 + index, 3));

  it("each get their own results", async () => {
    const texts = ["alpha", "beta", "gamma"];
    const alone = [];
    for (const text of texts) alone.push(await m3.encodeQueries(text));
    const together = await Promise.all([...texts.map((text) => m3.encodeQueries(text)), m3.encodeCorpus(corpus(2))]);
    for (const [index, { denseVecs }] of alone.entries()) expect(together[index]!.denseVecs).toEqual(denseVecs);
  });

  it("let a question pass a list that is under way", async () => {
    const order: string[] = [];
    const started = happening();
    const list = m3.encodeCorpus(corpus(12), { onProgress: () => started.resolve() }).then(() => order.push("list"));
    await started.promise;
    await m3.encodeQueries("Where is it?").then(() => order.push("question"));
    await list;
    expect(order).toEqual(["question", "list"]);
  });

  it("end at once when they are aborted, and leave the others alone", async () => {
    const controller = new AbortController();
    const reason = new Error("no longer needed");
    const events: ProgressEvent[] = [];
    const started = happening();
    const list = m3.encodeCorpus(corpus(30), {
      signal: controller.signal,
      onProgress: (event) => {
        events.push(event);
        started.resolve();
      },
    });
    const waiting = m3.encodeCorpus(corpus(3), { signal: controller.signal });
    const kept = m3.encodeQueries("kept");
    await started.promise;
    controller.abort(reason);
    await expect(list).rejects.toBe(reason);
    await expect(waiting).rejects.toBe(reason);
    expect((await kept).denseVecs).toHaveLength(384);
    await expect(m3.encode("late", { signal: controller.signal })).rejects.toBe(reason);
    // The list has stopped: nothing is heard of it while another call takes its time.
    const heard = events.length;
    await m3.encodeCorpus(corpus(2));
    expect(events.length).toBe(heard);
    expect(events.at(-1)!.loaded).toBeLessThan(events.at(-1)!.total);
  });
});

describe("the other calls", () => {
  const passage = "BM25 is a bag-of-words retrieval function that ranks documents by the query terms in them.";

  it("computeScore scores pairs as the representations themselves do", async () => {
    const pair = ["What is BM25?", passage] as const;
    const score = await m3.computeScore(pair, { weightsForDifferentModes: [0.4, 0.2, 0.4] });
    const [query, doc] = [await m3.encodeQueries(pair[0], heads), await m3.encodeCorpus(pair[1], heads)];
    expect(score.dense).toBeCloseTo(dot(query.denseVecs!, doc.denseVecs!), 3);
    expect(score.sparse).toBeCloseTo(m3.computeLexicalMatchingScore(query.lexicalWeights!, doc.lexicalWeights!), 3);
    expect(score.colbert).toBeCloseTo(m3.colbertScore(query.colbertVecs!, doc.colbertVecs!), 3);
    expect(score["colbert+sparse+dense"]).toBeCloseTo(0.4 * score.dense + 0.2 * score.sparse + 0.4 * score.colbert, 5);
    const scores = await m3.computeScore([pair, ["Wo ist der Bahnhof?", passage]]);
    expect(scores.dense[0]).toBeGreaterThan(scores.dense[1]!);
    expect(scores.sparse[0]).toBeGreaterThan(scores.sparse[1]!);
  });

  it("convertIdToToken gives tokens in place of ids", async () => {
    const { lexicalWeights } = await m3.encode("BM25 retrieval", { returnSparse: true });
    const tokens = await m3.convertIdToToken(lexicalWeights!);
    expect(Object.values(tokens).toSorted()).toEqual(Object.values(lexicalWeights!).toSorted());
    expect(Object.keys(tokens).join("")).toMatch(/BM|retriev/);
  });

  it("tokens has a token for every row of the ColBERT vectors, with its place in the text", async () => {
    for (const kind of ["query", "passage"] as const) {
      const text = "Wie ändere ich die Helligkeit?";
      const { colbertVecs } = await (kind === "query" ? m3.encodeQueries(text, { returnColbertVecs: true }) : m3.encode(text, { returnColbertVecs: true }));
      const { ids, offsets } = await m3.tokens(text, { kind });
      expect(ids.length).toBe(colbertVecs!.tokens);
      const ranges = [...ids.keys()].map((row) => [offsets[2 * row]!, offsets[2 * row + 1]!] as const);
      // A word mark that is a token of its own lies where its word's first character does; spaces between words belong to no token.
      const covered = [...text].map((_, at) => ranges.some(([start, end]) => start <= at && at < end));
      expect(covered).toEqual([...text].map((character) => character !== " "));
      const starts = ranges.slice(0, -1).map(([start]) => start);
      expect(starts).toEqual(starts.toSorted((one, other) => one - other));
      // </s> has a vector, and no place.
      expect(ranges.at(-1)).toEqual([0, 0]);
    }
  });

  it("countTokens counts the whole text, prompt included", async () => {
    expect(await m3.countTokens(question!.text, { kind: "query" })).toBe(question!.ids.length);
    expect((await m3.countTokens([longText(3000, 2), ""]))[0]).toBeGreaterThan(3000);
  });
});

describe("bad input", () => {
  it.each<[string, () => Promise<unknown>]>([
    ["texts[1]", () => m3.encode(["a", 7 as never])],
    ["texts", () => m3.encode(undefined as never)],
    ["options.maxLength", () => m3.encode("a", { maxLength: 0 })],
    // Found out in the worker: prompt and special tokens alone are longer.
    ["options.maxLength", () => m3.encode("a", { maxLength: 2 })],
    ["options.maxPassageLength", () => m3.computeScore(["a", "b"], { maxPassageLength: 1 })],
  ])("names %s", async (path, call) => {
    const error = await call().catch((thrown) => thrown);
    expect(error).toMatchObject({ name: "InvalidInputError", code: "invalid-input", fields: { path } });
    expect(error).toBeInstanceOf(Error);
  });

  it("does not harm what comes after", async () => {
    const results: Embeddings = await m3.encode(["still", "here"]);
    expect(results.denseVecs).toHaveLength(2);
  });
});

describe("dispose", () => {
  it("rejects what is pending and what comes later, and a new load works", async () => {
    const other = await M3.load("m3-mini", { baseUrl, device: "wasm", threads: 1 });
    expect(other.device.threads).toBe(1);
    const pending = other.encodeCorpus(["text", "and another"]);
    const onSettled = vi.fn();
    pending.then(onSettled, onSettled);
    await other.dispose();
    await expect(pending).rejects.toMatchObject({ code: "disposed" });
    await expect(other.encode("late")).rejects.toMatchObject({ code: "disposed", name: "DisposedError" });
    expect(other.info.name).toBe("m3-mini");
    expect((await m3.encode("alive")).denseVecs).toHaveLength(384);
  });
});
