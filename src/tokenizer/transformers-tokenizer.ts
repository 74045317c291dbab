/**
 * A tokenizer of another kind than XLM-RoBERTa's (BERT's WordPiece, byte pairs), as `@huggingface/transformers` computes it. Its ids are that library's. It tells no
 * places, so they are looked for: `token-places.ts`.
 */
import { InvalidInputError, UnsupportedModelError } from "#core/errors.ts";
import type { PeerLibrary, PeerTokenizer } from "./peer-library.ts";
import { findPlaces } from "./token-places.ts";
import type { TokenizedText, TokenizeOptions, Tokenizer } from "./tokenizer.ts";

/** Something that every vocabulary has tokens for. */
const PROBE = "a";

export class TransformersTokenizer implements Tokenizer {
  readonly vocabSize: number;
  readonly bosId: number | undefined;
  readonly padId: number | undefined;
  readonly eosId: number | undefined;
  readonly unkId: number | undefined;
  readonly maskId: number | undefined;
  readonly #tokenizer: PeerTokenizer;

  /**
   * @param tokenizer tokenizer.json @param config tokenizer_config.json
   * @throws UnsupportedModelError when the library does not know it, or it does not put one token before a text and one after it
   */
  constructor({ PreTrainedTokenizer }: PeerLibrary, tokenizer: object, config: object) {
    try {
      this.#tokenizer = new PreTrainedTokenizer(tokenizer, config);
    } catch (error) {
      throw new UnsupportedModelError(`@huggingface/transformers cannot read its tokenizer: ${String(error)}`);
    }
    const around = this.#tokenizer.encode(PROBE);
    const inside = this.#tokenizer.encode(PROBE, { add_special_tokens: false });
    const isAround = around.length === inside.length + 2 && inside.every((id, index) => around[index + 1] === id);
    if (!isAround) throw new UnsupportedModelError("its tokenizer does not put one special token before a text and one after it, as BERT's does.");
    this.bosId = around[0];
    this.eosId = around.at(-1);
    this.padId = this.#tokenizer.pad_token_id;
    this.unkId = this.#tokenizer.unk_token_id;
    this.maskId = this.#tokenizer.mask_token_id;
    this.vocabSize = idsOf(tokenizer);
  }

  encode(text: string, options: TokenizeOptions = {}): TokenizedText {
    if (typeof text !== "string") throw new InvalidInputError("text", "a string", text);
    const { maxLength, addSpecialTokens = true } = options;
    const specials = addSpecialTokens ? 2 : 0;
    if (maxLength !== undefined && !(Number.isInteger(maxLength) && maxLength >= Math.max(1, specials))) {
      throw new InvalidInputError("options.maxLength", `an integer of at least ${Math.max(1, specials)}`, maxLength);
    }
    // What the library does with half a character is not defined.
    const whole = text.replace(/\p{Surrogate}/gu, "\uFFFD");
    const all = this.#tokenizer.encode(whole, { add_special_tokens: false });
    const kept = Math.min(all.length, (maxLength ?? Number.POSITIVE_INFINITY) - specials);
    const first = specials / 2;
    const ids = new Int32Array(kept + specials);
    const offsets = new Int32Array(2 * ids.length);
    ids.set(all.slice(0, kept), first);
    if (addSpecialTokens) {
      ids[0] = this.bosId!;
      ids[kept + 1] = this.eosId!;
    }
    const tokens = this.#tokenizer.tokenize(whole).slice(0, kept);
    offsets.set(
      findPlaces(whole, tokens, (token) => all[token] === this.unkId),
      2 * first,
    );
    return { ids, offsets, truncated: kept < all.length, untruncatedLength: all.length + specials };
  }

  decode(ids: number | Iterable<number>, { skipSpecialTokens = true }: { readonly skipSpecialTokens?: boolean } = {}): string {
    const list = [...(typeof ids === "number" ? [ids] : ids)];
    const kept = skipSpecialTokens ? list.filter((id) => !this.#tokenizer.all_special_ids.includes(id)) : list;
    // The library refuses to decode nothing.
    return kept.length === 0 ? "" : this.#tokenizer.decode(kept, { skip_special_tokens: false });
  }
}

/** One more than the largest id of a tokenizer.json. */
export function idsOf(tokenizer: object): number {
  const { model, added_tokens: added = [] } = tokenizer as { model?: { vocab?: object }; added_tokens?: { id: number }[] };
  let largest = -1;
  for (const id of Object.values(model?.vocab ?? {})) if (typeof id === "number") largest = Math.max(largest, id);
  for (const { id } of added) largest = Math.max(largest, id);
  return largest + 1;
}
