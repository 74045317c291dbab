/** The peer in a browser: WASM on two threads, every file from this origin. The WASM build is the one that transformers.js itself would take. */
import { env } from "@huggingface/transformers";
import { openPeer, type Peer } from "../peer-model.ts";
import { THREADS } from "../protocol.ts";

export function openBrowserPeer(sessionOptions: Parameters<typeof openPeer>[1] = {}): Peer {
  const wasm = env.backends.onnx.wasm;
  if (!wasm) throw new Error("This build of transformers.js has no WASM backend.");
  env.localModelPath = "/peer/";
  wasm.wasmPaths = { mjs: "/peer-ort/ort-wasm-simd-threaded.asyncify.mjs", wasm: "/peer-ort/ort-wasm-simd-threaded.asyncify.wasm" };
  wasm.numThreads = THREADS;
  return openPeer("wasm", sessionOptions);
}
