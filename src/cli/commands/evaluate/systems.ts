/** The rankings that an evaluation compares: each signal alone, and ways of combining them. */
import { resolveWeights, WEIGHT_PRESETS, type WeightChoice, type WeightPreset } from "#search/fusion.ts";
import type { System } from "./score-table.ts";

const PRESETS = Object.keys(WEIGHT_PRESETS) as readonly WeightPreset[];

const [DENSE, LEXICAL, COLBERT] = WEIGHT_PRESETS.balanced;

const weighted = (name: string, choice: WeightChoice): System => ({ name, weights: resolveWeights(choice), fusion: "weights" });

export const SYSTEMS: readonly System[] = [
  weighted("dense", [1, 0, 0]),
  weighted("lexical", [0, 1, 0]),
  weighted("ColBERT", [0, 0, 1]),
  weighted("BM25", [0, 0, 0, 1]),
  weighted("dense + lexical", [DENSE, LEXICAL, 0]),
  weighted("three heads", [DENSE, LEXICAL, COLBERT]),
  ...PRESETS.map((name) => weighted(name, name)),
  { name: "RRF, three heads", weights: resolveWeights([1, 1, 1]), fusion: "rrf" },
];

/** What an index finds when it is searched with default options: with its own choice of candidates, and nothing scored that need not be. */
export const DEFAULT_SEARCH = "default search";

/** "1,0.3,1", "1,0.3,1,0.1" or a preset's name, as a system of that name. @throws InvalidInputError */
export function systemOf(text: string): System {
  const numbers = text.split(",").map((part) => (part.trim() === "" ? Number.NaN : Number(part)));
  const isList = numbers.some((number) => !Number.isNaN(number));
  return weighted(text, (isList ? numbers : text) as WeightChoice);
}
