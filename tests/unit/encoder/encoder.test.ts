import { describe, expect, it } from "vitest";
import type { Embeddings } from "#core/embedding.ts";
import type { ProgressEvent } from "#core/progress.ts";
import { M3Encoder } from "#encoder/encoder.ts";
import { fakeEncoder, fakeTokenizer, HIDDEN, wordValue } from "./fake-model.ts";

const ALL = { returnDense: true, returnSparse: true, returnColbertVecs: true };
const words = (count: number, id = 50) => new Array(count).fill(id).join(" ");

/** Everything about text `text`, as plain data. */
const pick = ({ denseVecs, lexicalWeights, colbertVecs, truncated, tokenCounts }: Embeddings, text: number) => ({
  dense: denseVecs && Array.from(denseVecs[text]!),
  lexical: lexicalWeights?.[text],
  colbert: colbertVecs && Array.from(colbertVecs[text]!.data),
  truncated: truncated[text],
  tokens: tokenCounts[text],
});

describe("encode", () => {
  it("returns only dense vectors unless asked for more", async () => {
    const { encoder, session } = fakeEncoder();
    const result = await encoder.encode(["10 20", "30"], "passage");
    expect(result.denseVecs).toHaveLength(2);
    expect(Math.hypot(...result.denseVecs![0]!)).toBeCloseTo(1, 6);
    expect([result.lexicalWeights, result.colbertVecs]).toEqual([null, null]);
    expect(session.batches[0]!.outputs).toEqual({ dense: true, lexical: false, colbert: false });
    expect(result.tokenCounts).toEqual([4, 3]);
  });

  it("runs nothing when no head is asked for", async () => {
    const { encoder, session } = fakeEncoder();
    const result = await encoder.encode(["10"], "query", { returnDense: false });
    expect(result).toEqual({ denseVecs: null, lexicalWeights: null, colbertVecs: null, truncated: [false], tokenCounts: [3] });
    expect(session.batches).toEqual([]);
  });

  it("gives an empty text two tokens, a dense vector, no lexical weights and one ColBERT vector", async () => {
    const { encoder } = fakeEncoder();
    const { denseVecs, lexicalWeights, colbertVecs, tokenCounts } = await encoder.encode([""], "passage", ALL);
    expect(tokenCounts).toEqual([2]);
    expect(Math.hypot(...denseVecs![0]!)).toBeCloseTo(1, 6);
    expect(lexicalWeights).toEqual([{}]);
    expect(colbertVecs![0]).toMatchObject({ tokens: 1, dim: 2 });
  });

  it("gives empty lists for no texts", async () => {
    const { encoder } = fakeEncoder();
    expect(await encoder.encode([], "passage", ALL)).toEqual({ denseVecs: [], lexicalWeights: [], colbertVecs: [], truncated: [], tokenCounts: [] });
  });

  it("gives results in the order of the texts, each as if it were alone", async () => {
    const { encoder, session } = fakeEncoder();
    const texts = ["10 11 12 13", "20", "30 31 32 33 34 35 36 37", "40 41", "", "50 51 52 53"];
    const together = await encoder.encode(texts, "passage", ALL);
    const lengths = session.batches.map((batch) => [...batch.lengths]);
    expect(lengths).toEqual([[10], [6, 6], [4], [3], [2]]);
    for (const [index, text] of texts.entries()) expect(pick(together, index)).toEqual(pick(await encoder.encode([text], "passage", ALL), 0));
  });

  it("computes equal texts once, but gives each its own vectors", async () => {
    const { encoder, session } = fakeEncoder();
    const result = await encoder.encode(["10 20", "30", "10 20", "10 20"], "passage", ALL);
    expect(session.batches.flatMap(({ lengths }) => lengths)).toEqual([4, 3]);
    expect(pick(result, 2)).toEqual(pick(result, 0));
    result.denseVecs![2]!.fill(0);
    result.lexicalWeights![2]!["10"] = 7;
    result.colbertVecs![2]!.data.fill(0);
    expect(pick(result, 3)).toEqual(pick(result, 0));
    expect(pick(result, 3)).not.toEqual(pick(result, 2));
  });

  it("drops special tokens and <unk> from the lexical weights", async () => {
    const { encoder } = fakeEncoder();
    const [weights] = (await encoder.encode(["3 10 10 999"], "passage", ALL)).lexicalWeights!;
    const expected = (id: number, place: number) => wordValue(id, 0) + (2 + place) / 1000 + 0.25;
    expect(Object.keys(weights!)).toEqual(["999"]);
    expect(weights!["999"]).toBeCloseTo(expected(999, 4), 5);
    expect(expected(10, 2)).toBeLessThan(0);
  });

  it("cuts vectors to truncateDim before it normalises them", async () => {
    const { encoder } = fakeEncoder();
    const whole = await encoder.encode(["10 20"], "passage", ALL);
    const cut = await encoder.encode(["10 20"], "passage", { ...ALL, truncateDim: 1 });
    expect(cut.denseVecs![0]).toEqual(Float32Array.of(Math.sign(whole.denseVecs![0]![0]!)));
    expect(cut.colbertVecs![0]).toMatchObject({ tokens: 3, dim: 1 });
    expect((await encoder.encode(["10 20"], "passage", { truncateDim: 99 })).denseVecs![0]).toHaveLength(HIDDEN);
  });
});

describe("maxLength", () => {
  it("is 512 by default, for queries and passages alike", async () => {
    const { encoder } = fakeEncoder();
    for (const kind of ["query", "passage"] as const) {
      const result = await encoder.encode([words(510), words(511)], kind);
      expect([result.tokenCounts, result.truncated]).toEqual([
        [512, 512],
        [false, true],
      ]);
    }
  });

  it("cuts at the model's own limit whatever is asked for, and says so", async () => {
    const { encoder } = fakeEncoder();
    const result = await encoder.encode([words(599), "10"], "passage", { maxLength: 8192 });
    expect(result.tokenCounts).toEqual([600, 3]);
    expect(result.truncated).toEqual([true, false]);
  });

  it("clips the default to a model that reads less", async () => {
    const { encoder } = fakeEncoder({ maxTokens: 100 });
    expect((await encoder.encode([words(300)], "passage")).tokenCounts).toEqual([100]);
  });
});

describe("prompts", () => {
  const prompts = { query: "77 78: ", passage: "88: " };

  it("go before the text by its kind, and count as its tokens", async () => {
    const { encoder, session } = fakeEncoder({ prompts });
    expect((await encoder.encode(["10 20"], "query", ALL)).tokenCounts).toEqual([6]);
    expect((await encoder.encode(["10 20"], "passage", ALL)).tokenCounts).toEqual([5]);
    expect(session.batches.map(({ lengths }) => lengths[0])).toEqual([6, 5]);
  });

  it("have no lexical weights and no ColBERT vectors", async () => {
    const { encoder } = fakeEncoder({ prompts: { query: "999 ", passage: "" } });
    const { lexicalWeights, colbertVecs } = await encoder.encode(["70", "999"], "query", ALL);
    expect(Object.keys(lexicalWeights![0]!)).toEqual(["70"]);
    expect(Object.keys(lexicalWeights![1]!)).toEqual(["999"]);
    expect(colbertVecs!.map(({ tokens }) => tokens)).toEqual([2, 2]);
  });

  it("leave room for themselves, or the call fails with the option's path", async () => {
    const { encoder } = fakeEncoder({ prompts });
    expect((await encoder.encode(["10 20"], "query", { maxLength: 4 })).truncated).toEqual([true]);
    const error = { code: "invalid-input", fields: { path: "options.maxLength" } };
    await expect(encoder.encode(["10 20"], "query", { maxLength: 3 })).rejects.toMatchObject(error);
    await expect(fakeEncoder().encoder.encode(["10 20"], "query", { maxLength: 1 })).rejects.toMatchObject(error);
  });
});

describe("bad input", () => {
  const { encoder } = fakeEncoder();
  const encode = encoder.encode.bind(encoder) as (texts: unknown, kind: unknown, options?: unknown) => Promise<unknown>;

  it.each([
    ["a string instead of a list", ["10", "query"], "texts"],
    ["null", [null, "query"], "texts"],
    ["an element that is no string", [["10", "20", "30", 40], "query"], "texts[3]"],
    ["a hole in the list", [new Array(2), "query"], "texts[0]"],
    ["a String object", [[new String("10")], "query"], "texts[0]"],
    ["an unknown kind", [["10"], "question"], "kind"],
    ["options that are no object", [["10"], "query", "fast"], "options"],
    ["a maxLength of 0", [["10"], "query", { maxLength: 0 }], "options.maxLength"],
    ["a maxLength between integers", [["10"], "query", { maxLength: 12.5 }], "options.maxLength"],
    ["a maxLength that is a string", [["10"], "query", { maxLength: "512" }], "options.maxLength"],
    ["a maxLength of null", [["10"], "query", { maxLength: null }], "options.maxLength"],
    ["a truncateDim below 1", [["10"], "query", { truncateDim: -1 }], "options.truncateDim"],
    ["a flag that is a number", [["10"], "query", { returnSparse: 1 }], "options.returnSparse"],
    ["a misspelt option", [["10"], "query", { returnColbert: true }], "options.returnColbert"],
  ] as const)("refuses %s and names it", async (_, [texts, kind, options], path) => {
    await expect(encode(texts, kind, options)).rejects.toMatchObject({ name: "InvalidInputError", code: "invalid-input", fields: { path } });
  });

  it("takes options that are undefined as left out", async () => {
    const undefinedOptions = { maxLength: undefined, returnDense: undefined, truncateDim: undefined, signal: undefined, onProgress: undefined };
    expect(await encoder.encode(["10"], "query", undefinedOptions)).toEqual(await encoder.encode(["10"], "query"));
  });

  it("says which head a model lacks", async () => {
    const dense = { pooling: "cls" as const };
    const { encoder: denseOnly } = fakeEncoder({ heads: { dense, lexical: null, colbert: null } });
    await expect(denseOnly.encode([], "query", { returnSparse: true })).rejects.toMatchObject({
      code: "missing-head",
      fields: { head: "lexical", model: "fake" },
    });
    await expect(denseOnly.encode(["10"], "query", { returnColbertVecs: true })).rejects.toMatchObject({ code: "missing-head", fields: { head: "ColBERT" } });
    await expect(denseOnly.computeScore([["10", "20"]])).rejects.toMatchObject({ code: "missing-head" });
    expect((await denseOnly.encode(["10"], "query")).denseVecs).toHaveLength(1);
  });
});

describe("outputs that cannot be right", () => {
  it.each([
    ["NaN in a dense vector", "dense", (r) => ({ ...r, pooled: r.pooled!.with(2, Number.NaN) })],
    ["a dense vector of zeros", "dense", (r) => ({ ...r, pooled: r.pooled!.map((value, at) => (at < HIDDEN ? 0 : value)) })],
    ["an infinite lexical weight", "lexical", (r) => ({ ...r, lexical: r.lexical!.with(0, Number.POSITIVE_INFINITY) })],
    ["ColBERT vectors of zeros", "ColBERT", (r) => ({ ...r, colbert: r.colbert!.fill(0) })],
  ] satisfies [string, string, NonNullable<ReturnType<typeof fakeEncoder>["session"]["spoil"]>][])("refuses %s", async (_, output, spoil) => {
    const { encoder, session } = fakeEncoder();
    session.spoil = spoil;
    const error = { name: "NonFiniteOutputError", code: "non-finite-output", fields: { output, backend: "native" } };
    await expect(encoder.encode(["10 20", "30 40"], "query", ALL)).rejects.toMatchObject(error);
  });

  it("allows lexical weights that are all zero", async () => {
    const { encoder, session } = fakeEncoder();
    session.spoil = (result) => ({ ...result, lexical: result.lexical!.fill(0) });
    expect((await encoder.encode(["10 20"], "query", ALL)).lexicalWeights).toEqual([{}]);
  });

  it("refuses missing outputs and wrong sizes", async () => {
    const { encoder, session } = fakeEncoder();
    session.spoil = (result) => ({ ...result, pooled: null });
    await expect(encoder.encode(["10"], "query")).rejects.toMatchObject({ code: "backend-failed" });
    session.spoil = (result) => ({ ...result, colbert: result.colbert!.subarray(2) });
    await expect(encoder.encode(["10"], "query", ALL)).rejects.toMatchObject({ code: "backend-failed" });
  });

  it("notices them while the next batch is computed, whatever becomes of that", async () => {
    for (const fails of [false, true]) {
      const { encoder, session } = fakeEncoder();
      session.spoil = (result) => (session.batches.length === 1 ? { ...result, pooled: result.pooled!.with(0, Number.NaN) } : result);
      session.beforeRun = () => {
        if (fails && session.batches.length === 2) throw new Error("the device is lost");
      };
      await expect(encoder.encode(["10 20 30 40", "10"], "query")).rejects.toMatchObject({ code: "non-finite-output" });
      expect(session.batches).toHaveLength(2);
    }
  });

  it("passes on what the engine throws, also while the next batch's rows are on their way", async () => {
    const { encoder, session } = fakeEncoder();
    session.beforeRun = () => {
      throw new Error("the device is lost");
    };
    await expect(encoder.encode(["10", "10 20 30 40"], "query")).rejects.toThrow("the device is lost");
  });
});

describe("abort and progress", () => {
  it("stops between batches with the signal's reason", async () => {
    const { encoder, session } = fakeEncoder();
    const controller = new AbortController();
    const reason = new Error("typed on");
    session.beforeRun = () => {
      if (session.batches.length === 2) controller.abort(reason);
    };
    const texts = ["10", "10 20 30 40", "10 20 30 40 50 60 70", "10 20"];
    await expect(encoder.encode(texts, "query", { signal: controller.signal })).rejects.toBe(reason);
    expect(session.batches).toHaveLength(2);
  });

  it("does nothing when it is aborted already", async () => {
    const { encoder, session } = fakeEncoder();
    await expect(encoder.encode(["10"], "query", { signal: AbortSignal.abort() })).rejects.toMatchObject({ name: "AbortError" });
    await expect(encoder.encode([], "query", { signal: AbortSignal.abort() })).rejects.toMatchObject({ name: "AbortError" });
    await expect(encoder.countTokens(["10"], "query", { signal: AbortSignal.abort() })).rejects.toMatchObject({ name: "AbortError" });
    expect(session.batches).toEqual([]);
  });

  it("hears an abort that comes as a message while a long list is tokenised", async () => {
    const { manifest, session, embeddings } = fakeEncoder();
    const controller = new AbortController();
    let tokenized = 0;
    const tokenizer = {
      ...fakeTokenizer,
      encode: (...parameters: Parameters<typeof fakeTokenizer.encode>) => {
        const start = performance.now();
        while (performance.now() - start < 2);
        tokenized++;
        return fakeTokenizer.encode(...parameters);
      },
    };
    const encoder = new M3Encoder({ manifest, tokenizer, session, embeddings });
    const texts = Array.from({ length: 2000 }, (_, index) => `${index}`);
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => controller.abort();
    port2.postMessage("stop");
    await expect(encoder.encode(texts, "passage", { signal: controller.signal })).rejects.toMatchObject({ name: "AbortError" });
    port1.close();
    expect(tokenized).toBeLessThan(texts.length);
    expect(session.batches).toEqual([]);
  });

  it("reports tokens after every batch, from 0 to all", async () => {
    const { encoder } = fakeEncoder();
    const events: ProgressEvent[] = [];
    await encoder.encode(["10", "10 20 30 40", "10"], "query", { onProgress: (event) => events.push(event) });
    expect(events).toEqual([0, 6, 9].map((loaded) => ({ phase: "encode", loaded, total: 9, unit: "tokens" })));
  });

  it("reads the pages of the next batch while one is computed", async () => {
    const { encoder, session, embeddings } = fakeEncoder();
    const pages: number[] = [];
    session.beforeRun = () => void pages.push(embeddings.pagesRead);
    await encoder.encode(["10 20 30 40", "510"], "query");
    expect(pages).toEqual([2, 2]);
  });
});

describe("countTokens", () => {
  it("counts prompt and special tokens, and cuts nothing", async () => {
    const { encoder } = fakeEncoder({ prompts: { query: "77: ", passage: "" }, maxTokens: 10 });
    expect(await encoder.countTokens([words(50), ""], "query")).toEqual([53, 3]);
    expect(await encoder.countTokens([words(50)], "passage")).toEqual([52]);
  });

  it("checks its input", async () => {
    const { encoder } = fakeEncoder();
    await expect(encoder.countTokens("text" as unknown as string[], "query")).rejects.toMatchObject({ code: "invalid-input" });
  });
});
