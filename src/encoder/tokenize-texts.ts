/** Texts to ids: with the model's prompt in front, cut at the limit, and with pauses in which an abort can be heard. */
import { throwIfAborted } from "#core/abort.ts";
import type { TextKind, TextTokens } from "#core/embedding.ts";
import { InvalidInputError } from "#core/errors.ts";
import { nextMessageTurn } from "#core/event-loop.ts";
import type { Manifest } from "#core/manifest.ts";
import type { Tokenizer } from "#tokenizer/tokenizer.ts";

/** What the encoder needs of a tokenizer. */
export type TextTokenizer = Pick<Tokenizer, "encode" | "bosId" | "eosId" | "padId" | "unkId">;

/** A text as the model reads it. */
export interface EncodedText {
  /** Prompt and special tokens included. */
  readonly ids: Int32Array;
  /** Tokens at the beginning that are not of the text: `<s>` and those of the prompt. */
  readonly skipped: number;
  readonly truncated: boolean;
  /** Places of further `<s>` that were put between its tokens, ascending. Left out: none. */
  readonly furtherCls?: readonly number[] | undefined;
}

/** A thread that tokenises is deaf for this long at most, but for a single longer text. */
const MAX_DEAF_MS = 25;

export class PromptedTokenizer {
  readonly #tokenizer: TextTokenizer;
  readonly #prompt: string;
  /** Where a prompt's last token ends: white space at its end joins the first token of the text. */
  readonly #promptEnd: number;

  constructor(tokenizer: TextTokenizer, manifest: Manifest, kind: TextKind) {
    this.#tokenizer = tokenizer;
    this.#prompt = manifest.prompts[kind];
    this.#promptEnd = this.#prompt.trimEnd().length;
  }

  /**
   * @param path of the option that says `maxLength`, for the error
   * @throws InvalidInputError when prompt and special tokens alone are longer than `maxLength`; the signal's reason
   */
  async encode(
    texts: readonly string[],
    { maxLength, clsEvery, path, signal }: { maxLength: number; clsEvery?: number | undefined; path: string; signal: AbortSignal | undefined },
  ): Promise<EncodedText[]> {
    const shortest = this.#tokenizer.encode(this.#prompt.trimEnd()).ids.length;
    if (maxLength < shortest) throw new InvalidInputError(path, `at least ${shortest}, the tokens that are put around every text`, maxLength);
    const ownLength = clsEvery === undefined ? maxLength : withoutFurtherCls(maxLength, clsEvery);
    return this.#forEach(texts, signal, (prompted) => {
      const { ids, offsets, truncated } = this.#tokenizer.encode(prompted, { maxLength: Math.max(shortest, ownLength) });
      const text = { ids, skipped: this.#skipped(ids.length, offsets), truncated };
      return clsEvery === undefined ? text : addCls(text, clsEvery, this.#tokenizer.bosId!);
    });
  }

  /** One text as {@link encode} reads it, token by token. @throws InvalidInputError */
  tokens(text: string, maxLength: number | undefined): TextTokens {
    const { ids, offsets, truncated, untruncatedLength } = this.#tokenizer.encode(this.#prompt + text, { maxLength });
    const skipped = this.#skipped(ids.length, offsets);
    const places = offsets.subarray(2 * skipped).map((offset) => Math.max(0, offset - this.#prompt.length));
    return { ids: ids.subarray(skipped), offsets: places, truncated, untruncatedLength };
  }

  /** Tokens of each text, with prompt and special tokens, uncut. @throws the signal's reason */
  count(texts: readonly string[], signal: AbortSignal | undefined): Promise<number[]> {
    return this.#forEach(texts, signal, (prompted) => this.#tokenizer.encode(prompted).untruncatedLength);
  }

  async #forEach<T>(texts: readonly string[], signal: AbortSignal | undefined, tokenize: (prompted: string) => T): Promise<T[]> {
    const results: T[] = [];
    let lastPause = performance.now();
    for (const text of texts) {
      throwIfAborted(signal);
      results.push(tokenize(this.#prompt + text));
      if (performance.now() - lastPause > MAX_DEAF_MS) {
        await nextMessageTurn();
        lastPause = performance.now();
      }
    }
    throwIfAborted(signal);
    return results;
  }

  /** `<s>`, and the tokens that lie in the prompt. The first token that reaches beyond it belongs to the text, as does all after it. */
  #skipped(tokens: number, offsets: Int32Array): number {
    let first = 1;
    if (this.#promptEnd === 0) return first;
    while (first < tokens - 1 && offsets[2 * first + 1]! <= this.#promptEnd) first++;
    return first;
  }
}

/** The most tokens of a text, `<s>` and `</s>` included, that are no more than `maxLength` with the further `<s>`. */
function withoutFurtherCls(maxLength: number, clsEvery: number): number {
  let own = maxLength - 2;
  while (own > 0 && own + Math.ceil(own / clsEvery) - 1 > maxLength - 2) own--;
  return own + 2;
}

/** A `<s>` between each `clsEvery` tokens of the text and the next ones. */
function addCls(text: EncodedText, clsEvery: number, bosId: number): EncodedText {
  const body = text.ids.subarray(1, -1);
  const further = Math.max(0, Math.ceil(body.length / clsEvery) - 1);
  if (further === 0) return text;
  const ids = new Int32Array(text.ids.length + further);
  const furtherCls: number[] = [];
  ids[0] = text.ids[0]!;
  for (let part = 0; part <= further; part++) {
    const at = 1 + part * (clsEvery + 1);
    ids.set(body.subarray(part * clsEvery, (part + 1) * clsEvery), at);
    if (part > 0) {
      ids[at - 1] = bosId;
      furtherCls.push(at - 1);
    }
  }
  ids[ids.length - 1] = text.ids.at(-1)!;
  // Those among the prompt's tokens are skipped with them.
  const skipped = text.skipped + Math.floor((text.skipped - 1) / clsEvery);
  return { ...text, ids, skipped, furtherCls };
}
