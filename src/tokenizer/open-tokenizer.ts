/** The tokenizer of a model, by the kind that its manifest tells. */
import { CorruptShardError } from "#core/errors.ts";
import type { Manifest } from "#core/manifest.ts";
import { importPeer, type PeerLibrary } from "./peer-library.ts";
import type { Tokenizer } from "./tokenizer.ts";
import { TransformersTokenizer } from "./transformers-tokenizer.ts";
import { XlmRobertaTokenizer } from "./xlm-roberta.ts";

/**
 * @param bytes of the file that the manifest names: a vocabulary, or for another kind of tokenizer its own two JSON files in one
 * @param importLibrary what has the other kinds; asked only for those. Default: the optional peer `@huggingface/transformers`
 * @throws CorruptShardError; UnsupportedModelError; MissingPeerError when the library is needed and not there
 */
export async function openTokenizer(
  { tokenizer }: Manifest,
  bytes: Uint8Array,
  importLibrary: () => Promise<PeerLibrary> = () => importPeer(),
): Promise<Tokenizer> {
  if (tokenizer.kind === "xlm-roberta") return XlmRobertaTokenizer.fromBytes(bytes);
  const files = parse(bytes, tokenizer.file);
  return new TransformersTokenizer(await importLibrary(), files.tokenizer, files.config);
}

function parse(bytes: Uint8Array, file: string): { tokenizer: object; config: object } {
  try {
    const { tokenizer, config } = JSON.parse(new TextDecoder().decode(bytes));
    if (typeof tokenizer === "object" && tokenizer && typeof config === "object" && config) return { tokenizer, config };
  } catch {
    // Told below.
  }
  throw new CorruptShardError(file, "it is not the JSON of a tokenizer.");
}
