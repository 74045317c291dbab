/** The same model on native ONNX Runtime in Node: the limit of the machine. */
import { openFileModel } from "#cli/file-model.ts";
import { openNodeSession } from "#cli/node-session.ts";
import { EmbeddingTable } from "#encoder/embedding-table.ts";
import { M3Encoder } from "#encoder/encoder.ts";
import { XlmRobertaTokenizer } from "#tokenizer/xlm-roberta.ts";

const heads = { returnDense: true, returnSparse: true, returnColbertVecs: true } as const;

export interface NativeModel {
  readonly engine: string;
  /** Milliseconds of one text. */
  encode(text: string, maxLength: number): Promise<number>;
  dispose(): Promise<void>;
}

export async function openNative(folder: string, threads: number): Promise<NativeModel> {
  const model = await openFileModel(folder);
  const { manifest, tensors } = model;
  const session = await openNodeSession(model, { threads, engine: "native" });
  const tokenizer = XlmRobertaTokenizer.fromBytes(await model.readTokenizer());
  const encoder = new M3Encoder({ manifest, tokenizer, session, embeddings: new EmbeddingTable(manifest, tensors) });
  return {
    engine: `${session.info.engine}, ${session.info.precision}, ${threads} threads`,
    async encode(text, maxLength) {
      const began = performance.now();
      await encoder.encode([text], "passage", { ...heads, maxLength });
      return performance.now() - began;
    },
    dispose: () => session.dispose(),
  };
}
