/**
 * A model for tests of the encoder: words are tokens, rows are numbers that can be worked out by hand, and the "network" is two sums. Not a small transformer:
 * what a batch gives a text depends on its own rows alone, unless a test makes the session fail.
 */
import type { Manifest } from "#core/manifest.ts";
import type { EncoderSession, TokenBatch, TokenBatchResult } from "#core/session.ts";
import { encodedParts, pageRows, pageTensorName } from "#core/tensor-layout.ts";
import type { StoredTensor, TensorSource } from "#core/tensor-source.ts";
import { EmbeddingTable } from "#encoder/embedding-table.ts";
import { M3Encoder } from "#encoder/encoder.ts";
import type { TextTokenizer } from "#encoder/tokenize-texts.ts";

export const HIDDEN = 4;
export const COLBERT_DIM = 2;
const VOCABULARY = 1000;

export function fakeManifest(changes: Partial<Manifest> = {}): Manifest {
  return {
    format: "bge-m3-web/model",
    formatVersion: 1,
    kind: "tensors",
    name: "fake",
    fingerprint: "0",
    license: "MIT",
    source: "a test",
    dtype: "fp32",
    architecture: {
      family: "xlm-roberta",
      hiddenSize: HIDDEN,
      numHiddenLayers: 1,
      numAttentionHeads: 1,
      intermediateSize: 4,
      layerNormEps: 1e-5,
      vocabSize: VOCABULARY,
      maxPositionEmbeddings: 602,
      positionOffset: 2,
      typeVocabSize: 1,
    },
    heads: {
      dense: { pooling: "cls" },
      lexical: { layers: [{ tensor: "sparse_linear", inputs: HIDDEN, outputs: 1, activation: "relu" }] },
      colbert: { layers: [{ tensor: "colbert_linear", inputs: HIDDEN, outputs: COLBERT_DIM, activation: "none" }], dim: COLBERT_DIM },
    },
    maxTokens: 600,
    prompts: { query: "", passage: "" },
    tokenizer: { kind: "xlm-roberta", file: "vocabulary", bytes: 0, sha256: "" },
    shards: [],
    tensors: {},
    encodings: {},
    wordEmbeddings: { encoding: { kind: "float" }, rowsPerPage: 100, dataOffset: 0, shards: Array.from({ length: 10 }, (_, page) => page) },
    selfTest: null,
    ...changes,
  };
}

/** Special tokens as XLM-RoBERTa's; every other word gets the id that it is written as, or one made from its letters. */
export const fakeTokenizer: TextTokenizer = {
  bosId: 0,
  padId: 1,
  eosId: 2,
  unkId: 3,
  encode(text, { maxLength = Number.POSITIVE_INFINITY } = {}) {
    const words = [...text.matchAll(/\S+/g)];
    const kept = words.slice(0, maxLength - 2);
    const ids = kept.map(([word]) => (/^\d+$/.test(word) ? Number(word) : 4 + ([...word].reduce((sum, letter) => sum * 31 + letter.codePointAt(0)!, 7) % 900)));
    return {
      ids: Int32Array.from([0, ...ids, 2]),
      offsets: Int32Array.from([0, 0, ...kept.flatMap(({ index, 0: word }) => [index, index + word.length]), 0, 0]),
      truncated: kept.length < words.length,
      untruncatedLength: words.length + 2,
    };
  },
};

/** Number `column` of word row `id`; small, never 0. */
export const wordValue = (id: number, column: number) => Math.fround(Math.sin(1 + id * 0.37 + column));
export const positionValue = (row: number, column: number) => Math.fround(row / 1000 + column / 10);

/** Tensors made when they are read. */
export function fakeTensors(manifest: Manifest, onRead: (name: string) => void | Promise<void> = () => {}): TensorSource {
  const matrix = (rows: number, firstRow: number, numberAt: (row: number, column: number) => number): StoredTensor => ({
    dtype: "F32",
    shape: [rows, HIDDEN],
    bytes: new Uint8Array(Float32Array.from({ length: rows * HIDDEN }, (_, at) => numberAt(firstRow + Math.floor(at / HIDDEN), at % HIDDEN)).buffer),
  });
  return {
    async read(name) {
      await onRead(name);
      const { maxPositionEmbeddings, typeVocabSize } = manifest.architecture;
      if (name === "embeddings.position_embeddings.weight") return matrix(maxPositionEmbeddings, 0, positionValue);
      if (name === "embeddings.token_type_embeddings.weight") return matrix(typeVocabSize, 0, (row) => 0.25 * (row + 1));
      const page = manifest.wordEmbeddings.shards.findIndex((_, number) => name === pageTensorName(number, ""));
      const [part] = encodedParts(manifest.wordEmbeddings.encoding, pageRows(manifest, page), HIDDEN);
      return matrix(part!.shape[0]!, page * manifest.wordEmbeddings.rowsPerPage, wordValue);
    },
    release() {},
  };
}

/** A session that keeps what it was given. */
export interface FakeSession extends EncoderSession {
  readonly batches: TokenBatch[];
  /** Called before each run; may throw, or change the result. */
  beforeRun?: (batch: TokenBatch) => void | Promise<void>;
  spoil?: (result: TokenBatchResult) => TokenBatchResult;
}

/** Pooled: the first row. Lexical: relu of the first number of each row. ColBERT: its first two numbers. */
export function fakeSession(batch = { tokenBudget: 64, maxTexts: 8, maxPadding: 0.1 }): FakeSession {
  const batches: TokenBatch[] = [];
  const session: FakeSession = {
    info: { backend: "native", engine: "fake", precision: "fp32", threads: 1, batch },
    batches,
    async run(given) {
      batches.push(given);
      await session.beforeRun?.(given);
      const { rows, lengths, outputs } = given;
      const starts = lengths.map((_, text) => lengths.slice(0, text).reduce((sum, length) => sum + length, 0));
      const tokens = rows.length / HIDDEN;
      const result: TokenBatchResult = {
        pooled: outputs.dense ? Float32Array.from(starts.flatMap((start) => [...rows.subarray(start * HIDDEN, (start + 1) * HIDDEN)])) : null,
        lexical: outputs.lexical ? Float32Array.from({ length: tokens }, (_, token) => Math.max(0, rows[token * HIDDEN]!)) : null,
        colbert: outputs.colbert ? Float32Array.from({ length: tokens * COLBERT_DIM }, (_, at) => rows[(at >> 1) * HIDDEN + (at & 1)]!) : null,
        ...(outputs.hidden ? { hidden: rows.slice() } : {}),
        computedTokens: Math.max(...lengths) * lengths.length,
      };
      return session.spoil?.(result) ?? result;
    },
    async dispose() {},
  };
  return session;
}

export function fakeEncoder(changes: Partial<Manifest> = {}) {
  const manifest = fakeManifest(changes);
  const session = fakeSession();
  const embeddings = new EmbeddingTable(manifest, fakeTensors(manifest));
  return { manifest, session, embeddings, encoder: new M3Encoder({ manifest, tokenizer: fakeTokenizer, session, embeddings }) };
}
