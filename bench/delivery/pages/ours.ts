/** This package with its defaults: load, then one query with all three heads. */
import { M3 } from "../../../src/index.ts";
import type { DeliverySide } from "../protocol.ts";

const bench: DeliverySide = {
  async firstQuery(text) {
    const m3 = await M3.load("m3-mini", { baseUrl: "/" });
    const { denseVecs, lexicalWeights, colbertVecs, tokenCounts } = await m3.encodeQueries(text, { returnSparse: true, returnColbertVecs: true });
    if (!denseVecs || !lexicalWeights || !colbertVecs) throw new Error("A head is missing.");
    return { tokens: tokenCounts, engine: `${m3.device.engine}: ${m3.device.why}`, dense: [...denseVecs] };
  },
};

Object.assign(globalThis, { bench });
