/** Heads that are trained in the page, on the real worker and m3-mini: on a few pages of GNOME Help, cut short. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { type AdaptReport, M3, type ProgressEvent, type TextDocument } from "../../../src/index.ts";

const options = { baseUrl: "/", device: "wasm", threads: 1 } as const;
/** Training takes its time on a machine that is busy with something else. */
const LONG_MS = 240_000;
/** Few steps on short texts. */
const quick = { epochs: 1, maxLength: 32, batchPairs: 8, maxPairs: 60, learningRate: 1e-3 } as const;
const freshName = () => `test-${crypto.randomUUID()}`;

async function helpPages(count: number): Promise<TextDocument[]> {
  const text = await (await fetch("/corpus/gnome-help/en.jsonl")).text();
  const pages = text.trim().split("\n").slice(0, count);
  return pages.map((line) => {
    const { id, title, body } = JSON.parse(line) as { readonly id: string; readonly title: string; readonly body: string };
    return { id, title, text: body.slice(0, 500), fields: { lang: "en" } };
  });
}

let pages: TextDocument[];
let m3: M3;
beforeAll(async () => {
  [pages, m3] = await Promise.all([helpPages(40), M3.load("m3-mini", options)]);
  await m3.resetHeads();
});
afterAll(async () => {
  await m3?.resetHeads();
  await m3?.dispose();
});

const vectorsOf = (model: M3) => model.encode(["How do I print a page?", "Turn the screen off"], { returnSparse: true, returnColbertVecs: true });

it(
  "adapts to an index, tells what it was worth, and takes it back bit for bit",
  async () => {
    const index = await m3.openIndex(freshName(), { storage: "memory" });
    await index.add(pages);
    const [info, before] = [m3.info, await vectorsOf(m3)];
    expect(info.heads).toBe("shipped");
    const events: ProgressEvent[] = [];
    const report: AdaptReport = await m3.adapt(index, { ...quick, adopt: "always", onProgress: (event) => events.push(event) });
    expect(report).toMatchObject({ adopted: true, stored: true });
    expect(m3.info).toMatchObject({ heads: "adapted", baseFingerprint: info.fingerprint });
    expect(m3.info.fingerprint).not.toBe(info.fingerprint);
    const after = await vectorsOf(m3);
    expect(after.denseVecs).toEqual(before.denseVecs);
    expect(after.colbertVecs).not.toEqual(before.colbertVecs);

    await expect(index.search("print")).rejects.toMatchObject({ code: "index-mismatch" });
    await index.reencode();
    expect((await index.search("print a page")).hits.length).toBeGreaterThan(0);

    await m3.resetHeads();
    expect(m3.info).toEqual(info);
    expect(await vectorsOf(m3)).toEqual(before);
    await index.close();
  },
  LONG_MS,
);
