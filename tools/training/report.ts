/** The table of an evaluation of heads, and the bars that heads for m3-mini have to reach. */
import type { HeadEvaluation, HeadScores } from "./evaluate-heads.ts";

export interface Bar {
  readonly name: string;
  readonly value: number;
  readonly bar: number;
  readonly holds: boolean;
}

const ALL = "dense + 0.1 lexical + ColBERT";

/** Bars are relative to the dense head and to BM25 on the same texts, so that they hold whatever the languages are. */
export function barsOf({ same, toEnglish }: HeadEvaluation): Bar[] {
  const bar = (name: string, value: number | undefined, least: number | undefined): Bar[] =>
    value === undefined || least === undefined ? [] : [{ name, value, bar: least, holds: value >= least }];
  const plus = (scores: HeadScores, gain: number) => (scores.dense === undefined ? undefined : scores.dense + gain);
  return [
    ...bar("lexical as good as BM25", same.lexical, same.BM25),
    ...bar("ColBERT 0.02 better than dense", same.ColBERT, plus(same, 0.02)),
    ...bar("dense + 0.1 lexical 0.01 better than dense", same["dense + 0.1 lexical"], plus(same, 0.01)),
    ...bar("all three 0.03 better than dense", same[ALL], plus(same, 0.03)),
    ...bar("all three as good as dense, to English", toEnglish[ALL], plus(toEnglish, 0)),
  ];
}

/** Markdown: a row for each trained model, nDCG@10. */
export function table(results: readonly (readonly [name: string, evaluation: HeadEvaluation])[]): string {
  const columns = [
    "BM25",
    "dense",
    "lexical",
    "ColBERT",
    "dense + 0.1 lexical",
    "dense + 0.3 lexical",
    "dense + ColBERT",
    ALL,
    "dense + 0.3 lexical + ColBERT",
  ];
  const part = (title: string, choose: (evaluation: HeadEvaluation) => HeadScores) => [
    `| ${title} | ${columns.join(" | ")} |`,
    `|---|${columns.map(() => "---").join("|")}|`,
    ...results.map(([name, evaluation]) => `| ${name} | ${columns.map((column) => choose(evaluation)[column]?.toFixed(3) ?? "–").join(" | ")} |`),
    "",
  ];
  const parts: [string, (evaluation: HeadEvaluation) => HeadScores][] = [
    ["same language", ({ same }) => same],
    ["titles", ({ titles }) => titles],
    ["descriptions", ({ descriptions }) => descriptions],
    ["to English", ({ toEnglish }) => toEnglish],
  ];
  return parts.flatMap(([title, choose]) => part(title, choose)).join("\n");
}
