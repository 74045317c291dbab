/** Pairs of texts to pairs of numbers: every text once, as a query or as a passage, for they have different prompts. Holds out whole ids as the dev set. */
import type { TextKind } from "#core/embedding.ts";
import type { TrainingPair } from "./pair.ts";
import type { PairTexts } from "./pair-texts.ts";
import { Random } from "./random.ts";

export interface TableText {
  readonly text: string;
  readonly kind: TextKind;
}

export interface TextTable {
  /** By number. */
  readonly texts: readonly TableText[];
  readonly pairs: readonly TrainingPair[];
}

export function tabulate(pairs: readonly PairTexts[]): TextTable {
  const texts: TableText[] = [];
  const numbers = { query: new Map<string, number>(), passage: new Map<string, number>() };
  const numberOf = (text: string, kind: TextKind) => {
    const known = numbers[kind].get(text);
    if (known !== undefined) return known;
    numbers[kind].set(text, texts.length);
    return texts.push({ text, kind }) - 1;
  };
  const numbered = pairs.map(({ query, pos, neg, posScores, negScores, id, group }): TrainingPair => {
    const passages = (list: readonly string[]) => list.map((text) => numberOf(text, "passage"));
    const [positives, negatives] = [passages(pos), passages(neg)];
    return { query: numberOf(query, "query"), positives, negatives, positiveScores: posScores, negativeScores: negScores, id, group: group ?? "" };
  });
  return { texts, pairs: numbered };
}

/**
 * Holds out a share of the ids (a pair without one is an id of its own), so that the dev set has no text of the same subject in another language.
 * @param share of all ids, from 0 to 1
 */
export function holdOut(pairs: readonly TrainingPair[], share: number, seed: number): { train: TrainingPair[]; dev: TrainingPair[] } {
  const keyOf = ({ id, positives }: TrainingPair) => id ?? positives[0]!;
  const keys = new Random(seed, 3).shuffle([...new Set(pairs.map(keyOf))]);
  const held = new Set(keys.slice(0, Math.floor(keys.length * share)));
  return { train: pairs.filter((pair) => !held.has(keyOf(pair))), dev: pairs.filter((pair) => held.has(keyOf(pair))) };
}
