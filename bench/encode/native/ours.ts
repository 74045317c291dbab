/** Ours in Node: the command line's way, on onnxruntime-node. */
import { openFileModel } from "../../../src/cli/file-model.ts";
import { openNodeSession } from "../../../src/cli/node-session.ts";
import { EmbeddingTable } from "../../../src/encoder/embedding-table.ts";
import { M3Encoder } from "../../../src/encoder/encoder.ts";
import { XlmRobertaTokenizer } from "../../../src/tokenizer/xlm-roberta.ts";
import { THREADS, timeCalls } from "../protocol.ts";
import { serveSide } from "./serve-side.ts";

const heads = { returnDense: true, returnSparse: true, returnColbertVecs: true } as const;

async function open() {
  const model = await openFileModel("public/models/m3-mini");
  const { manifest, tensors } = model;
  const session = await openNodeSession(model, { threads: THREADS, engine: "native" });
  const tokenizer = XlmRobertaTokenizer.fromBytes(await model.readTokenizer());
  const { engine, precision, threads } = session.info;
  return {
    encoder: new M3Encoder({ manifest, tokenizer, session, embeddings: new EmbeddingTable(manifest, tensors) }),
    engine: `${engine}, ${precision}, ${threads} threads`,
  };
}

let opened: ReturnType<typeof open> | undefined;
const model = () => {
  opened ??= open();
  return opened;
};

serveSide({
  async load() {
    const began = performance.now();
    const { engine } = await model();
    return { loadMs: performance.now() - began, engine };
  },
  async encode(texts, listSize) {
    const { encoder } = await model();
    return timeCalls(texts, listSize, async (slice) => (await encoder.encode(slice, "passage", heads)).denseVecs?.[0] ?? []);
  },
  async countTokens(texts) {
    const { encoder } = await model();
    return (await encoder.encode(texts, "passage", { returnDense: true })).tokenCounts;
  },
});
