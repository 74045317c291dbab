/** How much each of the three scores counts: weights of [dense, lexical, ColBERT], as in FlagEmbedding's `weights_for_different_modes`. */

export type Weights = readonly [dense: number, sparse: number, colbert: number];

export interface Preset {
  readonly id: string;
  readonly name: string;
  readonly explanation: string;
  readonly weights: Weights;
}

export const presets: readonly Preset[] = [
  {
    id: "balanced",
    name: "Balanced",
    explanation: "All three, the meaning first. Works across languages.",
    // Shared words say nothing across languages, and 1 bit a number makes ColBERT's scores noisy: both help, neither leads.
    weights: [1, 0.2, 0.3],
  },
  { id: "dense", name: "Dense", explanation: "One vector for the whole text: what it is about.", weights: [1, 0, 0] },
  { id: "lexical", name: "Lexical", explanation: "Words that question and page share, each weighted by the model.", weights: [0, 1, 0] },
  { id: "colbert", name: "ColBERT", explanation: "Each word of the question finds its best match in the page.", weights: [0, 0, 1] },
];

export const defaultPreset: Preset = presets[0]!;

export function presetOf(id: string | null): Preset {
  return presets.find((preset) => preset.id === id) ?? defaultPreset;
}
