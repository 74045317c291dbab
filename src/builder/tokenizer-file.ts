/** The checkpoint's tokenizer.json to the vocabulary file, checked against the rows of the word embeddings. */
import { InvalidCheckpointError } from "#core/errors.ts";
import type { JsonView } from "#core/json-view.ts";
import type { ReadOptions } from "#core/tensor-source.ts";
import type { CheckpointSource } from "./ports.ts";
import { readJson } from "./read-json.ts";
import { buildVocabulary } from "./vocabulary.ts";

const TOKENIZER_FILE = "tokenizer.json";

/**
 * @param vocabSize rows of the word-embedding table: no id of the tokenizer may lie beyond
 * @throws InvalidCheckpointError when the file is missing, not an XLM-RoBERTa tokenizer, or has more ids than there are rows
 */
export async function readVocabulary(source: CheckpointSource, vocabSize: number, options?: ReadOptions): Promise<Uint8Array<ArrayBuffer>> {
  if (!(await source.list()).includes(TOKENIZER_FILE)) {
    throw new InvalidCheckpointError(
      `there is no ${TOKENIZER_FILE} in its folder. Save it with transformers: AutoTokenizer.from_pretrained(…).save_pretrained(…).`,
    );
  }
  const json = await readJson(source, TOKENIZER_FILE, options);
  const vocabulary = buildVocabulary(json.object());
  const ids = idsOf(json);
  if (ids > vocabSize) {
    throw new InvalidCheckpointError(`its tokenizer gives ids up to ${ids - 1}, but its word embeddings have ${vocabSize} rows.`, { ids, vocabSize });
  }
  return new Uint8Array(vocabulary);
}

/** One more than the largest id. {@link buildVocabulary} has checked the shape of what is read here. */
function idsOf(json: JsonView): number {
  const { vocab } = json.field("model").object();
  const added = json.field("added_tokens").items();
  return Math.max((vocab as unknown[]).length, ...added.map((token) => token.field("id").integer(0) + 1));
}
