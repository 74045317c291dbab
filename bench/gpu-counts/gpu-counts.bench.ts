/**
 * What one text costs on WebGPU, counted and not timed: without a GPU its speed in software says nothing, but what is asked of the GPU is the same everywhere. A small model (2 layers
 * of 32) of the same shape on both sides; counts of dispatches grow with layers, bytes with tokens and widths.
 */
import path from "node:path";
import { ASSETS } from "../encode/contenders.ts";
import { type BenchReport, type Cell, note } from "../harness/bench.ts";
import { openPage } from "../harness/browser.ts";
import { buildPages } from "../harness/build-pages.ts";
import { serveFolders } from "../harness/static-server.ts";
import type { GpuCounts } from "./pages/count-gpu.ts";
import { ARCHITECTURE } from "./shape.ts";

export const summary = "what a text costs on WebGPU, counted: dispatches, bytes up and down, bytes held; against transformers.js on the same device";

const TOKENS = 32;
const BATCH = 8;
const DENSE = { dense: true, lexical: false, colbert: false };
const ALL = { dense: true, lexical: true, colbert: true };
const FIXTURES = path.resolve(import.meta.dirname, "../../tests/fixtures/onnx");

interface Loaded {
  readonly engine: string;
  readonly precision: string;
  readonly counts: GpuCounts;
}

export async function run(): Promise<BenchReport> {
  const texts = Array.from({ length: BATCH }, (_, text) =>
    Array.from({ length: TOKENS }, (_, place) => (place === 0 ? 0 : place === TOKENS - 1 ? 2 : 5 + ((text * 31 + place * 7) % 290))),
  );
  const rows: Cell[][] = [];
  const load: Cell[][] = [];
  const one: Record<string, GpuCounts> = {};

  const measure = async (
    page: "ours" | "peer",
    sides: readonly { readonly name: string; readonly load: unknown[]; readonly outputs: readonly unknown[] }[],
  ) => {
    note(`Building the page ${page}.`);
    const pages = await buildPages("bench/gpu-counts/pages", [`${page}.html`], `.cache/bench/gpu-counts-${page}`);
    const server = await serveFolders({ "/": pages, ...ASSETS, "/peer-models/": FIXTURES });
    for (const side of sides) {
      note(side.name);
      const { page: tab, close } = await openPage(`${server.origin}/${page}.html`);
      await tab.waitForFunction("globalThis.counting !== undefined");
      const call = <Result>(method: string, ...args: unknown[]) =>
        tab.evaluate(
          ([name, values]) => (globalThis as unknown as { counting: Record<string, (...given: unknown[]) => Promise<never>> }).counting[name]!(...values),
          [method, args] as const,
        ) as Promise<Result>;
      const loaded = await call<Loaded>("load", ...side.load);
      load.push([side.name, `${loaded.engine}, ${loaded.precision}`, loaded.counts.uploadedBytes, loaded.counts.heldBytes]);
      for (const list of [texts.slice(0, 1), texts]) {
        // Shaders are compiled, and buffers made that stay.
        await call("run", list, ...side.outputs);
        await call("run", list, ...side.outputs);
        const counts = await call<GpuCounts>("run", list, ...side.outputs);
        if (list.length === 1) one[side.name] = counts;
        const per = (value: number) => value / list.length;
        rows.push([
          side.name,
          list.length,
          per(counts.dispatches),
          per(counts.submissions),
          per(counts.uploadedBytes),
          per(counts.readBackBytes),
          counts.heldBytes,
          counts.pipelines,
        ]);
      }
      await close();
    }
    await server.close();
  };

  const ours = [
    { name: "ours, fp32, dense", load: ["fp32"], outputs: [DENSE] },
    { name: "ours, fp32, three heads", load: ["fp32"], outputs: [ALL] },
    { name: "ours, q4, three heads", load: ["q4"], outputs: [ALL] },
  ];
  await measure("ours", ours);
  await measure("peer", [{ name: "transformers.js, fp32, hidden states", load: [], outputs: [] }]);

  const [dense, three, peer] = [one["ours, fp32, dense"]!, one["ours, fp32, three heads"]!, one["transformers.js, fp32, hidden states"]!];
  return {
    tables: [
      {
        title: `per text of ${TOKENS} tokens, ${ARCHITECTURE.numHiddenLayers} layers of ${ARCHITECTURE.hiddenSize}`,
        columns: ["side", "texts of a run", "dispatches", "submissions", "bytes up", "bytes down", "bytes held", "new pipelines"],
        rows,
      },
      { title: "load", columns: ["side", "engine", "bytes up", "bytes held"], rows: load },
    ],
    ratios: [
      { name: "dispatches, the peer's over ours (three heads), one text", value: peer.dispatches / three.dispatches },
      { name: "bytes down, the peer's over ours (dense), one text", value: peer.readBackBytes / dense.readBackBytes },
    ],
  };
}
