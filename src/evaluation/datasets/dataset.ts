/** What an evaluation needs, whichever way it was published. */
import type { Qrels } from "../judgements.ts";

export interface CorpusText {
  readonly id: string;
  /** What is searched: the title, where there is one, a space, and the text, as BEIR and FlagEmbedding join them. */
  readonly text: string;
}

export interface Dataset {
  readonly documents: readonly CorpusText[];
  /** Text of a query by its id, in the file's order. */
  readonly queries: ReadonlyMap<string, string>;
  readonly qrels: Qrels;
}

/** A text file, line by line. The room opens none itself. */
export interface LineSource {
  /** For messages. */
  readonly name: string;
  readonly lines: AsyncIterable<string> | Iterable<string>;
}
