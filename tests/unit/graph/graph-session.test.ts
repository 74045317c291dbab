/** The session over an engine that only copies what it gets: feeds, masks, order, refusals. */
import { describe, expect, it } from "vitest";
import { type GraphEngine, type GraphRun, GraphSession, selectedOutputs } from "#graph/graph-session.ts";
import { syntheticModel } from "./support/synthetic-model.ts";

const { manifest } = syntheticModel({ layers: 1, hidden: 4, heads: 2, ffn: 8, vocab: 10, colbertDim: 4, maxPositions: 34 });
const meanManifest = { ...manifest, heads: { ...manifest.heads, dense: { pooling: "mean" } } } as const;
const ALL = { dense: true, lexical: true, colbert: true };

/** Gives each token's row as its ColBERT vector, its first number as lexical weight, and the first token's row as pooled state. */
class EchoEngine implements GraphEngine {
  readonly info = { backend: "wasm", engine: "echo", precision: "fp32", threads: 1, batch: { tokenBudget: 100, maxTexts: 10, maxPadding: 0 } } as const;
  readonly runs: GraphRun[] = [];
  disposals = 0;
  readonly masks: boolean;
  constructor(masks: boolean) {
    this.masks = masks;
  }
  async run(run: GraphRun) {
    this.runs.push(run);
    const { data, dims } = run.feeds.rows!;
    const [texts, width, hidden] = dims as [number, number, number];
    return {
      pooled: Float32Array.from({ length: texts * hidden }, (_, index) => data[Math.floor(index / hidden) * width * hidden + (index % hidden)]!),
      lexical: Float32Array.from({ length: texts * width }, (_, token) => data[token * hidden]!),
      colbert: data.slice(),
    };
  }
  async dispose() {
    this.disposals++;
  }
}

const lengths = [3, 1, 3];
const rows = Float32Array.from({ length: 7 * 4 }, (_, index) => index + 1);
const batch = { rows, lengths, outputs: ALL };

describe.each([true, false])("an engine with masks: %s", (masks) => {
  it("gets rectangles, and its results come back in the batch's order", async () => {
    const engine = new EchoEngine(masks);
    const result = await new GraphSession(engine, manifest).run(batch);
    expect(result.colbert).toEqual(rows);
    expect(result.lexical).toEqual(Float32Array.of(1, 5, 9, 13, 17, 21, 25));
    expect(result.pooled).toEqual(Float32Array.of(1, 2, 3, 4, 13, 14, 15, 16, 17, 18, 19, 20));
    expect(result.computedTokens).toBe(masks ? 9 : 7);
    expect(engine.runs.map(({ masked, feeds }) => [masked, feeds.rows!.dims])).toEqual(
      masks
        ? [[true, [3, 3, 4]]]
        : [
            [false, [2, 3, 4]],
            [false, [1, 1, 4]],
          ],
    );
  });
});

it("tells a masked graph which tokens are real", async () => {
  const engine = new EchoEngine(true);
  await new GraphSession(engine, meanManifest).run(batch);
  const { key_bias, query_zeros, pooling } = engine.runs[0]!.feeds;
  expect(key_bias).toEqual({ dims: [3, 1, 1, 3], data: Float32Array.of(0, 0, 0, 0, -1e4, -1e4, 0, 0, 0) });
  expect(query_zeros).toEqual({ dims: [1, 1, 3, 1], data: new Float32Array(3) });
  const third = Math.fround(1 / 3);
  expect(pooling).toEqual({ dims: [3, 1, 3], data: Float32Array.of(third, third, third, 1, 0, 0, third, third, third) });
});

it("gives a graph no masks when all texts are of one length", async () => {
  const engine = new EchoEngine(true);
  await new GraphSession(engine, meanManifest).run({ rows: rows.subarray(0, 24), lengths: [3, 3], outputs: ALL });
  expect(engine.runs).toMatchObject([{ masked: false }]);
  expect(Object.keys(engine.runs[0]!.feeds)).toEqual(["rows"]);
});

it("gives null for what was not asked for, and for heads that the model lacks", async () => {
  const dense = await new GraphSession(new EchoEngine(false), manifest).run({ ...batch, outputs: { dense: true, lexical: false, colbert: false } });
  expect(dense).toMatchObject({ lexical: null, colbert: null });
  const headless = { ...manifest, heads: { ...manifest.heads, lexical: null, colbert: null } };
  expect(await new GraphSession(new EchoEngine(false), headless).run(batch)).toMatchObject({ lexical: null, colbert: null });
});

it.each([
  ["rows that are too few", { ...batch, lengths: [3, 1, 4] }],
  ["a text without tokens", { ...batch, lengths: [3, 0, 1, 3] }],
])("refuses %s", async (_, wrong) => {
  await expect(new GraphSession(new EchoEngine(false), manifest).run(wrong)).rejects.toMatchObject({ code: "backend-failed" });
});

it.each(["pooled", "lexical", "colbert"] as const)("refuses an engine's %s of the wrong size", async (name) => {
  const engine = new EchoEngine(false);
  const run = engine.run.bind(engine);
  engine.run = async (graphRun) => ({ ...(await run(graphRun)), [name]: new Float32Array(2) });
  await expect(new GraphSession(engine, manifest).run(batch)).rejects.toMatchObject({ code: "backend-failed" });
});

it("stops between groups when it is aborted, and starts nothing afterwards", async () => {
  const engine = new EchoEngine(false);
  const controller = new AbortController();
  const run = engine.run.bind(engine);
  engine.run = (graphRun) => {
    controller.abort(new Error("enough"));
    return run(graphRun);
  };
  await expect(new GraphSession(engine, manifest).run(batch, { signal: controller.signal })).rejects.toThrow("enough");
  expect(engine.runs).toHaveLength(1);
});

it("is disposed of once, and refuses to run from then on", async () => {
  const engine = new EchoEngine(false);
  const session = new GraphSession(engine, manifest);
  await Promise.all([session.dispose(), session.dispose()]);
  expect(engine.disposals).toBe(1);
  await expect(session.run(batch)).rejects.toMatchObject({ code: "disposed" });
});

it("names the outputs of a selection", () => {
  expect(selectedOutputs(ALL)).toEqual(["pooled", "lexical", "colbert"]);
  expect(selectedOutputs({ dense: false, lexical: true, colbert: false })).toEqual(["lexical"]);
});

describe("an engine of half precision", () => {
  /** Gives numbers that cannot be for texts of some lengths, unless it is asked to be exact. */
  class OverflowingEngine extends EchoEngine {
    readonly half = true;
    readonly #overflows: (width: number) => number | undefined;
    constructor(overflows: (width: number) => number | undefined) {
      super(false);
      this.#overflows = overflows;
    }
    override async run(run: GraphRun) {
      const found = await super.run(run);
      const wrong = this.#overflows(run.feeds.rows!.dims[1]!);
      if (wrong !== undefined && !run.exact) found.colbert[0] = wrong;
      return found;
    }
  }

  it.each([Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN])("computes a batch with %s in float32, that batch and no other", async (wrong) => {
    const engine = new OverflowingEngine((width) => (width === 1 ? wrong : undefined));
    const result = await new GraphSession(engine, manifest).run(batch);
    expect(result.colbert).toEqual(rows);
    expect(engine.runs.map(({ feeds, exact }) => [feeds.rows!.dims[1], exact ?? false])).toEqual([
      [3, false],
      [1, false],
      [1, true],
    ]);
  });

  it("goes on in half precision with the next call", async () => {
    let calls = 0;
    const engine = new OverflowingEngine(() => (calls++ === 0 ? Number.NaN : undefined));
    const session = new GraphSession(engine, manifest);
    await session.run({ ...batch, lengths: [7] });
    await session.run({ ...batch, lengths: [7] });
    expect(engine.runs.map(({ exact }) => exact ?? false)).toEqual([false, true, false]);
  });

  it("hears an abort before it computes again", async () => {
    const controller = new AbortController();
    const engine = new OverflowingEngine(() => {
      controller.abort(new Error("enough"));
      return Number.NaN;
    });
    await expect(new GraphSession(engine, manifest).run({ ...batch, lengths: [7] }, { signal: controller.signal })).rejects.toThrow("enough");
    expect(engine.runs).toHaveLength(1);
  });

  it("gives what float32 gives, also when that is no number: whoever reads it checks it", async () => {
    const engine = new OverflowingEngine(() => undefined);
    const rowsWithNan = Float32Array.from(rows, (value, index) => (index === 2 ? Number.NaN : value));
    const { colbert } = await new GraphSession(engine, manifest).run({ ...batch, rows: rowsWithNan, lengths: [7] });
    expect(colbert![2]).toBeNaN();
    expect(engine.runs.map(({ exact }) => exact ?? false)).toEqual([false, true]);
  });

  it("is trusted at once where it is none", async () => {
    const engine = new EchoEngine(false);
    await new GraphSession(engine, manifest).run({ ...batch, rows: Float32Array.from(rows).fill(Number.NaN), lengths: [7] });
    expect(engine.runs).toHaveLength(1);
  });
});
