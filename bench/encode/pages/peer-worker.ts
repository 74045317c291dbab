/** The peer in a Web Worker, called over Comlink: what a careful user does, and what ours always does. Timed on the page's side of the boundary. */
import { wrap } from "comlink";
import { type BenchSide, timeCalls } from "../protocol.ts";
import type { RemotePeer } from "./peer-worker-entry.ts";

const peer = wrap<RemotePeer>(new Worker(new URL("./peer-worker-entry.ts", import.meta.url), { type: "module" }));

const bench: BenchSide = {
  async load() {
    const began = performance.now();
    const figures = await peer.load();
    return { ...figures, loadMs: performance.now() - began };
  },
  encode: (texts, listSize) => timeCalls(texts, listSize, (slice) => peer.encodeList(slice)),
  countTokens: (texts) => peer.countTokens(texts),
};

Object.assign(globalThis, { bench });
