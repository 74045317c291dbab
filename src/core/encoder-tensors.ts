/** The tensors of an XLM-RoBERTa or BERT encoder, by their state-dict names without prefix, in the order in which a graph uses them. */
import type { Architecture } from "./manifest.ts";
import { WORD_EMBEDDINGS } from "./tensor-layout.ts";

export interface EncoderTensor {
  readonly name: string;
  readonly shape: readonly number[];
  /** May be stored in few bits: the matrices of linear layers and the word embeddings. All others stay float32. */
  readonly quantisable: boolean;
}

/** The word-embedding table first. */
export function encoderTensors(architecture: Architecture): readonly EncoderTensor[] {
  const { hiddenSize, intermediateSize, numHiddenLayers, vocabSize, maxPositionEmbeddings, typeVocabSize } = architecture;
  const layers = Array.from({ length: numHiddenLayers }, (_, layer) => `encoder.layer.${layer}`);
  return [
    { name: WORD_EMBEDDINGS, shape: [vocabSize, hiddenSize], quantisable: true },
    { name: "embeddings.position_embeddings.weight", shape: [maxPositionEmbeddings, hiddenSize], quantisable: false },
    { name: "embeddings.token_type_embeddings.weight", shape: [typeVocabSize, hiddenSize], quantisable: false },
    ...layerNorm("embeddings.LayerNorm", hiddenSize),
    ...layers.flatMap((layer) => [
      ...linear(`${layer}.attention.self.query`, hiddenSize, hiddenSize),
      ...linear(`${layer}.attention.self.key`, hiddenSize, hiddenSize),
      ...linear(`${layer}.attention.self.value`, hiddenSize, hiddenSize),
      ...linear(`${layer}.attention.output.dense`, hiddenSize, hiddenSize),
      ...layerNorm(`${layer}.attention.output.LayerNorm`, hiddenSize),
      ...linear(`${layer}.intermediate.dense`, hiddenSize, intermediateSize),
      ...linear(`${layer}.output.dense`, intermediateSize, hiddenSize),
      ...layerNorm(`${layer}.output.LayerNorm`, hiddenSize),
    ]),
  ];
}

function linear(name: string, inputs: number, outputs: number): EncoderTensor[] {
  return [
    { name: `${name}.weight`, shape: [outputs, inputs], quantisable: true },
    { name: `${name}.bias`, shape: [outputs], quantisable: false },
  ];
}

function layerNorm(name: string, size: number): EncoderTensor[] {
  return [
    { name: `${name}.weight`, shape: [size], quantisable: false },
    { name: `${name}.bias`, shape: [size], quantisable: false },
  ];
}
