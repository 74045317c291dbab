/** Our graph with ONNX Runtime's profiling on, on the main thread: the rooms as the worker wires them, but for the option. */
import type { InferenceSession } from "onnxruntime-web";
import { EmbeddingTable } from "../../../src/encoder/embedding-table.ts";
import { M3Encoder } from "../../../src/encoder/encoder.ts";
import { openCpuEngine } from "../../../src/graph/cpu-engine.ts";
import { GraphSession } from "../../../src/graph/graph-session.ts";
import type { OrtSessionOptions } from "../../../src/graph/ort-api.ts";
import { loadModel } from "../../../src/model/load-model.ts";
import { loadBuild } from "../../../src/runtime/builds.ts";
import { XlmRobertaTokenizer } from "../../../src/tokenizer/xlm-roberta.ts";
import { THREADS } from "../protocol.ts";
import { printedDuring } from "./profile-capture.ts";

/** The bench gives one text at a time, so what a batch may hold does not matter. */
const BATCH = { tokenBudget: 512, maxTexts: 1, maxPadding: 0 } as const;

Object.assign(globalThis, {
  bench: {
    /** @returns what the runtime prints: a trace of all runs, one text a run */
    async profile(texts: readonly string[]): Promise<string> {
      const model = await loadModel("m3-mini", { baseUrl: new URL("/", location.href).href });
      const { ort, engine } = await loadBuild("wasm", { threads: THREADS });
      let session: InferenceSession | undefined;
      const profiled = {
        Tensor: ort.Tensor,
        InferenceSession: {
          async create(proto: Uint8Array, options: OrtSessionOptions) {
            session = await ort.InferenceSession.create(proto, { ...(options as InferenceSession.SessionOptions), enableProfiling: true });
            return session;
          },
        },
      };
      const info = { backend: "wasm", engine, threads: THREADS, batch: BATCH } as const;
      const cpu = await openCpuEngine(model, { ort: profiled, precision: "default", info });
      const encoder = new M3Encoder({
        manifest: model.manifest,
        tokenizer: XlmRobertaTokenizer.fromBytes(await model.readTokenizer()),
        session: new GraphSession(cpu, model.manifest),
        embeddings: new EmbeddingTable(model.manifest, model.tensors),
      });
      for (const text of texts) await encoder.encode([text], "passage", { returnDense: true, returnSparse: true, returnColbertVecs: true });
      return printedDuring(() => session?.endProfiling());
    },
  },
});
