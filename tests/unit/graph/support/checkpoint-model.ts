/**
 * A LoadedModel straight from a checkpoint's tensors, without the builder: what the tests of graphs and sessions need and no more (no shards, no tokenizer).
 * Plain functions, so that browser tests use it too.
 */
import type { LoadedModel } from "#core/loaded-model.ts";
import { type Architecture, type Heads, MANIFEST_FORMAT, MANIFEST_VERSION, type Manifest, type WeightEncoding } from "#core/manifest.ts";
import type { StoredTensor } from "#core/tensor-source.ts";

export interface CheckpointSettings {
  readonly name: string;
  readonly dtype: Manifest["dtype"];
  readonly architecture: Architecture;
  readonly heads: Heads;
}

/** A model as the tests use it, and its embedding rows. */
export interface TestModel extends LoadedModel {
  /** Sum of word, position and type rows of these ids: [ids.length, hiddenSize]. */
  embed(ids: readonly number[]): Float32Array;
}

const notUsed = { file: "", bytes: 0, sha256: "" };

/**
 * @param read any tensor by its state-dict name, without a suffix (float) or with `.q4` and `.scale`
 * @param wordRow one row of the word-embedding table
 */
export function checkpointModel(
  settings: CheckpointSettings,
  encodings: Record<string, WeightEncoding>,
  read: (name: string) => StoredTensor,
  wordRow: (id: number) => ArrayLike<number>,
): TestModel {
  const { architecture } = settings;
  const manifest: Manifest = {
    format: MANIFEST_FORMAT,
    formatVersion: MANIFEST_VERSION,
    kind: "tensors",
    ...settings,
    fingerprint: "",
    license: "",
    source: "",
    maxTokens: architecture.maxPositionEmbeddings - architecture.positionOffset,
    prompts: { query: "", passage: "" },
    tokenizer: { kind: "xlm-roberta", ...notUsed },
    shards: [],
    tensors: {},
    encodings,
    wordEmbeddings: { encoding: { kind: "float" }, rowsPerPage: architecture.vocabSize, dataOffset: 0, shards: [] },
    selfTest: null,
  };
  const floats = (name: string) => new Float32Array(read(name).bytes.slice().buffer);
  const positions = floats("embeddings.position_embeddings.weight");
  const types = floats("embeddings.token_type_embeddings.weight");
  const { hiddenSize, positionOffset } = architecture;
  return {
    manifest,
    tensors: { read: async (name) => read(name), release: () => {} },
    readTokenizer: async () => new Uint8Array(),
    embed(ids) {
      const rows = new Float32Array(ids.length * hiddenSize);
      for (const [token, id] of ids.entries()) {
        const word = wordRow(id);
        for (let i = 0; i < hiddenSize; i++) rows[token * hiddenSize + i] = word[i]! + positions[(token + positionOffset) * hiddenSize + i]! + types[i]!;
      }
      return rows;
    },
  };
}
