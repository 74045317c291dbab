/** Our own encoder in both of its forms: against PyTorch's numbers, against itself in other batches, and how it ends. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { LoadedModel } from "#core/loaded-model.ts";
import type { EncoderSession } from "#core/session.ts";
import type { TensorSource } from "#core/tensor-source.ts";
import { EmbeddingTable } from "#encoder/embedding-table.ts";
import { FirstStates } from "#encoder/first-states.ts";
import { loadModel } from "#model/load-model.ts";
import { openWasmEncoder, type WasmEncoderOptions } from "#runtime/wasm-encoder/engine.ts";
import { forward } from "#training/head.ts";
import { readHeads } from "#training/model-heads.ts";
import goldensMini from "../../oracle/goldens-mini.json";
import goldensTiny from "../../oracle/goldens-tiny.json";
import { ALL, type Golden, type Heads, largestDifference, nearness, runGolden } from "../../unit/graph/support/goldens.ts";
import { syntheticModel } from "../../unit/graph/support/synthetic-model.ts";

const TINY = { layers: 2, hidden: 64, heads: 4, ffn: 128, vocab: 250002, colbertDim: 64, maxPositions: 8194 };
const tiny = syntheticModel(TINY);
const tinyTexts = goldensTiny.texts as unknown as readonly Golden[];
const miniTexts = goldensMini.texts as unknown as readonly Golden[];

/** Rows of some texts, one after another. */
function batchOf(texts: readonly (readonly number[])[]) {
  const parts = texts.map((ids) => tiny.embed(ids));
  const rows = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    rows.set(part, at);
    at += part.length;
  }
  return { rows, lengths: texts.map((ids) => ids.length), outputs: ALL };
}

function largestGap(first: ArrayLike<number>, second: ArrayLike<number>): number {
  expect(first.length).toBe(second.length);
  let largest = 0;
  for (let index = 0; index < first.length; index++) largest = Math.max(largest, Math.abs(first[index]! - second[index]!));
  return largest;
}

async function miniHeads(options: WasmEncoderOptions): Promise<Heads[]> {
  const model = await loadModel("m3-mini", { baseUrl: `${location.origin}/` });
  const embeddings = new EmbeddingTable(model.manifest, model.tensors);
  const session = await openWasmEncoder(model, options);
  const heads: Heads[] = [];
  for (const golden of miniTexts) heads.push(await runGolden(session, model.manifest, golden, await embeddings.gather([Int32Array.from(golden.ids)])));
  await session.dispose();
  return heads;
}

describe.each(["relaxed", "plain"] as const)("%s", (kind) => {
  let session: EncoderSession;
  beforeAll(async () => {
    session = await openWasmEncoder(tiny, { kind });
  });
  afterAll(() => session?.dispose());

  it("tells what it is", () => {
    expect(session.info).toMatchObject({ backend: "wasm", precision: "fp32", threads: 1 });
    expect(session.info.engine).toMatch(/^bge-m3-web wasm \(/);
  });

  it.each(tinyTexts.map((golden, index) => ({ golden, index, tokens: golden.ids.length })))(
    "gives every number of golden text $index ($tokens tokens) to 1e-4",
    async ({ golden }) => {
      expect(largestDifference(await runGolden(session, tiny.manifest, golden, tiny.embed(golden.ids)), golden)).toBeLessThan(1e-4);
    },
  );

  it("gives every number of m3-mini to 1e-3 in float32", async () => {
    for (const [index, heads] of (await miniHeads({ kind, precision: "fp32" })).entries())
      expect(largestDifference(heads, miniTexts[index]!)).toBeLessThan(1e-3);
  });

  it("keeps m3-mini in 4 bits within the bars", async () => {
    const { denseMean, colbertMean, colbertWorst, lexicalOverlap } = nearness(await miniHeads({ kind }), miniTexts);
    expect(denseMean).toBeGreaterThanOrEqual(0.998);
    expect(colbertMean).toBeGreaterThanOrEqual(0.996);
    expect(colbertWorst).toBeGreaterThanOrEqual(0.985);
    expect(lexicalOverlap).toBeGreaterThanOrEqual(0.95);
  });

  it("gives hidden states, of which the other outputs are made", async () => {
    const texts = [tinyTexts[0]!, tinyTexts[1]!].map(({ ids }) => ids);
    const { pooled, colbert, hidden } = await session.run({ ...batchOf(texts), outputs: { ...ALL, hidden: true } });
    expect(pooled!.subarray(64)).toEqual(hidden!.subarray(texts[0]!.length * 64, (texts[0]!.length + 1) * 64));
    const heads = await readHeads(tiny.manifest, tiny.tensors);
    expect(largestGap(forward(heads.colbert!, hidden!, hidden!.length / 64).output, colbert!)).toBeLessThan(1e-4);
    const alone = await session.run({ ...batchOf(texts), outputs: { dense: false, lexical: false, colbert: false, hidden: true } });
    expect(alone).toMatchObject({ pooled: null, lexical: null, colbert: null });
    expect(largestGap(alone.hidden!, hidden!)).toBeLessThan(1e-6);
    expect((await session.run(batchOf(texts))).hidden).toBeNull();
  });

  it("gives a text the same numbers among texts of other lengths", async () => {
    const texts = [tinyTexts[1]!, tinyTexts[0]!, tinyTexts[2]!, tinyTexts[1]!].map(({ ids }) => ids);
    const together = await session.run(batchOf(texts));
    expect(together.computedTokens).toBe(texts.reduce((sum, ids) => sum + ids.length, 0));
    let token = 0;
    for (const [index, ids] of texts.entries()) {
      const alone = await session.run(batchOf([ids]));
      expect(largestGap(together.pooled!.subarray(index * 64, (index + 1) * 64), alone.pooled!)).toBeLessThan(1e-5);
      expect(largestGap(together.lexical!.subarray(token, token + ids.length), alone.lexical!)).toBeLessThan(1e-5);
      expect(largestGap(together.colbert!.subarray(token * 64, (token + ids.length) * 64), alone.colbert!)).toBeLessThan(1e-5);
      token += ids.length;
    }
  });

  it("gives the outputs that are asked for, and no others", async () => {
    const batch = batchOf([tinyTexts[0]!.ids]);
    expect(await session.run({ ...batch, outputs: { dense: false, lexical: true, colbert: false } })).toMatchObject({ pooled: null, colbert: null });
  });

  it("queues runs that overlap", async () => {
    const batch = batchOf([tinyTexts[0]!.ids]);
    const results = await Promise.all([session.run(batch), session.run(batch)]);
    expect(largestGap(results[0].pooled!, results[1].pooled!)).toBe(0);
  });

  it("refuses a batch whose rows and lengths disagree, and goes on", async () => {
    const batch = batchOf([tinyTexts[0]!.ids]);
    await expect(session.run({ ...batch, lengths: [batch.lengths[0]! + 1] })).rejects.toMatchObject({ code: "backend-failed" });
    await session.run(batch);
  });
});

describe.each([
  [4, "relaxed"],
  [8, "relaxed"],
  [4, "plain"],
  [8, "plain"],
] as const)("%i-bit weights, %s", (bits, kind) => {
  it("are near to the same weights in float32", async () => {
    const model = syntheticModel({ ...TINY, hidden: 128, ffn: 256 }, bits);
    const texts = tinyTexts.filter(({ ids }) => ids.length < 40).map((golden) => ({ ...golden, colbert: golden.colbert.slice(0, 4) }));
    const run = async (precision: "default" | "fp32") => {
      const session = await openWasmEncoder(model, { kind, precision });
      const heads: Heads[] = [];
      for (const golden of texts) heads.push(await runGolden(session, model.manifest, golden, model.embed(golden.ids)));
      await session.dispose();
      return heads;
    };
    const exact = await run("fp32");
    const expected = exact.map(({ dense, lexical, colbert }, index) => ({
      ...texts[index]!,
      dense: [...dense],
      lexical,
      colbert: colbert.map((row) => [...row]),
    }));
    const { denseMean, colbertWorst } = nearness(await run("default"), expected);
    expect(denseMean).toBeGreaterThan(0.9995);
    expect(colbertWorst).toBeGreaterThan(0.999);
  });
});

/** A ColBERT head that gives last and first hidden state side by side, as they come, and a lexical head that reads first states too. */
function passThrough(): LoadedModel {
  const both = 2 * TINY.hidden;
  const layer = (tensor: string, outputs: number, activation: "none" | "relu") => ({ tensor, inputs: both, outputs, activation });
  const heads = {
    dense: { pooling: "cls" },
    lexical: { layers: [layer("sparse_linear", 1, "relu")] },
    colbert: { layers: [layer("colbert_linear", both, "none")], dim: both },
  } as const;
  const given: Record<string, Float32Array> = {
    "sparse_linear.weight": Float32Array.from({ length: both }, (_, input) => Math.sin(input)),
    "sparse_linear.bias": Float32Array.of(8),
    "colbert_linear.weight": Float32Array.from({ length: both * both }, (_, at) => (at % (both + 1) === 0 ? 1 : 0)),
    "colbert_linear.bias": new Float32Array(both),
  };
  const read: TensorSource["read"] = async (name, options) => {
    const values = given[name];
    if (!values) return tiny.tensors.read(name, options);
    return { dtype: "F32", shape: name.endsWith(".bias") ? [values.length] : [values.length / both, both], bytes: new Uint8Array(values.buffer) };
  };
  return { ...tiny, manifest: { ...tiny.manifest, heads }, tensors: { read, release() {} } };
}

describe.each([1, 2])("heads that read first hidden states, on %i threads", (threads) => {
  it("get them beside the last ones", async () => {
    const model = passThrough();
    const session = await openWasmEncoder(model, { threads });
    const texts = [tinyTexts[1]!.ids, tinyTexts[0]!.ids];
    const { pooled, lexical, colbert } = await session.run(batchOf(texts));
    await session.dispose();
    const width = TINY.hidden;
    let token = 0;
    for (const [text, ids] of texts.entries()) {
      const first = await new FirstStates(model.manifest, model.tensors, { gather: async ([ids]) => tiny.embed([...ids!]) }).of(Int32Array.from(ids));
      // The dense vector is the first token's last hidden state.
      expect(largestGap(colbert!.subarray(2 * token * width, (2 * token + 1) * width), pooled!.subarray(text * width, (text + 1) * width))).toBe(0);
      for (const place of ids.keys()) {
        const row = colbert!.subarray(2 * (token + place) * width, 2 * (token + place + 1) * width);
        expect(largestGap(row.subarray(width), first.subarray(place * width, (place + 1) * width))).toBeLessThan(1e-5);
        const expected = row.reduce((sum, value, input) => sum + value * Math.sin(input), 8);
        expect(lexical![token + place]).toBeCloseTo(Math.max(0, expected), 4);
      }
      token += ids.length;
    }
  });
});

describe("on several threads", () => {
  const texts = [tinyTexts[1]!, tinyTexts.at(-1)!, tinyTexts[0]!, tinyTexts[9]!, tinyTexts[1]!].map(({ ids }) => ids);

  it.each([2, 3])("gives the numbers of one, whoever computes them: %i", async (threads) => {
    expect(globalThis.crossOriginIsolated).toBe(true);
    const [one, several] = [await openWasmEncoder(tiny), await openWasmEncoder(tiny, { threads })];
    expect(several.info.threads).toBe(threads);
    for (const batch of [batchOf(texts), batchOf([tinyTexts[9]!.ids]), batchOf(texts), batchOf([tinyTexts.at(-1)!.ids])]) {
      const [expected, found] = [await one.run(batch), await several.run(batch)];
      expect(found).toEqual(expected);
    }
    await Promise.all([one.dispose(), several.dispose()]);
  });

  it("ends a run in the middle, and computes the next one right", async () => {
    const session = await openWasmEncoder(tiny, { threads: 2 });
    const batch = batchOf(texts);
    const expected = await session.run(batch);
    const controller = new AbortController();
    const reason = new Error("enough");
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => controller.abort(reason);
    const running = session.run(batchOf(Array.from({ length: 40 }, () => tinyTexts.at(-1)!.ids)), { signal: controller.signal });
    port2.postMessage(null);
    await expect(running).rejects.toBe(reason);
    port1.close();
    expect(await session.run(batch)).toEqual(expected);
    await session.dispose();
  });

  it("goes on with one when a thread does not start", async () => {
    const session = await openWasmEncoder(tiny, { threads: 2, spawn: () => new Worker("/no-such-thread.js", { type: "module" }) });
    expect(session.info.threads).toBe(1);
    expect(largestDifference(await runGolden(session, tiny.manifest, tinyTexts[0]!, tiny.embed(tinyTexts[0]!.ids)), tinyTexts[0]!)).toBeLessThan(1e-4);
    await session.dispose();
  });

  it("says so when a thread fails in a run", async () => {
    // It says that it is ready, takes a task, and fails: by then nobody else can do that task.
    const failing = `import("${location.origin}/src/runtime/wasm-encoder/control.ts").then(({ Control }) => {
      self.addEventListener("message", ({ data }) => {
        self.postMessage("ready");
        const control = new Control(data.memory, data.control);
        while (!control.take()) control.waitForTask();
        self.reportError(new Error("no more"));
      });
      self.postMessage("listening");
    });`;
    const url = URL.createObjectURL(new Blob([failing], { type: "text/javascript" }));
    const worker = new Worker(url, { type: "module" });
    await new Promise((resolve) => worker.addEventListener("message", resolve, { once: true }));
    const session = await openWasmEncoder(tiny, { threads: 2, spawn: () => worker });
    const batch = batchOf(Array.from({ length: 40 }, () => tinyTexts.at(-1)!.ids));
    await expect(session.run(batch)).rejects.toMatchObject({ code: "backend-failed", fields: { spoiled: true } });
    await session.dispose();
    URL.revokeObjectURL(url);
  });
});

describe.each([1, 2])("a long text on %i threads", (threads) => {
  // Rows of no words: what they are does not matter here. Some tenths of a second in float32, which is many turns.
  const tokens = 3000;
  const batch = { rows: Float32Array.from({ length: tokens * TINY.hidden }, (_, index) => Math.sin(index)), lengths: [tokens], outputs: ALL };

  it("tells how far it is, more and more", async () => {
    const session = await openWasmEncoder(tiny, { threads });
    const told: number[] = [];
    await session.run(batch, { onProgress: (done) => told.push(done) });
    expect(new Set(told).size).toBeGreaterThan(3);
    expect(told).toEqual([...told].sort((a, b) => a - b));
    expect(told[0]).toBeGreaterThan(0);
    expect(told.at(-1)).toBeLessThanOrEqual(1);
    await session.dispose();
  });

  it("stops within a layer when it is aborted", async () => {
    const session = await openWasmEncoder(tiny, { threads });
    const controller = new AbortController();
    const reason = new Error("enough");
    const told: number[] = [];
    const onProgress = (done: number) => {
      told.push(done);
      controller.abort(reason);
    };
    await expect(session.run(batch, { signal: controller.signal, onProgress })).rejects.toBe(reason);
    // One of five phases is attention of the first layer: it had not come to its end.
    expect(told).toHaveLength(1);
    expect(told[0]).toBeLessThanOrEqual(2 / 5);
    expect((await session.run(batchOf([tinyTexts[0]!.ids]))).pooled!.every(Number.isFinite)).toBe(true);
    await session.dispose();
  });
});

describe("a run that is given up", () => {
  const long = () => batchOf(Array.from({ length: 40 }, () => tinyTexts.at(-1)!.ids));

  it("does not start when its signal is aborted already", async () => {
    const session = await openWasmEncoder(tiny);
    const reason = new Error("not now");
    await expect(session.run(batchOf([tinyTexts[0]!.ids]), { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    await session.dispose();
  });

  it("ends in the middle of a layer, and the next one runs", async () => {
    const session = await openWasmEncoder(tiny, { precision: "fp32" });
    const controller = new AbortController();
    const reason = new Error("enough");
    const { port1, port2 } = new MessageChannel();
    // A message, as a cancellation is: it is heard when the run pauses, not before.
    port1.onmessage = () => controller.abort(reason);
    const running = session.run(long(), { signal: controller.signal });
    port2.postMessage(null);
    await expect(running).rejects.toBe(reason);
    port1.close();
    await session.run(batchOf([tinyTexts[0]!.ids]));
    await session.dispose();
  });

  it("ends when the session is disposed of, which then refuses runs", async () => {
    const session = await openWasmEncoder(tiny);
    const running = session.run(long());
    const disposed = session.dispose();
    await expect(running).rejects.toMatchObject({ code: "disposed" });
    await disposed;
    await expect(session.run(batchOf([tinyTexts[0]!.ids]))).rejects.toMatchObject({ code: "disposed" });
  });
});
