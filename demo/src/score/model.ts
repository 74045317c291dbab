/** What is typed in the second part, and what came of it. */
import type { State } from "../state.ts";
import { Store } from "../store.ts";
import { pairExamples, sentenceSets } from "./examples.ts";
import { Live, type Outcome } from "./live.ts";
import { compareSentences, type ScoreStory, tellScore } from "./story.ts";

export type Comparison = Awaited<ReturnType<typeof compareSentences>>;

export interface ScoreState {
  readonly question: string;
  readonly passage: string;
  /** One a line. */
  readonly sentences: string;
  readonly story: Outcome<ScoreStory>;
  readonly comparison: Outcome<Comparison>;
}

export const MOST_SENTENCES = 8;

export function startScores(app: Store<State>): Store<ScoreState> {
  const [{ question, passage }] = pairExamples as [(typeof pairExamples)[number]];
  const store = new Store<ScoreState>({
    question,
    passage,
    sentences: sentenceSets[0]!.join("\n"),
    story: { kind: "empty" },
    comparison: { kind: "empty" },
  });
  const story = new Live<ScoreStory>((outcome) => store.update({ story: outcome }));
  const comparison = new Live<Comparison>((outcome) => store.update({ comparison: outcome }));
  const m3 = () => (app.state.model.kind === "ready" ? app.state.model.value : null);
  const tell = () => {
    const [asked, given] = [store.state.question.trim(), store.state.passage.trim()];
    void story.compute(m3(), asked && given ? (model, signal) => tellScore(model, asked, given, signal) : null);
  };
  const compare = () => {
    const lines = store.state.sentences.split("\n").map((line) => line.trim());
    const sentences = lines.filter((line) => line !== "").slice(0, MOST_SENTENCES);
    void comparison.compute(m3(), sentences.length > 1 ? (model, signal) => compareSentences(model, sentences, signal) : null);
  };
  store.watch(["question", "passage"], tell);
  store.watch(["sentences"], compare);
  app.watch(["model"], ({ model }) => {
    if (model.kind !== "ready") return;
    tell();
    compare();
  });
  return store;
}
