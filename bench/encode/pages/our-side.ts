/** This package as a user calls it: `M3` on the page, the model in its worker, all three heads of every text. */
import { type LoadOptions, M3 } from "../../../src/index.ts";
import { type BenchSide, THREADS, timeCalls } from "../protocol.ts";

const heads = { returnDense: true, returnSparse: true, returnColbertVecs: true } as const;

export function offerSide(options: Pick<LoadOptions, "worker"> = {}): void {
  let opened: Promise<M3> | undefined;
  const model = () => {
    opened ??= M3.load("m3-mini", { ...options, device: "wasm", threads: THREADS, baseUrl: "/" });
    return opened;
  };
  const bench: BenchSide = {
    async load() {
      const began = performance.now();
      const m3 = await model();
      return { loadMs: performance.now() - began, engine: `${m3.device.engine}, ${m3.device.precision}, ${m3.device.threads} threads` };
    },
    async encode(texts, listSize) {
      const m3 = await model();
      return timeCalls(texts, listSize, async (slice) => {
        const { denseVecs } = await m3.encodeCorpus(slice, heads);
        return denseVecs?.[0] ?? [];
      });
    },
    async countTokens(texts) {
      const m3 = await model();
      return (await m3.encodeCorpus([...texts], { returnDense: false, returnSparse: true })).tokenCounts;
    },
  };

  Object.assign(globalThis, { bench });
}
