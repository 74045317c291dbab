/** This package's WebGPU session with a small model of the formula's weights, built in the page. */

import { buildArtefact } from "#builder/build-artefact.ts";
import type { LoadedModel } from "#core/loaded-model.ts";
import type { Manifest } from "#core/manifest.ts";
import type { EncoderSession, OutputSelection } from "#core/session.ts";
import { locateTensor } from "#core/tensor-layout.ts";
import { EmbeddingTable } from "#encoder/embedding-table.ts";
import { openSession } from "#runtime/open-session.ts";
import { syntheticCheckpoint } from "../../../tools/models/synthetic.ts";
import { ARCHITECTURE, COLBERT_DIM } from "../shape.ts";
import { takeCounts } from "./count-gpu.ts";

let session: EncoderSession;
let embeddings: EmbeddingTable;

const counting = {
  async load(dtype: Manifest["dtype"]) {
    const files: Record<string, Uint8Array<ArrayBuffer>> = {};
    const sink = { write: async (file: string, bytes: Uint8Array) => void Object.assign(files, { [file]: new Uint8Array(bytes) }) };
    const source = syntheticCheckpoint({ architecture: ARCHITECTURE, colbertDim: COLBERT_DIM });
    const { manifest } = await buildArtefact(source, sink, { dtype, vocabulary: Uint8Array.of(1, 2, 3) });
    const model = memoryModel(files, manifest);
    embeddings = new EmbeddingTable(manifest, model.tensors);
    session = await openSession(model, { backend: "webgpu" });
    return { engine: session.info.engine, precision: session.info.precision, counts: takeCounts() };
  },
  async run(texts: readonly (readonly number[])[], outputs: OutputSelection) {
    const ids = texts.map((text) => Int32Array.from(text));
    const rows = await embeddings.gather(ids);
    takeCounts();
    await session.run({ rows, lengths: ids.map(({ length }) => length), outputs });
    return takeCounts();
  },
};

function memoryModel(files: Record<string, Uint8Array<ArrayBuffer>>, manifest: Manifest): LoadedModel {
  return {
    manifest,
    readTokenizer: async () => Uint8Array.of(1, 2, 3),
    tensors: {
      async read(name) {
        const { dtype, shape, parts } = locateTensor(manifest, name);
        const pieces = parts.map(({ shard, offset, length }) => files[manifest.shards[shard]!.file]!.subarray(offset, offset + length));
        return { dtype, shape, bytes: new Uint8Array(await new Blob(pieces).arrayBuffer()) };
      },
      release() {},
    },
  };
}

export type OursPage = typeof counting;

Object.assign(globalThis, { counting });
