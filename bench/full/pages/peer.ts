/** transformers.js with a stock q8 export of the same shape (bench/peers/export_full_onnx.py), as its users call it: WASM, two threads, CLS pooling. */
import { env, pipeline } from "@huggingface/transformers";

const THREADS = 2;
const MODEL = "full-q8";

env.allowRemoteModels = false;
env.allowLocalModels = true;
env.localModelPath = "/peer/";
const { wasm } = env.backends.onnx;
if (!wasm) throw new Error("This build of transformers.js has no WASM backend.");
wasm.wasmPaths = { mjs: "/peer-ort/ort-wasm-simd-threaded.asyncify.mjs", wasm: "/peer-ort/ort-wasm-simd-threaded.asyncify.wasm" };
wasm.numThreads = THREADS;

const open = () => pipeline("feature-extraction", MODEL, { dtype: "q8", device: "wasm" });
let opened: ReturnType<typeof open> | undefined;

const full = {
  async load() {
    const began = performance.now();
    opened = open();
    await opened;
    return { loadMs: performance.now() - began, engine: `transformers.js ${env.version}, WASM, q8, ${THREADS} threads` };
  },
  async encode(text: string) {
    const run = await opened!;
    const tokens = run.tokenizer(text).input_ids.dims.at(-1) as number;
    const began = performance.now();
    await run([text], { pooling: "cls", normalize: true });
    return { ms: performance.now() - began, tokens };
  },
};

export type FullPeerPage = typeof full;

Object.assign(globalThis, { full });
