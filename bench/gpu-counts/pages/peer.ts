/** transformers.js on WebGPU with an ONNX file of the same shape (tests/fixtures/onnx/hidden), as it runs a model: ids in, hidden states out. */

import { AutoModel, env, type PreTrainedModel, Tensor } from "@huggingface/transformers";
import { takeCounts } from "./count-gpu.ts";

env.allowRemoteModels = false;
env.allowLocalModels = true;
env.localModelPath = "/peer-models/";
const { wasm } = env.backends.onnx;
if (!wasm) throw new Error("This build of transformers.js has no WASM backend.");
wasm.wasmPaths = { mjs: "/peer-ort/ort-wasm-simd-threaded.asyncify.mjs", wasm: "/peer-ort/ort-wasm-simd-threaded.asyncify.wasm" };

let model: PreTrainedModel;

const counting = {
  async load() {
    model = await AutoModel.from_pretrained("hidden", { dtype: "fp32", device: "webgpu" });
    return { engine: `transformers.js ${env.version}`, precision: "fp32", counts: takeCounts() };
  },
  /** Texts of one length. */
  async run(texts: readonly (readonly number[])[]) {
    const dims = [texts.length, texts[0]!.length];
    const tensor = (values: bigint[]) => new Tensor("int64", BigInt64Array.from(values), dims);
    takeCounts();
    const { last_hidden_state: hidden } = await model({ input_ids: tensor(texts.flat().map(BigInt)), attention_mask: tensor(texts.flat().map(() => 1n)) });
    // Its pooling reads the states in JavaScript.
    void hidden.data;
    return takeCounts();
  },
};

export type PeerPage = typeof counting;

Object.assign(globalThis, { counting });
