/** Finds added tokens such as "<mask>" in a text: leftmost first, the longest where several begin, as Rust's Aho-Corasick does. */
import type { AddedToken } from "./vocabulary.ts";
import { AddedTokenFlag } from "./vocabulary-format.ts";
import { isWhiteSpace } from "./white-space.ts";

export class AddedTokenFinder {
  private readonly pattern: RegExp | null;
  private readonly byContent: ReadonlyMap<string, AddedToken>;

  constructor(tokens: readonly AddedToken[]) {
    this.byContent = new Map(tokens.map((token) => [token.content, token]));
    const contents = [...this.byContent.keys()].sort((a, b) => b.length - a.length);
    this.pattern = contents.length === 0 ? null : new RegExp(contents.map((content) => content.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&")).join("|"), "g");
  }

  /** Calls back for each stretch of text, in order: `id` is -1 between added tokens. */
  split(text: string, visit: (start: number, end: number, id: number) => void): void {
    let done = 0;
    if (this.pattern) {
      this.pattern.lastIndex = 0;
      for (let match = this.pattern.exec(text); match; match = this.pattern.exec(text)) {
        const token = this.byContent.get(match[0])!;
        let start = match.index;
        let end = start + match[0].length;
        if (token.flags & AddedTokenFlag.stripLeft) while (start > done && isWhiteSpace(text.charCodeAt(start - 1))) start--;
        if (token.flags & AddedTokenFlag.stripRight) while (end < text.length && isWhiteSpace(text.charCodeAt(end))) end++;
        if (start > done) visit(done, start, -1);
        visit(start, end, token.id);
        done = end;
      }
    }
    if (done < text.length) visit(done, text.length, -1);
  }
}
