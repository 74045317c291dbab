/**
 * What the normalizer does with each character: SentencePiece's nmt_nfkc rules, as the Rust tokenizer applies them, in tables.
 *
 * Rust cuts the text into grapheme clusters. A cluster of fewer than six UTF-8 bytes is looked up whole, and the shortest rule that begins it replaces ALL of
 * it (so U+3000 with an accent becomes a space without one); any other cluster is replaced character by character.
 */

import { mayJoinNext, mayJoinPrevious } from "./grapheme.ts";
import { GraphemeClass, type GraphemeClasses, graphemeClasses } from "./grapheme-class.ts";
import type { CharsmapRules } from "./vocabulary.ts";

/** Kinds of a UTF-16 unit, as flags. 0 is the common case: it stays, it is not white space, and only a {@link UnitKind.joiner} after it can change that. */
export const UnitKind = {
  /** Can join the character before it into one cluster. */
  joiner: 1,
  /** Becomes one white space and joins nothing: it ends a word unless a joiner follows. */
  space: 2,
  /** Anything else that needs a closer look: a rule, half of a surrogate pair, a start of clusters. */
  special: 4,
} as const;

const CLASS_COUNT = Object.keys(GraphemeClass).length;
const NO_RULE = 0;
const PAIR_FACTOR = 0x110000;

export class CharacterRules {
  readonly classes: GraphemeClasses;
  /** {@link UnitKind} flags of each UTF-16 unit. */
  readonly kinds: Uint8Array;
  private readonly replacements: string[] = [""];
  private readonly basicRules = new Uint16Array(0x10000);
  private readonly higherRules = new Map<number, number>();
  private readonly pairRules = new Map<number, number>();
  private readonly spaces = new Uint8Array(0x10000);
  private readonly pairStarts = new Uint8Array(0x10000);

  /** @param spaces the units that end a word */
  constructor({ singles, pairs }: CharsmapRules, spaces: readonly number[]) {
    for (const unit of spaces) this.spaces[unit] = 1;
    this.classes = graphemeClasses();
    for (const [codePoint, replacement] of singles) {
      const rule = this.replacements.push(replacement) - 1;
      if (codePoint < 0x10000) this.basicRules[codePoint] = rule;
      else this.higherRules.set(codePoint, rule);
    }
    for (const [first, second, replacement] of pairs) {
      this.pairRules.set(first * PAIR_FACTOR + second, this.replacements.push(replacement) - 1);
      if (first < 0x10000) this.pairStarts[first] = 1;
    }
    this.kinds = this.makeKinds(spaces);
  }

  /** What a character becomes on its own; undefined when it stays. */
  single(codePoint: number): string | undefined {
    const rule = codePoint < 0x10000 ? this.basicRules[codePoint]! : (this.higherRules.get(codePoint) ?? NO_RULE);
    return rule === NO_RULE ? undefined : this.replacements[rule];
  }

  /** What a cluster becomes that begins with these two characters, of which the first has no rule of its own; undefined when each is looked up alone. */
  pair(first: number, second: number): string | undefined {
    if (first < 0x10000 && this.pairStarts[first] === 0) return undefined;
    const rule = this.pairRules.get(first * PAIR_FACTOR + second);
    return rule === undefined ? undefined : this.replacements[rule];
  }

  /** Whether an output character ends a word. */
  isSpace(codePoint: number): boolean {
    return this.spaces[codePoint] === 1;
  }

  private makeKinds(spaces: readonly number[]): Uint8Array {
    const kindOfClass = Uint8Array.from({ length: CLASS_COUNT }, (_, graphemeClass) =>
      mayJoinPrevious(graphemeClass) ? UnitKind.special | UnitKind.joiner : mayJoinNext(graphemeClass) ? UnitKind.special : 0,
    );
    const { basic } = this.classes;
    const kinds = new Uint8Array(0x10000);
    for (let unit = 0; unit < 0x10000; unit++) {
      const kind = kindOfClass[basic[unit]!]!;
      const rule = this.basicRules[unit]!;
      if ((kind & UnitKind.joiner) !== 0) kinds[unit] = kind;
      else if (rule !== NO_RULE && kind === 0) kinds[unit] = this.isOneSpace(this.replacements[rule]!) ? UnitKind.space : UnitKind.special;
      else kinds[unit] = kind;
    }
    for (const unit of spaces) if (this.basicRules[unit] === NO_RULE) kinds[unit] = UnitKind.space;
    return kinds.fill(UnitKind.special, 0xd800, 0xe000);
  }

  private isOneSpace(replacement: string): boolean {
    return replacement.length === 1 && this.spaces[replacement.charCodeAt(0)] === 1;
  }
}
