/**
 * Computes the vectors of the demo's pages: corpus/gnome-help in, public/demo-data/gnome-help out.
 *
 *     npm run build:corpus               writes all languages (about 700,000 tokens: some minutes)
 *     npm run build:corpus -- ko en      only these
 *
 * The same rooms as the command line's `encode`, in float32, so that another machine's 8-bit kernels do not change the files: the same corpus and model give
 * the same bytes on one machine, and on another but for signs of numbers next to 0. A page is title, newline, body; the model reads its first 512 tokens.
 * Run it again whenever the model's fingerprint changes: the page refuses vectors of another model.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { defaultModelFolder } from "#cli/default-model.ts";
import { openFileModel } from "#cli/file-model.ts";
import { openNodeSession } from "#cli/node-session.ts";
import { EmbeddingTable } from "#encoder/embedding-table.ts";
import { M3Encoder } from "#encoder/encoder.ts";
import { XlmRobertaTokenizer } from "#tokenizer/xlm-roberta.ts";
import { languages } from "../../demo/src/languages.ts";
import { lineVectors } from "./line-vectors.ts";
import { packPages } from "./pack-pages.ts";

const OUT = "public/demo-data/gnome-help";
const MAX_TOKENS = 512;

interface Page {
  readonly id: string;
  readonly title: string;
  readonly body: string;
}

const model = await openFileModel(defaultModelFolder());
const tokenizer = XlmRobertaTokenizer.fromBytes(await model.readTokenizer());
const session = await openNodeSession(model, { precision: "fp32" });
const encoder = new M3Encoder({ manifest: model.manifest, tokenizer, session, embeddings: new EmbeddingTable(model.manifest, model.tensors) });

const known = languages.map(({ code }) => code);
const wanted = process.argv.length > 2 ? process.argv.slice(2) : known;
const unknown = wanted.filter((language) => !known.includes(language));
if (unknown.length > 0) throw new Error(`The corpus has no ${unknown.join(", ")}. It has ${known.join(", ")}.`);

mkdirSync(OUT, { recursive: true });
for (const language of wanted) {
  const bytes = await embedLanguage(language);
  writeFileSync(path.join(OUT, `${language}.bin`), bytes);
  console.log(`${language}: ${bytes.length} bytes`);
}
await session.dispose();

async function embedLanguage(language: string): Promise<Uint8Array> {
  const pages: Page[] = readFileSync(`corpus/gnome-help/${language}.jsonl`, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  const texts = pages.map(({ title, body }) => `${title}\n${body}`);
  const { denseVecs, lexicalWeights, colbertVecs, truncated, tokenCounts } = await encoder.encode(texts, "passage", {
    maxLength: MAX_TOKENS,
    returnSparse: true,
    returnColbertVecs: true,
    onProgress: ({ loaded, total }) => process.stderr.isTTY && process.stderr.write(`\r${language}: ${loaded} of ${total} tokens `),
  });
  if (!denseVecs || !lexicalWeights || !colbertVecs) throw new Error(`${model.manifest.name} lacks a head that the demo shows.`);
  if (process.stderr.isTTY) process.stderr.write("\r");
  console.log(`${language}: ${pages.length} pages, ${truncated.filter(Boolean).length} of them longer than ${MAX_TOKENS} tokens`);
  return packPages(
    language,
    model.manifest.fingerprint,
    pages.map(({ id }, index) => {
      const colbert = colbertVecs[index]!;
      const lines = linesOf(texts[index]!, colbert.tokens, tokenCounts[index]!);
      return { id, dense: denseVecs[index]!, lexical: lexicalWeights[index]!, colbert, lineVectors: lines, truncated: truncated[index]! };
    }),
  );
}

/** The encoder tells how many tokens it read and how many of them have vectors; where these lie in the text, the tokenizer tells. */
function linesOf(text: string, vectors: number, tokens: number): number[] {
  const prompted = model.manifest.prompts.passage + text;
  const { offsets } = tokenizer.encode(prompted, { maxLength: MAX_TOKENS });
  return lineVectors({ text: prompted, start: model.manifest.prompts.passage.length, offsets, skipped: tokens - vectors, vectors });
}
