/** What a page of this bench can do: answer a question as its users' pages do, from nothing on. */

export interface SiteAnswer {
  /** Ids of the ten best pages, best first. */
  readonly ids: readonly string[];
  /** From the question to the ten results with their texts. */
  readonly ms: number;
}

export interface SiteSide {
  /** Of ours: "words" stops at what the words find, "meaning" waits for the model. Others have one answer. */
  ask(question: string, stage: "words" | "meaning"): Promise<SiteAnswer>;
}

export const LIMIT = 10;
