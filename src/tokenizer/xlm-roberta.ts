/**
 * XLM-RoBERTa's tokenizer: text → ids and the place of each token in the text, equal to the Rust library `tokenizers` for every string. README.md has the
 * algorithm, the file layout and the measurements.
 */
import { InvalidInputError } from "#core/errors.ts";
import { AddedTokenFinder } from "./added-tokens.ts";
import { CharacterRules } from "./character-rules.ts";
import { TextScanner } from "./text-scanner.ts";
import { TokenBuffer } from "./token-buffer.ts";
import type { TokenizedText, TokenizeOptions, Tokenizer } from "./tokenizer.ts";
import { Unigram } from "./unigram.ts";
import { readVocabulary, type Vocabulary } from "./vocabulary.ts";
import { SpaceHandling, WORD_MARK } from "./vocabulary-format.ts";
import { WHITE_SPACE } from "./white-space.ts";

const SPACE = 0x20;

export class XlmRobertaTokenizer implements Tokenizer {
  /** Ids that the model can be given: 0 to vocabSize - 1. */
  readonly vocabSize: number;
  /** Ids of the special tokens; undefined for one that the vocabulary lacks. */
  readonly bosId: number | undefined;
  readonly padId: number | undefined;
  readonly eosId: number | undefined;
  readonly unkId: number;
  readonly maskId: number | undefined;

  private readonly vocabulary: Vocabulary;
  private readonly addedTokens: AddedTokenFinder;
  private readonly addedById: ReadonlyMap<number, string>;
  private readonly unigram: Unigram;
  private readonly scanner: TextScanner;
  private readonly tokens = new TokenBuffer();

  private constructor(vocabulary: Vocabulary) {
    this.vocabulary = vocabulary;
    this.addedTokens = new AddedTokenFinder(vocabulary.added);
    this.addedById = new Map(vocabulary.added.map(({ id, content }) => [id, content]));
    this.unigram = new Unigram(vocabulary.trie, vocabulary.scores, vocabulary.unkId);
    const spaces = vocabulary.spaceHandling === SpaceHandling.split ? WHITE_SPACE : [SPACE];
    this.scanner = new TextScanner(new CharacterRules(vocabulary.charsmap, spaces), this.unigram, this.tokens, vocabulary.spaceHandling);
    const idOf = (content: string) => vocabulary.added.find((token) => token.content === content)?.id;
    this.bosId = idOf("<s>");
    this.padId = idOf("<pad>");
    this.eosId = idOf("</s>");
    this.unkId = vocabulary.unkId;
    this.maskId = idOf("<mask>");
    this.vocabSize = Math.max(vocabulary.pieces, ...vocabulary.added.map(({ id }) => id + 1));
  }

  /**
   * @param bytes a vocabulary file as `buildVocabulary` writes it; not kept
   * @throws CorruptShardError when it is cut, damaged or something else, UnsupportedModelError when it is of a newer format version
   */
  static fromBytes(bytes: Uint8Array): XlmRobertaTokenizer {
    return new XlmRobertaTokenizer(readVocabulary(bytes));
  }

  /**
   * Any string is legal: a lone surrogate counts as U+FFFD. Time is linear in the length.
   * @throws InvalidInputError for a text that is no string, or a maxLength that is not an integer with room for the special tokens
   */
  encode(text: string, options: TokenizeOptions = {}): TokenizedText {
    if (typeof text !== "string") throw new InvalidInputError("text", "a string", text);
    const { maxLength, addSpecialTokens = true } = options;
    const { prefixIds, suffixIds } = this.vocabulary;
    const specials = addSpecialTokens ? prefixIds.length + suffixIds.length : 0;
    if (maxLength !== undefined && !(Number.isInteger(maxLength) && maxLength >= Math.max(1, specials))) {
      throw new InvalidInputError("options.maxLength", `an integer of at least ${Math.max(1, specials)}`, maxLength);
    }
    const { tokens } = this;
    tokens.clear();
    this.addedTokens.split(text, (start, end, id) => {
      if (id < 0) this.scanner.scan(text, start, end);
      else tokens.push(id, start, end);
    });
    const room = (maxLength ?? Number.POSITIVE_INFINITY) - specials;
    const kept = Math.min(tokens.count, room);
    const first = addSpecialTokens ? prefixIds.length : 0;
    const ids = new Int32Array(kept + specials);
    const offsets = new Int32Array(2 * ids.length);
    ids.set(tokens.ids.subarray(0, kept), first);
    offsets.set(tokens.offsets.subarray(0, 2 * kept), 2 * first);
    if (addSpecialTokens) {
      ids.set(prefixIds);
      ids.set(suffixIds, first + kept);
    }
    return { ids, offsets, truncated: kept < tokens.count, untruncatedLength: tokens.count + specials };
  }

  /** The piece of an id, such as "▁de". @throws InvalidInputError for a number that is no id */
  idToPiece(id: number): string {
    if (!Number.isInteger(id) || id < 0 || id >= this.vocabSize) throw new InvalidInputError("id", `an integer from 0 to ${this.vocabSize - 1}`, id);
    return id < this.vocabulary.pieces ? this.vocabulary.trie.piece(id) : (this.addedById.get(id) ?? "");
  }

  /**
   * The text of some tokens, as far as it can be told: normalised, with single spaces. Special tokens give nothing, as in Rust; with `skipSpecialTokens: false`
   * they give their names, as in Hugging Face's `decode`, and so in FlagEmbedding's `convert_id_to_token`.
   */
  decode(ids: number | Iterable<number>, { skipSpecialTokens = true }: { readonly skipSpecialTokens?: boolean } = {}): string {
    const kept = [...(typeof ids === "number" ? [ids] : ids)].filter((id) => !skipSpecialTokens || !this.addedById.has(id));
    const pieces = kept.map((id) => this.addedById.get(id) ?? this.idToPiece(id));
    return pieces.map((piece, index) => piece.replaceAll(WORD_MARK, index === 0 ? "" : " ")).join("");
  }

  /** Work done by this tokenizer so far, in steps of its inner loop: for tests of how it grows. */
  get steps(): number {
    return this.unigram.steps;
  }
}
