/** `bge-m3-web search INDEX_DIR "query"` */
import path from "node:path";
import type { Command } from "commander";
import { InvalidInputError } from "#core/errors.ts";
import type { LoadedModel } from "#core/loaded-model.ts";
import { noLock } from "#core/writer-lock.ts";
import { EmbeddingTable } from "#encoder/embedding-table.ts";
import { M3Encoder } from "#encoder/encoder.ts";
import { TextIndex } from "#texts/text-index.ts";
import type { SearchHit } from "#texts/types.ts";
import { WEIGHED_HITS, weighHits } from "#texts/weigh-hits.ts";
import { openTokenizer } from "#tokenizer/open-tokenizer.ts";
import { defaultModelFolder } from "../default-model.ts";
import { openFileModel } from "../file-model.ts";
import { FolderStore } from "../folder-store.ts";
import { readPublished } from "../site/publish-folder.ts";
import { modelOption, wholeNumber } from "./shared-options.ts";
import type { Surroundings } from "./surroundings.ts";

interface SearchFlags {
  readonly model?: string;
  readonly lang?: readonly string[];
  readonly limit: number;
  readonly explain?: boolean;
  readonly json?: boolean;
}

/** A hit with the language of the index that it is from. */
interface LanguageHit extends SearchHit {
  readonly lang: string;
}

const SNIPPET_CHARACTERS = 160;

export function addSearch(program: Command, surroundings: Surroundings): void {
  program
    .command("search")
    .summary("ask an index that `index` made")
    .description("Searches a published index as its pages do, and prints the best sections with the parts of their scores.")
    .argument("<index>", "folder of the index")
    .argument("<query>", "what is asked, in any language")
    .addOption(modelOption())
    .option("--lang <tags...>", "only pages of these languages (default: all)")
    .option("--limit <n>", "most sections", wholeNumber, 10)
    .option("--explain", "tell which tokens matched")
    .option("--json", "print a JSON object a line: {id, lang, url, title, score, parts, passage, explanation?}")
    .action((index: string, query: string, flags: SearchFlags) => run(index, query, flags, surroundings));
}

async function run(folder: string, query: string, flags: SearchFlags, surroundings: Surroundings): Promise<void> {
  const { signal, stdout } = surroundings;
  const published = await readPublished(folder);
  if (!published) throw new InvalidInputError("INDEX", "a folder that `bge-m3-web index` wrote", folder);
  const known = Object.keys(published.languages);
  for (const tag of flags.lang ?? []) if (!known.includes(tag)) throw new InvalidInputError("--lang", `of the index's languages (${known.join(", ")})`, tag);
  const model = await openFileModel(flags.model ?? defaultModelFolder());
  const session = await surroundings.openSession(model, { precision: "default", signal });
  try {
    const tokenizer = await openTokenizer(model.manifest, await model.readTokenizer({ signal }));
    const encoder = new M3Encoder({ manifest: model.manifest, tokenizer, session, embeddings: new EmbeddingTable(model.manifest, model.tensors) });
    const hits: LanguageHit[] = [];
    for (const lang of flags.lang ?? known) {
      const index = await open(path.join(folder, published.languages[lang]!.folder), model);
      try {
        const found = await index.search(query, { limit: Math.max(flags.limit, WEIGHED_HITS), explain: flags.explain }, { encoder, signal });
        hits.push(...found.hits.map((hit) => ({ ...hit, lang })));
      } finally {
        await index.close();
      }
    }
    const best = weighHits(hits).slice(0, flags.limit);
    if (flags.json) for (const hit of best) stdout.write(`${JSON.stringify(hit)}\n`);
    else stdout.write(best.length === 0 ? "Nothing was found.\n" : `${best.map(tell).join("\n")}\n`);
  } finally {
    await session.dispose();
  }
}

async function open(folder: string, { manifest }: LoadedModel): Promise<TextIndex> {
  return await TextIndex.open({ name: "site", shape: {} }, { manifest, store: await FolderStore.open(folder), lock: noLock });
}

function tell({ title, url, lang, score, parts, passage, explanation }: LanguageHit): string {
  const signals = Object.entries(parts).flatMap(([name, value]) => (value === null ? [] : [`${name} ${value.toFixed(3)}`]));
  const text = passage.text.replace(/\s+/g, " ");
  const lines = [
    `${score.toFixed(3)}  ${title ?? url}  [${lang}]  ${url}`,
    `       ${signals.join(", ")}`,
    `       ${text.length > SNIPPET_CHARACTERS ? `${text.slice(0, SNIPPET_CHARACTERS)}…` : text}`,
  ];
  const terms = explanation?.terms.map(({ token, product }) => `${token.replaceAll("▁", " ").trim()} ${product.toFixed(3)}`) ?? [];
  if (terms.length > 0) lines.push(`       matched: ${terms.join(", ")}`);
  return lines.join("\n");
}
