/** How far an addition is: documents, tokens, and how long the rest takes. */
import type { ProgressListener } from "#core/progress.ts";
import type { Passage } from "./passages.ts";
import type { TextDocument } from "./types.ts";

/** Until something is known: characters to a token, as XLM-RoBERTa's vocabulary has them in European languages. */
const CHARACTERS_PER_TOKEN = 4;

export class AddProgress {
  readonly #onProgress: ProgressListener | undefined;
  readonly #documents: number;
  readonly #characters: number;
  readonly #startedAt = performance.now();
  #committedDocuments: number;
  #committedTokens = 0;
  #committedCharacters = 0;

  /** @param alreadyThere documents that an earlier run of the same call has added */
  constructor(documents: readonly TextDocument[], alreadyThere: number, onProgress: ProgressListener | undefined) {
    this.#onProgress = onProgress;
    this.#documents = documents.length;
    this.#committedDocuments = alreadyThere;
    this.#characters = documents.reduce((sum, { title = "", text }) => sum + title.length + text.length, 0);
  }

  /** @param tokens encoded of the portion at hand */
  encoding(tokens: number): void {
    this.#report(this.#committedTokens + tokens);
  }

  committed(documents: number, passages: readonly Passage[]): void {
    this.#committedDocuments += documents;
    for (const { tokens, stored } of passages) {
      this.#committedTokens += tokens;
      this.#committedCharacters += stored.text.length;
    }
    this.#report(this.#committedTokens);
  }

  done(): void {
    this.#committedCharacters = this.#characters;
    this.#report(this.#committedTokens, this.#committedTokens);
  }

  #report(loaded: number, total: number = this.#estimate(loaded)): void {
    const elapsedMs = performance.now() - this.#startedAt;
    this.#onProgress?.({
      phase: "index",
      loaded,
      total,
      unit: "tokens",
      documents: { committed: this.#committedDocuments, total: this.#documents },
      remainingMs: loaded > 0 ? (elapsedMs / loaded) * (total - loaded) : undefined,
    });
  }

  /** Tokens of all documents, from what is known of those that are done. */
  #estimate(loaded: number): number {
    const perCharacter = this.#committedCharacters > 0 ? this.#committedTokens / this.#committedCharacters : 1 / CHARACTERS_PER_TOKEN;
    return Math.max(loaded, Math.round(this.#characters * perCharacter));
  }
}
