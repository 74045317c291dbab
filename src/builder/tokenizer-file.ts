/**
 * The checkpoint's tokenizer (tokenizer.json, or sentencepiece.bpe.model) to the file that the artefact has, checked against the rows of the word embeddings. A unigram
 * tokenizer is XLM-RoBERTa's or refused; of others (BERT's WordPiece, byte pairs) the JSON is kept as it is, for `@huggingface/transformers` to read.
 */
import { InvalidCheckpointError } from "#core/errors.ts";
import type { JsonView } from "#core/json-view.ts";
import type { Manifest } from "#core/manifest.ts";
import type { ReadOptions } from "#core/tensor-source.ts";
import { idsOf as idsOfTokenizer } from "#tokenizer/transformers-tokenizer.ts";
import type { CheckpointSource } from "./ports.ts";
import { readJson } from "./read-json.ts";
import { parseSentencePiece } from "./sentencepiece.ts";
import { buildVocabulary, writeVocabulary } from "./vocabulary.ts";

const TOKENIZER_FILE = "tokenizer.json";
const CONFIG_FILE = "tokenizer_config.json";
const SENTENCEPIECE_FILE = "sentencepiece.bpe.model";

export interface TokenizerFile {
  readonly kind: Manifest["tokenizer"]["kind"];
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Models of a tokenizer.json that this package does not compute itself. */
const OTHER_MODELS = ["WordPiece", "BPE", "WordLevel"];

/**
 * @param vocabSize rows of the word-embedding table: no id of the tokenizer may lie beyond
 * @throws InvalidCheckpointError when neither file is there, it is a unigram tokenizer but not XLM-RoBERTa's, or has more ids than there are rows
 */
export async function readTokenizer(source: CheckpointSource, vocabSize: number, options?: ReadOptions): Promise<TokenizerFile> {
  const { kind, bytes, ids } = await convertTokenizer(source, options);
  if (ids > vocabSize) {
    throw new InvalidCheckpointError(`its tokenizer gives ids up to ${ids - 1}, but its word embeddings have ${vocabSize} rows.`, { ids, vocabSize });
  }
  return { kind, bytes: new Uint8Array(bytes) };
}

/** `ids` is one more than the largest. tokenizer.json goes first: it may have more added tokens. */
async function convertTokenizer(source: CheckpointSource, options?: ReadOptions): Promise<Omit<TokenizerFile, "bytes"> & { bytes: Uint8Array; ids: number }> {
  const files = await source.list();
  if (files.includes(TOKENIZER_FILE)) {
    const json = await readJson(source, TOKENIZER_FILE, options);
    const model = json.field("model").field("type").value;
    if (typeof model === "string" && OTHER_MODELS.includes(model)) return await keepTokenizer(source, json, options);
    return { kind: "xlm-roberta", bytes: buildVocabulary(json.object()), ids: idsOf(json) };
  }
  if (files.includes(SENTENCEPIECE_FILE)) {
    const bytes = await source.read(SENTENCEPIECE_FILE, 0, await source.size(SENTENCEPIECE_FILE), options);
    const tokenizer = parseSentencePiece(bytes, SENTENCEPIECE_FILE);
    return { kind: "xlm-roberta", bytes: writeVocabulary(tokenizer), ids: tokenizer.pieces.length };
  }
  throw new InvalidCheckpointError(
    `there is no ${TOKENIZER_FILE} and no ${SENTENCEPIECE_FILE} in its folder. Save it with transformers: AutoTokenizer.from_pretrained(…).save_pretrained(…).`,
  );
}

async function keepTokenizer(source: CheckpointSource, json: JsonView, options?: ReadOptions) {
  for (const [piece, id] of json.field("model").field("vocab").entries()) if (typeof id.value !== "number") id.fail(`the id of "${piece}"`);
  for (const token of json.field("added_tokens").isMissing ? [] : json.field("added_tokens").items()) token.field("id").integer(0);
  const isThere = (await source.list()).includes(CONFIG_FILE);
  const config = isThere ? { ...(await readJson(source, CONFIG_FILE, options)).object() } : {};
  // Of a chat's pages of template nothing here has a use.
  delete config.chat_template;
  const tokenizer = json.object();
  return { kind: "transformers", bytes: new TextEncoder().encode(JSON.stringify({ tokenizer, config })), ids: idsOfTokenizer(tokenizer) } as const;
}

/** One more than the largest id. {@link buildVocabulary} has checked the shape of what is read here. */
function idsOf(json: JsonView): number {
  const { vocab } = json.field("model").object();
  const added = json.field("added_tokens").items();
  return Math.max((vocab as unknown[]).length, ...added.map((token) => token.field("id").integer(0) + 1));
}
