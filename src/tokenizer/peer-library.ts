/**
 * `@huggingface/transformers`, an optional peer, for tokenizers that are not XLM-RoBERTa's. It is imported when such a model is opened and never before; of it only
 * the tokenizers run, so that it loads neither its runtime's WebAssembly nor anything else over the network.
 */
import { MissingPeerError } from "#core/errors.ts";

/** A tokenizer as the library has it (`PreTrainedTokenizer`): the part that is used. */
export interface PeerTokenizer {
  encode(text: string, options?: { add_special_tokens?: boolean }): number[];
  tokenize(text: string): string[];
  decode(ids: number[], options?: { skip_special_tokens?: boolean }): string;
  readonly all_special_ids: readonly number[];
  readonly pad_token_id?: number | undefined;
  readonly unk_token_id?: number | undefined;
  readonly mask_token_id?: number | undefined;
}

export interface PeerLibrary {
  readonly PreTrainedTokenizer: new (tokenizer: object, config: object) => PeerTokenizer;
}

const PEER = "@huggingface/transformers";

/**
 * By its name, which a bundler or Node resolves.
 * @param importElsewhere where else it may be @throws MissingPeerError
 */
export async function importPeer(importElsewhere: () => Promise<PeerLibrary | undefined> = async () => undefined): Promise<PeerLibrary> {
  let cause: unknown;
  for (const load of [importByName, importElsewhere]) {
    try {
      const library = await load();
      if (typeof library?.PreTrainedTokenizer === "function") return library;
    } catch (error) {
      cause ??= error;
    }
  }
  throw new MissingPeerError(PEER, "the tokenizer of this model", { cause });
}

async function importByName(): Promise<PeerLibrary> {
  return (await import("@huggingface/transformers")) as unknown as PeerLibrary;
}
