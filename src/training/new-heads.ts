/** Heads to train, as the manifest describes heads: with random numbers. And their tensors, by the names that build-model knows. */
import type { HeadLayer } from "#core/manifest.ts";
import type { TrainableHeads } from "./batch-scores.ts";
import { parametersOf, randomHead, type TrainableHead } from "./head.ts";
import { Random } from "./random.ts";

/** Added to the bias of a lexical head's last layer, so that all its weights begin above 0. */
const LEXICAL_START = 0.2;

export interface HeadShapes {
  /** Width of the lexical head's hidden layer; 0 for a linear head; null for no lexical head. */
  readonly lexicalHidden: number | null;
  /** Whether the lexical head reads first hidden states beside the last ones. Default false. */
  readonly lexicalFirst?: boolean | undefined;
  /** Numbers of a ColBERT vector; null for no ColBERT head. */
  readonly colbertDim: number | null;
  /** Whether the ColBERT head reads first hidden states beside the last ones. Default false. */
  readonly colbertFirst?: boolean | undefined;
}

export interface HeadTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

export function newHeads(hiddenSize: number, { lexicalHidden, lexicalFirst, colbertDim, colbertFirst }: HeadShapes, seed: number): TrainableHeads {
  const inputsOf = (readsFirst = false) => (readsFirst ? 2 * hiddenSize : hiddenSize);
  const lexical: HeadLayer[] =
    lexicalHidden === 0 || lexicalHidden === null
      ? [{ tensor: "sparse_linear", inputs: inputsOf(lexicalFirst), outputs: 1, activation: "relu" }]
      : [
          { tensor: "sparse_hidden", inputs: inputsOf(lexicalFirst), outputs: lexicalHidden, activation: "relu" },
          { tensor: "sparse_linear", inputs: lexicalHidden, outputs: 1, activation: "relu" },
        ];
  const colbert: HeadLayer[] = [{ tensor: "colbert_linear", inputs: inputsOf(colbertFirst), outputs: colbertDim ?? 0, activation: "none" }];
  return {
    lexical: lexicalHidden === null ? null : aboveZero(randomHead(lexical, new Random(seed, 10))),
    colbert: colbertDim === null ? null : randomHead(colbert, new Random(seed, 11)),
  };
}

/** At 0 relu lets no gradient through: a lexical head whose weights all begin there never learns. */
function aboveZero(head: TrainableHead): TrainableHead {
  head.at(-1)!.bias[0]! += LEXICAL_START;
  return head;
}

/** In order of name. */
export function headTensors({ lexical, colbert }: TrainableHeads): HeadTensor[] {
  const parameters = [...(lexical ? parametersOf(lexical) : []), ...(colbert ? parametersOf(colbert) : [])];
  return parameters.map(({ name, shape, values }) => ({ name, shape, values: Float32Array.from(values) })).sort((a, b) => (a.name < b.name ? -1 : 1));
}
