/** The sides of the encode bench by name, and what they need: built pages, a server, the peer's files. */
import { note } from "../harness/bench.ts";
import { buildPages } from "../harness/build-pages.ts";
import { serveFolders } from "../harness/static-server.ts";
import { PEERS } from "./peer-files.ts";
import { openBrowserSide, openNodeSide, type RunningSide } from "./sides.ts";

export const OURS = "bge-m3-web, worker";
export const OURS_ORT = "bge-m3-web, worker, ONNX Runtime";
export const PEER = "transformers.js, worker";
export const PEER_MAIN = "transformers.js, main thread";
export const OURS_NATIVE = "bge-m3-web, native (Node)";
export const PEER_NATIVE = "transformers.js, native (Node)";

export type SideName = typeof OURS | typeof OURS_ORT | typeof PEER | typeof PEER_MAIN | typeof OURS_NATIVE | typeof PEER_NATIVE;

/** Files of both sides, by URL. */
export const ASSETS = {
  "/models/": "public/models",
  "/peer/": PEERS,
  "/peer-ort/": "node_modules/@huggingface/transformers/node_modules/onnxruntime-web/dist",
};

export interface Contenders {
  open(name: SideName): Promise<RunningSide>;
  /** Chromium's version, once a page was open. */
  chromium(): string;
  close(): Promise<void>;
}

export async function prepareContenders(): Promise<Contenders> {
  note("Building the pages.");
  const pages = await buildPages("bench/encode/pages", ["ours.html", "ours-ort.html", "peer-main.html", "peer-worker.html"], ".cache/bench/encode");
  const server = await serveFolders({ "/": pages, ...ASSETS });
  let chromium = "unknown";
  const browser = async (page: string) => {
    const side = await openBrowserSide(`${server.origin}/${page}.html`);
    chromium = side.chromium;
    return side;
  };
  const ways: Record<SideName, () => Promise<RunningSide>> = {
    [OURS]: () => browser("ours"),
    [OURS_ORT]: () => browser("ours-ort"),
    [PEER]: () => browser("peer-worker"),
    [PEER_MAIN]: () => browser("peer-main"),
    [OURS_NATIVE]: () => openNodeSide("bench/encode/native/ours.ts"),
    [PEER_NATIVE]: () => openNodeSide("bench/encode/native/peer.ts"),
  };
  return { open: (name) => ways[name](), chromium: () => chromium, close: () => server.close() };
}
