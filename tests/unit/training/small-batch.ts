/** Hidden states in memory, in float64, for tests. */
import type { HeadLayer } from "#core/manifest.ts";
import { randomHead, type TrainableHead } from "#training/head.ts";
import { dot, type Floats } from "#training/matrix.ts";
import { Random } from "#training/random.ts";
import type { StatesSource, TextTokens } from "#training/text-states.ts";

export interface GivenText extends TextTokens {
  readonly states: Floats;
  readonly first?: Floats;
}

/** The dense vector is the mean of all states, made a unit vector. */
export function givenStates(hiddenSize: number, texts: readonly GivenText[]): StatesSource {
  return {
    hiddenSize,
    tokens: (text) => texts[text]!,
    read: async (text) => texts[text]!.states,
    first: async (text) => texts[text]!.first!,
    async dense(text) {
      const { states } = texts[text]!;
      const sum = states.slice(0, hiddenSize).fill(0);
      for (let at = 0; at < states.length; at++) sum[at % hiddenSize]! += states[at]!;
      const length = Math.sqrt(dot(sum, 0, sum, 0, hiddenSize));
      return sum.map((value) => value / length);
    },
  };
}

/** Texts of random tokens and states. */
export function randomTexts(
  random: Random,
  count: number,
  { hiddenSize, tokens, vocabulary }: { hiddenSize: number; tokens: number; vocabulary: number },
): GivenText[] {
  return Array.from({ length: count }, () => {
    const length = 3 + random.below(tokens);
    const ids = Int32Array.from({ length }, (_, token) => (token === 0 ? 0 : token === length - 1 ? 2 : 4 + random.below(vocabulary)));
    const draw = () => Float64Array.from({ length: length * hiddenSize }, () => 2 * random.uniform() - 1);
    return { ids, skipped: 1, states: draw(), first: draw() };
  });
}

export const specialIds = new Set([0, 1, 2, 3]);

export const lexicalLayers = (hiddenSize: number, middle?: number): HeadLayer[] =>
  middle === undefined
    ? [{ tensor: "sparse_linear", inputs: hiddenSize, outputs: 1, activation: "relu" }]
    : [
        { tensor: "sparse_hidden", inputs: hiddenSize, outputs: middle, activation: "relu" },
        { tensor: "sparse_linear", inputs: middle, outputs: 1, activation: "relu" },
      ];

export const colbertLayers = (hiddenSize: number, dim: number): HeadLayer[] => [
  { tensor: "colbert_linear", inputs: hiddenSize, outputs: dim, activation: "none" },
];

export const random64 = (layers: HeadLayer[], seed: number): TrainableHead => randomHead(layers, new Random(seed), new Float64Array(0));
