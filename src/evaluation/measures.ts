/** Measures by the names that papers give them: "nDCG@10", "recall@100", "MRR@10", "success@5". */
import { InvalidInputError } from "#core/errors.ts";
import type { Judgements, Ranking } from "./judgements.ts";
import { reciprocalRank } from "./mrr.ts";
import { ndcg } from "./ndcg.ts";
import { recall, success } from "./recall.ts";

export interface Measure {
  readonly name: string;
  /** How many documents of a ranking it looks at. */
  readonly cutoff: number;
  of(ranking: Ranking, judgements: Judgements): number;
}

const FORM = /^(nDCG|recall|MRR|success)@([1-9][0-9]{0,5})$/;
const FUNCTIONS = { nDCG: ndcg, recall, MRR: reciprocalRank, success } as const;

/** @throws InvalidInputError for another name */
export function measureOf(name: string): Measure {
  const [, kind, digits] = FORM.exec(name) ?? [];
  if (kind === undefined) throw new InvalidInputError("measure", "nDCG@k, recall@k, MRR@k or success@k", name);
  const cutoff = Number(digits);
  const compute = FUNCTIONS[kind as keyof typeof FUNCTIONS];
  return { name, cutoff, of: (ranking, judgements) => compute(ranking, judgements, cutoff) };
}
