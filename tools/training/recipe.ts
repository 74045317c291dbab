/** How the heads of m3-mini are trained on LibreOffice help, and what the ablations change. Flags of `bge-m3-web make-pairs` and `train-heads`. */

export const CORPUS = "corpus/libreoffice-help/pages.jsonl.gz";

export interface Recipe {
  readonly makePairs: readonly string[];
  readonly trainHeads: readonly string[];
}

/**
 * Whole pages as passages, as an index has them: heads that learn on the first 128 tokens do less well on long pages. A title and a first paragraph ask for a
 * page, headings for too little of it. Cross-lingual pairs take pages that are there already, so they cost their titles only.
 *
 * @param pairs within languages; cross-lingual ones come on top
 */
export function recipe(pairs: number): Recipe {
  const maxLength = ["--max-length", "256"];
  return {
    makePairs: [
      "--kinds",
      "title",
      "lead",
      "cross",
      "--max-pairs",
      String(pairs),
      "--cross-share",
      "0.9",
      "--hard-negatives",
      "4",
      ...maxLength,
      "--seed",
      "1",
    ],
    trainHeads: [
      ...["--lexical-hidden", "128", "--lexical-input", "both", "--lexical-weight", "1", "--colbert-dim", "384"],
      ...["--epochs", "3", "--batch", "32", "--hard-negatives", "0", ...maxLength, "--keep", "last", "--patience", "0", "--dev-every", "100", "--seed", "1"],
    ],
  };
}

export interface Ablation {
  readonly name: string;
  /** Flags of train-heads that replace or join the recipe's. */
  readonly flags: readonly string[];
  /** Leaves cross-lingual pairs out. */
  readonly withoutCross?: boolean;
}

export const ABLATIONS: readonly Ablation[] = [
  { name: "without distillation", flags: ["--no-distillation"] },
  { name: "without cross-lingual pairs", flags: [], withoutCross: true },
  { name: "with a hard negative for each pair", flags: ["--hard-negatives", "1"] },
  { name: "lexical head on last states only", flags: ["--lexical-input", "last"] },
  { name: "lexical head without a hidden layer", flags: ["--lexical-hidden", "0"] },
  { name: "ColBERT head on both states", flags: ["--colbert-input", "both"] },
  { name: "ColBERT width 128", flags: ["--colbert-dim", "128"] },
  { name: "ColBERT width 64", flags: ["--colbert-dim", "64"] },
];
