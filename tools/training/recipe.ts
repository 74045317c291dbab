/** How the heads of m3-mini are trained on LibreOffice help, and what the ablations change. Flags of `bge-m3-web make-pairs` and `train-heads`. */

export const CORPUS = "corpus/libreoffice-help/pages.jsonl.gz";

export interface Recipe {
  readonly makePairs: readonly string[];
  readonly trainHeads: readonly string[];
}

/** @param pairs within languages; cross-lingual ones come on top */
export function recipe(pairs: number): Recipe {
  return {
    makePairs: ["--max-pairs", String(pairs), "--cross-share", "0.3", "--hard-negatives", "4", "--max-length", "128", "--seed", "1"],
    trainHeads: ["--epochs", "4", "--batch", "32", "--hard-negatives", "1", "--max-length", "128", "--patience", "0", "--dev-every", "200", "--seed", "1"],
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
  { name: "without hard negatives", flags: ["--hard-negatives", "0"] },
  { name: "lexical head without a hidden layer", flags: ["--lexical-hidden", "0"] },
  { name: "lexical head alone", flags: ["--heads", "lexical"] },
  { name: "ColBERT width 64", flags: ["--colbert-dim", "64"] },
  { name: "ColBERT width 384", flags: ["--colbert-dim", "384"] },
];
