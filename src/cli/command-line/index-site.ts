/** `bge-m3-web index SITE_DIR|FILE --out DIR` */
import { type Command, Option } from "commander";
import { InvalidInputError } from "#core/errors.ts";
import { EmbeddingTable } from "#encoder/embedding-table.ts";
import { M3Encoder } from "#encoder/encoder.ts";
import { languageTag } from "#site/page.ts";
import { openTokenizer } from "#tokenizer/open-tokenizer.ts";
import { type IndexedSite, indexSite } from "../commands/index-site.ts";
import { defaultModelFolder } from "../default-model.ts";
import { openFileModel } from "../file-model.ts";
import { ProgressLine } from "../progress-line.ts";
import { modelOption, type OutputOptions, wholeNumber, withOutputOptions } from "./shared-options.ts";
import type { Surroundings } from "./surroundings.ts";

interface IndexFlags extends OutputOptions {
  readonly out: string;
  readonly model?: string;
  readonly lang?: string;
  readonly urls: "keep" | "clean";
  readonly colbert: "bits" | "int8" | "none";
  readonly passageTokens?: number;
  readonly strict?: boolean;
  readonly threads?: number;
}

export function addIndexSite(program: Command, surroundings: Surroundings): void {
  const command = program
    .command("index")
    .summary("a built site to an index that its pages can search")
    .description(
      "Reads the pages of a built site (HTML and Markdown files of a folder) or documents of a JSON Lines file, cuts them at their headings, and writes an index " +
        "of static files, one a language. Run again after a change, it encodes only what is new. In a page, data-m3-body marks what is to be read (else <main>, " +
        "<article>, <body>), data-m3-ignore what is not, data-m3-weight how much it counts; <meta name=m3:NAME> gives fields to filter by. A file that cannot be " +
        "read is named and passed over.",
    )
    .argument("<source>", 'folder of a built site, or a file of {"url", "text", "title"?, "lang"?, "fields"?} lines')
    .requiredOption("--out <dir>", "folder for the index, of its own")
    .addOption(modelOption())
    .option("--lang <tag>", "language of pages that do not tell (BCP 47; default: unknown)")
    .addOption(
      new Option("--urls <form>", "keep: addresses as the files are named; clean: without index.html and .html").choices(["keep", "clean"]).default("keep"),
    )
    .addOption(
      new Option("--colbert <form>", "how token vectors are stored: 1 bit a number, 8, or not at all").choices(["bits", "int8", "none"]).default("bits"),
    )
    .addOption(
      new Option("--passage-tokens <n>", "most tokens of a passage; longer sections become several (default: 512, or what the model reads)").argParser(
        wholeNumber,
      ),
    )
    .option("--strict", "exit with 1 when a file was passed over")
    .addOption(new Option("--threads <n>", "threads to compute with (default: as many as help)").argParser(wholeNumber));
  withOutputOptions(
    command,
    "print one JSON object: {model, fingerprint, pages, skipped, bytes, languages: {TAG: {documents, passages, bytes, changes: {encoded, unchanged, removed}}}, seconds}",
  ).action((source: string, flags: IndexFlags) => run(source, flags, surroundings));
}

async function run(source: string, flags: IndexFlags, surroundings: Surroundings): Promise<void> {
  const { signal, stdout, stderr } = surroundings;
  const startedAt = performance.now();
  const language = flags.lang === undefined ? undefined : languageTag(flags.lang);
  if (language === null) throw new InvalidInputError("--lang", 'a language tag such as "en" or "pt-BR"', flags.lang);
  const model = await openFileModel(flags.model ?? defaultModelFolder());
  const { manifest } = model;
  const tokenizer = await openTokenizer(model.manifest, await model.readTokenizer({ signal }));
  const progress = new ProgressLine(flags.quiet ?? false, stderr);
  const session = await surroundings.openSession(model, { precision: "default", threads: flags.threads, signal });
  try {
    const encoder = new M3Encoder({ manifest, tokenizer, session, embeddings: new EmbeddingTable(manifest, model.tensors) });
    const done = await indexSite(source, flags.out, {
      encoder,
      manifest,
      shape: { colbert: flags.colbert === "none" || manifest.heads.colbert === null ? false : flags.colbert, passageTokens: flags.passageTokens },
      urls: flags.urls,
      language,
      onSkipped: ({ file, reason }) => {
        progress.clear();
        stderr.write(`${file} was passed over: ${reason}\n`);
      },
      onProgress: (tag, event) => progress.show({ ...event, file: tag }),
      signal,
    });
    progress.clear();
    const seconds = Number(((performance.now() - startedAt) / 1000).toFixed(3));
    if (flags.json) stdout.write(`${JSON.stringify({ model: manifest.name, fingerprint: manifest.fingerprint, ...done, seconds })}\n`);
    else if (!flags.quiet) stdout.write(`${tell(done, seconds)}\n`);
    if (flags.strict && done.skipped > 0)
      throw new InvalidInputError("SOURCE", "a site of which every file can be read (--strict)", `${done.skipped} were passed over`);
  } finally {
    progress.clear();
    await session.dispose();
  }
}

function tell({ pages, skipped, bytes, languages }: IndexedSite, seconds: number): string {
  const lines = Object.entries(languages).map(([tag, { documents, passages, changes, bytes: size }]) => {
    const { encoded, unchanged, removed } = changes;
    return `${tag}: ${documents} sections in ${passages} passages, ${megabytes(size)} (${encoded} encoded, ${unchanged} as before, ${removed} gone)`;
  });
  const passed = skipped > 0 ? `, ${skipped} passed over` : "";
  return [...lines, `${pages} pages${passed}, ${megabytes(bytes)}, in ${seconds.toFixed(1)} s`].join("\n");
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(2)} MB`;
}
