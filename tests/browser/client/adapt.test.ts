/** Heads that are trained in the page, on the real worker and m3-mini: on a few pages of GNOME Help, cut short. */
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { type AdaptOptions, type AdaptPair, type AdaptReport, M3, type ProgressEvent, type TextDocument } from "../../../src/index.ts";
import { sabotagedWorkers } from "./saboteur.ts";

const options = { baseUrl: "/", device: "wasm", threads: 1 } as const;
/** Training takes its time on a machine that is busy with something else. */
const LONG_MS = 240_000;
/** Few steps on short texts. */
const quick: AdaptOptions = { epochs: 2, maxLength: 32, batchPairs: 8 };
const freshName = () => `test-${crypto.randomUUID()}`;

async function helpPages(count: number): Promise<TextDocument[]> {
  const text = await (await fetch("/corpus/gnome-help/en.jsonl")).text();
  const pages = text.trim().split("\n").slice(0, count);
  return pages.map((line) => {
    const { id, title, body } = JSON.parse(line) as { readonly id: string; readonly title: string; readonly body: string };
    return { id, title, text: body.slice(0, 400), fields: { lang: "en" } };
  });
}

const saboteur = sabotagedWorkers();
let pages: TextDocument[];
let pairs: AdaptPair[];
let m3: M3;
beforeAll(async () => {
  [pages, m3] = await Promise.all([helpPages(60), M3.load("m3-mini", { ...options, worker: saboteur.worker })]);
  pairs = pages.slice(0, 40).map(({ id, title, text }) => ({ query: title!, pos: [text], id }));
});
beforeEach(() => m3.resetHeads());
afterAll(async () => {
  await m3?.resetHeads();
  await m3?.dispose();
});

const vectorsOf = (model: M3) => model.encode(["How do I print a page?", "Turn the screen off"], { returnSparse: true, returnColbertVecs: true });
const judged = ({ lexical, colbert, combined }: AdaptReport["before"]) => (lexical!.mrr + colbert!.mrr + combined.mrr) / 3;

it(
  "adapts to an index, tells truly what it was worth, and takes it back bit for bit",
  async () => {
    const index = await m3.openIndex(freshName(), { storage: "memory" });
    await index.add(pages);
    const [info, device, before] = [m3.info, m3.device, await vectorsOf(m3)];
    expect(info).toMatchObject({ heads: "shipped", baseFingerprint: info.fingerprint });
    const events: ProgressEvent[] = [];
    const report = await m3.adapt(index, {
      epochs: 4,
      maxLength: 96,
      batchPairs: 8,
      learningRate: 1e-3,
      adopt: "always",
      onProgress: (event) => events.push(event),
    });

    expect(report.adopted).toBe(true);
    expect(report.after.dense).toEqual(report.before.dense);
    expect(report.pairs.train).toBeGreaterThan(report.pairs.dev + report.pairs.heldOut);
    expect(report.curves.dev.find(({ step }) => step === report.bestStep)!.mean).toBe(Math.max(...report.curves.dev.map(({ mean }) => mean)));
    const phases = events.map(({ phase }) => phase);
    expect(phases.indexOf("encode")).toBeLessThan(phases.indexOf("evaluate"));
    expect(phases.indexOf("evaluate")).toBeLessThan(phases.indexOf("train"));
    const points = events.flatMap(({ training }) => training ?? []);
    expect(points.filter(({ losses }) => losses)).toHaveLength(report.curves.steps.length);
    expect(points.filter(({ dev }) => dev)).toHaveLength(report.curves.dev.length);

    expect(m3.info).toMatchObject({ ...info, heads: "adapted", fingerprint: expect.not.stringMatching(info.fingerprint) });
    expect(m3.device).toEqual(device);
    const after = await vectorsOf(m3);
    expect(after.denseVecs).toEqual(before.denseVecs);
    expect(after.colbertVecs).not.toEqual(before.colbertVecs);

    await expect(index.search("print")).rejects.toMatchObject({ code: "index-mismatch" });
    await expect(index.add([{ id: "new", text: "A new page." }])).rejects.toMatchObject({ code: "index-mismatch" });
    await index.reencode();
    expect((await index.search("print a page")).hits.length).toBeGreaterThan(0);
    expect(await index.info()).toMatchObject({ documents: 60 });

    await m3.resetHeads();
    expect(m3.info).toEqual(info);
    expect(await vectorsOf(m3)).toEqual(before);
    await index.close();
  },
  LONG_MS,
);

it(
  "takes heads that are better, and no others",
  async () => {
    const { adopted, before, after } = await m3.adapt(pairs, quick);
    expect(adopted).toBe(judged(after) > judged(before));
    expect(m3.info.heads).toBe(adopted ? "adapted" : "shipped");
  },
  LONG_MS,
);

it(
  "adapted heads are there at the next visit for whoever asks for them, and a stored index goes with them",
  async () => {
    const name = freshName();
    const index = await m3.openIndex(name);
    await index.add(pages.slice(0, 5));
    await index.close();
    expect(await m3.adapt(pairs, { ...quick, adopt: "always" })).toMatchObject({ adopted: true, stored: true, resumedAt: 0 });
    const adapted = await vectorsOf(m3);

    const shipped = await M3.load("m3-mini", options);
    expect(shipped.info.fingerprint).toBe(m3.info.baseFingerprint);
    const again = await M3.load("m3-mini", { ...options, heads: "adapted" });
    expect(again.info).toEqual(m3.info);
    expect(await vectorsOf(again)).toEqual(adapted);

    await expect(again.openIndex(name)).rejects.toMatchObject({ code: "index-mismatch", message: expect.stringContaining("reencode") });
    // Broken off, it is as it was.
    const controller = new AbortController();
    const broken = again.openIndex(name, { reencode: true, signal: controller.signal, onProgress: () => controller.abort("enough") });
    await expect(broken).rejects.toBe("enough");
    const before = await shipped.openIndex(name);
    expect((await before.search(pages[0]!.title!, { limit: 1 })).hits[0]!.id).toBe(pages[0]!.id);
    const opened = await again.openIndex(name, { reencode: true });
    expect((await opened.search(pages[0]!.title!, { limit: 1 })).hits[0]!.id).toBe(pages[0]!.id);
    expect(await opened.get([pages[3]!.id])).toEqual([pages[3]]);
    // Another tab that had it open is told.
    await expect(before.search("print")).rejects.toMatchObject({ code: "index-mismatch" });
    await Promise.all([opened.close(), before.close()]);
    await again.removeIndex(name);
    await Promise.all([again.dispose(), shipped.dispose()]);
  },
  LONG_MS,
);

it(
  "aborted, it leaves the heads alone; the same call again goes on, also when its worker is ended, and gives the same heads as one that was not broken off",
  async () => {
    const settings: AdaptOptions = { ...quick, epochs: 10, adopt: "always" };
    const before = await vectorsOf(m3);
    const controller = new AbortController();
    const atFirstStep = (act: () => void) => (event: ProgressEvent) => event.training?.losses && act();
    const aborted = m3.adapt(pairs, { ...settings, signal: controller.signal, onProgress: atFirstStep(() => controller.abort("changed my mind")) });
    await expect(aborted).rejects.toBe("changed my mind");
    expect(m3.info.heads).toBe("shipped");
    expect(await vectorsOf(m3)).toEqual(before);
    const visit = await M3.load("m3-mini", { ...options, heads: "adapted" });
    expect(visit.info.heads).toBe("shipped");
    await visit.dispose();

    // Without an event, as a browser does that needs the memory: the next worker goes on from the last checkpoint.
    const workers = saboteur.started.length;
    const kill = () => saboteur.started.length === workers && saboteur.kill();
    const resumed = await m3.adapt(pairs, { ...settings, onProgress: atFirstStep(kill) });
    expect(saboteur.started).toHaveLength(workers + 1);
    expect(resumed.resumedAt).toBeGreaterThan(0);
    const { fingerprint } = m3.info;
    // A worker that takes the place of this one has the adapted heads.
    const adapted = await vectorsOf(m3);
    saboteur.kill();
    expect(await vectorsOf(m3)).toEqual(adapted);
    expect(m3.info.fingerprint).toBe(fingerprint);

    await m3.resetHeads();
    const whole = await m3.adapt(pairs, settings);
    expect(m3.info.fingerprint).toBe(fingerprint);
    expect(whole).toEqual({ ...resumed, resumedAt: 0 });
  },
  LONG_MS,
);

it("says what is wrong with what it gets", async () => {
  const refused = (texts: unknown, changes: object = {}) =>
    expect(m3.adapt(texts as AdaptPair[], { ...quick, ...changes })).rejects.toMatchObject({ code: "invalid-input", name: "InvalidInputError" });
  await refused("pairs");
  await refused(pairs, { epoch: 1 });
  await refused(pairs, { heldOut: 0.9 });
  await refused(pairs.slice(0, 5));
  await refused([...pairs, { query: "a", pos: "b" }]);
  await refused([...pairs, { query: "a", positive: ["b"] }]);
  const index = await m3.openIndex(freshName(), { storage: "memory" });
  await refused(index);
  await index.add(pages.slice(0, 3));
  await refused(index);
  await refused(index, { languages: ["de"] });
  await index.close();
  await expect(m3.adapt(index)).rejects.toMatchObject({ code: "disposed" });
});

it(
  "is done once at a time, and ends with its model",
  async () => {
    const doomed = await M3.load("m3-mini", { ...options, storage: "memory" });
    let begun = () => {};
    const hasBegun = new Promise<void>((resolve) => {
      begun = resolve;
    });
    const adapting = doomed.adapt(pairs, { ...quick, epochs: 50, onProgress: () => begun() });
    const ends = expect(adapting).rejects.toMatchObject({ code: "disposed" });
    await hasBegun;
    await expect(doomed.adapt(pairs, quick)).rejects.toMatchObject({ code: "busy" });
    await expect(doomed.resetHeads()).rejects.toMatchObject({ code: "busy" });
    // Questions are answered meanwhile.
    expect((await doomed.encodeQueries("How do I print?")).denseVecs).toHaveLength(384);
    await doomed.dispose();
    await ends;
  },
  LONG_MS,
);
