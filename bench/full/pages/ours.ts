/** This package with a model of BGE-M3's size, as a page uses it: WASM, two threads; on ONNX Runtime instead of our own encoder where the address ends in "?ort". */
import { M3 } from "../../../src/index.ts";

const THREADS = 2;
const heads = { returnDense: true, returnSparse: true, returnColbertVecs: true } as const;

const worker = location.search === "?ort" ? () => new Worker(new URL("../../encode/pages/ours-ort-worker.ts", import.meta.url), { type: "module" }) : undefined;
let loaded: M3 | undefined;

const full = {
  async load() {
    const began = performance.now();
    loaded = await M3.load("/full/", { worker, device: "wasm", threads: THREADS, baseUrl: location.origin, prefetch: "none", abortGraceMs: 600_000 });
    const { engine, precision, threads } = loaded.device;
    return { loadMs: performance.now() - began, engine: `${engine}, ${precision}, ${threads} threads` };
  },
  /** One call, with every report of progress and when it came. */
  async encode(text: string, maxLength: number, colbertRows: number) {
    const began = performance.now();
    const reports: { readonly ms: number; readonly loaded: number; readonly total: number }[] = [];
    const onProgress = ({ loaded: done, total }: { loaded: number; total: number }) => reports.push({ ms: performance.now() - began, loaded: done, total });
    const { denseVecs, lexicalWeights, colbertVecs, tokenCounts } = await loaded!.encode(text, { ...heads, maxLength, onProgress });
    const { data, dim } = colbertVecs!;
    return {
      ms: performance.now() - began,
      tokens: tokenCounts,
      reports,
      dense: Array.from(denseVecs!),
      lexical: lexicalWeights!,
      colbert: Array.from({ length: colbertRows }, (_, row) => Array.from(data.subarray(row * dim, (row + 1) * dim))),
    };
  },
  /** Some texts in one call: how long it takes. */
  async encodeList(texts: readonly string[], maxLength: number) {
    const began = performance.now();
    const { tokenCounts } = await loaded!.encodeCorpus([...texts], { ...heads, maxLength });
    return { ms: performance.now() - began, tokens: tokenCounts.reduce((sum, count) => sum + count, 0) };
  },
  /** Aborts in the middle of a long text: how long until the call ends, and until the worker (the same one) has answered another text. */
  async abort(text: string, maxLength: number, other: string) {
    const controller = new AbortController();
    let abortedAt = 0;
    const running = loaded!.encode(text, {
      ...heads,
      maxLength,
      signal: controller.signal,
      onProgress({ loaded: done }) {
        if (done === 0 || abortedAt > 0) return;
        abortedAt = performance.now();
        controller.abort(new Error("enough"));
      },
    });
    const message = await running.then(
      () => "it was not aborted",
      (error: Error) => error.message,
    );
    const rejectedMs = performance.now() - abortedAt;
    await loaded!.encode(other);
    return { message, rejectedMs, answeredMs: performance.now() - abortedAt };
  },
};

export type FullPage = typeof full;

Object.assign(globalThis, { full });
