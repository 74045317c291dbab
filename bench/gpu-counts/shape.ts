/** The shape of tests/fixtures/onnx, which both sides run. */
import type { Architecture } from "#core/manifest.ts";

export const COLBERT_DIM = 32;
export const ARCHITECTURE: Architecture = {
  family: "xlm-roberta",
  hiddenSize: 32,
  numHiddenLayers: 2,
  numAttentionHeads: 4,
  intermediateSize: 64,
  layerNormEps: 1e-5,
  vocabSize: 300,
  maxPositionEmbeddings: 66,
  positionOffset: 2,
  typeVocabSize: 1,
};
