/**
 * transformers.js as its users call it: the feature-extraction pipeline, q8, mean pooling, normalised. The caller has set `env` (where files lie, threads).
 * Runs in a page, in a worker and in Node.
 */
import { env, pipeline } from "@huggingface/transformers";
import type { InferenceSession } from "onnxruntime-common";
import { type BenchSide, PASSAGE_PROMPT, PEER_MODEL, THREADS, timeCalls } from "./protocol.ts";

/** The side, and the bare call for the worker: dense vectors of the texts, one after another. */
export interface Peer extends BenchSide {
  extract(texts: readonly string[]): Promise<Float32Array<ArrayBuffer>>;
  /** Ends the runtime's profiling, where the session was opened with it: it prints what it has seen. */
  endProfiling(): Promise<void>;
}

export function openPeer(device: "wasm" | "cpu", sessionOptions: InferenceSession.SessionOptions = {}): Peer {
  env.allowRemoteModels = false;
  env.allowLocalModels = true;
  // In the browser the thread count is a setting of the runtime, in Node one of the session.
  const session_options = device === "cpu" ? { ...sessionOptions, intraOpNumThreads: THREADS } : sessionOptions;
  const open = () => pipeline("feature-extraction", PEER_MODEL, { dtype: "q8", device, session_options });
  let opened: ReturnType<typeof open> | undefined;
  const extractor = () => {
    opened ??= open();
    return opened;
  };
  const extract = async (texts: readonly string[]) => {
    const run = await extractor();
    const output = await run(
      texts.map((text) => PASSAGE_PROMPT + text),
      { pooling: "mean", normalize: true },
    );
    return output.data as Float32Array<ArrayBuffer>;
  };
  return {
    async load() {
      const began = performance.now();
      await extractor();
      return { loadMs: performance.now() - began, engine: `transformers.js ${env.version}, ${device}, q8, ${THREADS} threads` };
    },
    extract,
    encode: (texts, listSize) => timeCalls(texts, listSize, extract),
    async endProfiling() {
      const { model } = await extractor();
      for (const session of Object.values(model.sessions)) (session as InferenceSession).endProfiling();
    },
    async countTokens(texts) {
      const { tokenizer } = await extractor();
      return texts.map((text) => tokenizer(PASSAGE_PROMPT + text, { truncation: true }).input_ids.dims.at(-1) as number);
    },
  };
}
