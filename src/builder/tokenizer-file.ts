/** The checkpoint's tokenizer (tokenizer.json, or sentencepiece.bpe.model) to the vocabulary file, checked against the rows of the word embeddings. */
import { InvalidCheckpointError } from "#core/errors.ts";
import type { JsonView } from "#core/json-view.ts";
import type { ReadOptions } from "#core/tensor-source.ts";
import type { CheckpointSource } from "./ports.ts";
import { readJson } from "./read-json.ts";
import { parseSentencePiece } from "./sentencepiece.ts";
import { buildVocabulary, writeVocabulary } from "./vocabulary.ts";

const TOKENIZER_FILE = "tokenizer.json";
const SENTENCEPIECE_FILE = "sentencepiece.bpe.model";

/**
 * @param vocabSize rows of the word-embedding table: no id of the tokenizer may lie beyond
 * @throws InvalidCheckpointError when neither file is there, it is not an XLM-RoBERTa tokenizer, or has more ids than there are rows
 */
export async function readVocabulary(source: CheckpointSource, vocabSize: number, options?: ReadOptions): Promise<Uint8Array<ArrayBuffer>> {
  const { vocabulary, ids } = await convertTokenizer(source, options);
  if (ids > vocabSize) {
    throw new InvalidCheckpointError(`its tokenizer gives ids up to ${ids - 1}, but its word embeddings have ${vocabSize} rows.`, { ids, vocabSize });
  }
  return new Uint8Array(vocabulary);
}

/** `ids` is one more than the largest. tokenizer.json goes first: it may have more added tokens. */
async function convertTokenizer(source: CheckpointSource, options?: ReadOptions): Promise<{ vocabulary: Uint8Array; ids: number }> {
  const files = await source.list();
  if (files.includes(TOKENIZER_FILE)) {
    const json = await readJson(source, TOKENIZER_FILE, options);
    return { vocabulary: buildVocabulary(json.object()), ids: idsOf(json) };
  }
  if (files.includes(SENTENCEPIECE_FILE)) {
    const bytes = await source.read(SENTENCEPIECE_FILE, 0, await source.size(SENTENCEPIECE_FILE), options);
    const tokenizer = parseSentencePiece(bytes, SENTENCEPIECE_FILE);
    return { vocabulary: writeVocabulary(tokenizer), ids: tokenizer.pieces.length };
  }
  throw new InvalidCheckpointError(
    `there is no ${TOKENIZER_FILE} and no ${SENTENCEPIECE_FILE} in its folder. Save it with transformers: AutoTokenizer.from_pretrained(…).save_pretrained(…).`,
  );
}

/** One more than the largest id. {@link buildVocabulary} has checked the shape of what is read here. */
function idsOf(json: JsonView): number {
  const { vocab } = json.field("model").object();
  const added = json.field("added_tokens").items();
  return Math.max((vocab as unknown[]).length, ...added.map((token) => token.field("id").integer(0) + 1));
}
