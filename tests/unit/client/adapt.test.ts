/** `M3.adapt` as the main thread does it, on fake workers: when the heads are changed, when they are not, and what the next worker begins with. */
import { describe, expect, it, vi } from "vitest";
import { type AdaptOptions, M3 } from "../../../src/index.ts";
import { loaded, never, type Script, workers } from "./fake-worker.ts";

const pairs = [{ query: "question", pos: ["answer"] }];
const FILE = Uint8Array.of(1, 2, 3);
const scores = { mrr: 0.5, ndcg10: 0.6 };
const report = {
  pairs: { train: 8, dev: 2, heldOut: 2, dropped: 0 },
  before: { dense: scores, lexical: scores, colbert: scores, combined: scores },
  after: { dense: scores, lexical: scores, colbert: scores, combined: scores },
  curves: { steps: [], dev: [] },
  bestStep: 3,
  resumedAt: 0,
};

async function m3(...scripts: Partial<Script>[]) {
  const { started, spawn } = workers(...scripts);
  return { started, m3: await M3.load("fake", { worker: spawn, baseUrl: "https://site.example/" }) };
}

describe("M3.adapt", () => {
  it("trains, changes the heads, and tells both", async () => {
    const adapt = vi.fn(async () => ({ report, heads: FILE }));
    const { m3: model, started } = await m3({ adapt });
    const given: AdaptOptions = { epochs: 2, languages: ["de"], seed: 7 };
    expect(await model.adapt(pairs, { ...given, onProgress: () => {} })).toEqual({ ...report, adopted: true, stored: true });
    expect(adapt).toHaveBeenCalledWith(started[0], expect.objectContaining({ urgency: "corpus", progress: true }), { kind: "pairs", pairs }, given);
    expect(started[0]!.heads).toEqual([FILE]);
    await model.resetHeads();
    expect(started[0]!.heads).toEqual([FILE, null]);
    await model.dispose();
  });

  it("changes nothing when the new heads are no better", async () => {
    const { m3: model, started } = await m3({ adapt: async () => ({ report, heads: null }) });
    expect(await model.adapt(pairs)).toEqual({ ...report, adopted: false, stored: false });
    expect(started[0]!.heads).toEqual([]);
    await model.dispose();
  });

  it("changes nothing when it is aborted, not even when training has ended meanwhile", async () => {
    const controller = new AbortController();
    let end = () => {};
    const adapt: Script["adapt"] = () =>
      new Promise((resolve) => {
        end = () => resolve({ report, heads: FILE });
      });
    const { m3: model, started } = await m3({ adapt });
    const adapting = model.adapt(pairs, { signal: controller.signal });
    await vi.waitFor(() => expect(started[0]!.cancelled).toEqual([]));
    controller.abort("changed my mind");
    end();
    await expect(adapting).rejects.toBe("changed my mind");
    await vi.waitFor(() => expect(started[0]!.cancelled).toHaveLength(1));
    expect(started[0]!.heads).toEqual([]);
    await model.dispose();
  });

  it("gives the heads to a worker that takes another's place, and none after they were reset", async () => {
    const load = vi.fn<Script["load"]>(async (_, { heads }) => ({ ...loaded, heads: typeof heads === "object" ? heads.file : null }));
    const { m3: model, started } = await m3({ load, adapt: async () => ({ report, heads: FILE }) });
    await model.adapt(pairs);
    started[0]!.die("boom");
    await model.encode("text");
    expect(load.mock.lastCall![1].heads).toEqual({ file: FILE });
    await model.resetHeads();
    started[1]!.die("boom");
    await model.encode("text");
    expect(load.mock.lastCall![1].heads).toBe("shipped");
    await model.dispose();
  });

  it("is sent again to the next worker when it loses its own", async () => {
    const { m3: model, started } = await m3({ adapt: never }, { adapt: async () => ({ report, heads: FILE }) });
    const adapting = model.adapt(pairs);
    await vi.waitFor(() => expect(started).toHaveLength(1));
    started[0]!.die("boom");
    expect(await adapting).toMatchObject({ adopted: true });
    expect(started.map(({ heads }) => heads.length)).toEqual([0, 1]);
    await model.dispose();
  });

  it.each([
    ["texts", "pairs", {}],
    ["options.epoch", pairs, { epoch: 1 }],
    ["options.epochs", pairs, { epochs: 0 }],
    ["options.learningRate", pairs, { learningRate: 2 }],
    ["options.batchPairs", pairs, { batchPairs: 1 }],
    ["options.heldOut", pairs, { heldOut: 0.01 }],
    ["options.languages", pairs, { languages: [] }],
    ["options.languageField", pairs, { languageField: "" }],
    ["options.seed", pairs, { seed: 0.5 }],
    ["options.adopt", pairs, { adopt: "never" }],
  ])("refuses a wrong %s at the door", async (path, texts, options) => {
    const { m3: model } = await m3();
    await expect(model.adapt(texts as never, options as never)).rejects.toMatchObject({ code: "invalid-input", fields: { path } });
    await model.dispose();
  });
});
