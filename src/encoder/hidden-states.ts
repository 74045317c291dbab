/** Hidden states of texts, for training: the same batches as for embeddings, but what the heads see instead of what they give. */
import { throwIfAborted } from "#core/abort.ts";
import type { TextKind } from "#core/embedding.ts";
import type { Manifest } from "#core/manifest.ts";
import type { EncoderSession } from "#core/session.ts";
import { denseVector } from "#heads/dense.ts";
import { planBatches } from "./batching.ts";
import { checkOutputs } from "./check-outputs.ts";
import type { EmbeddingTable } from "./embedding-table.ts";
import { type EncodedText, PromptedTokenizer, type TextTokenizer } from "./tokenize-texts.ts";

export interface HiddenStatesParts {
  readonly manifest: Manifest;
  readonly session: EncoderSession;
  readonly embeddings: Pick<EmbeddingTable, "gather">;
}

export interface TextHiddenStates {
  /** Unit vector: [hiddenSize]. */
  readonly dense: Float32Array;
  /** [tokens, hiddenSize] */
  readonly states: Float32Array;
}

export interface HiddenStatesOptions {
  readonly signal?: AbortSignal | undefined;
  /** Told after each batch. */
  readonly onTokens?: ((done: number) => void) | undefined;
}

const OUTPUTS = { dense: true, lexical: false, colbert: false, hidden: true } as const;

/** @returns of each text, in the order given @throws BackendError; NonFiniteOutputError; what reading a page throws; the signal's reason */
export async function hiddenStates(
  texts: readonly Pick<EncodedText, "ids">[],
  { manifest, session, embeddings }: HiddenStatesParts,
  { signal, onTokens }: HiddenStatesOptions = {},
): Promise<TextHiddenStates[]> {
  const { hiddenSize } = manifest.architecture;
  const found = new Array<TextHiddenStates>(texts.length);
  let done = 0;
  for (const batch of planBatches(
    texts.map(({ ids }) => ids.length),
    session.info.batch,
  )) {
    throwIfAborted(signal);
    const ids = batch.map((text) => texts[text]!.ids);
    const lengths = ids.map(({ length }) => length);
    const tokens = lengths.reduce((sum, length) => sum + length, 0);
    const result = await session.run({ rows: await embeddings.gather(ids, { signal }), lengths, outputs: OUTPUTS }, { signal });
    checkOutputs(result, { manifest, outputs: OUTPUTS, texts: ids.length, tokens, backend: session.info.backend });
    let start = 0;
    for (const [index, text] of batch.entries()) {
      const end = start + lengths[index]! * hiddenSize;
      found[text] = { dense: denseVector(result.pooled!, index, hiddenSize), states: result.hidden!.slice(start, end) };
      start = end;
    }
    done += tokens;
    onTokens?.(done);
  }
  return found;
}

/** Texts of both kinds to tokens, in the order given. @param path of the option that says `maxLength`, for the error @throws InvalidInputError; the signal's reason */
export async function tokenizeKinds(
  texts: readonly { readonly text: string; readonly kind: TextKind }[],
  tokenizer: TextTokenizer,
  manifest: Manifest,
  options: { readonly maxLength: number; readonly path: string; readonly signal: AbortSignal | undefined },
): Promise<EncodedText[]> {
  const encoded = new Array<EncodedText>(texts.length);
  for (const kind of ["query", "passage"] as const) {
    const numbers = [...texts.keys()].filter((number) => texts[number]!.kind === kind);
    const ofKind = await new PromptedTokenizer(tokenizer, manifest, kind).encode(
      numbers.map((number) => texts[number]!.text),
      options,
    );
    for (const [index, number] of numbers.entries()) encoded[number] = ofKind[index]!;
  }
  return encoded;
}
