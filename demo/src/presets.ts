/** How much each of the three scores counts: weights of [dense, lexical, ColBERT], as in FlagEmbedding's `weights_for_different_modes`. */

export type Weights = readonly [dense: number, sparse: number, colbert: number];

/** Its name and explanation: `t().presets[id]`. */
export interface Preset {
  readonly id: "balanced" | "dense" | "lexical" | "colbert";
  readonly weights: Weights;
}

export const presets: readonly Preset[] = [
  {
    id: "balanced",
    // Shared words say nothing across languages, and 1 bit a number makes ColBERT's scores noisy: both help, neither leads.
    weights: [1, 0.05, 0.4],
  },
  { id: "dense", weights: [1, 0, 0] },
  { id: "lexical", weights: [0, 1, 0] },
  { id: "colbert", weights: [0, 0, 1] },
];

export const defaultPreset: Preset = presets[0]!;

export function presetOf(id: string | null): Preset {
  return presets.find((preset) => preset.id === id) ?? defaultPreset;
}
