/** The command `index`, without its command line: a built site in, a published index out. */
import path from "node:path";
import { InvalidInputError } from "#core/errors.ts";
import type { Manifest } from "#core/manifest.ts";
import type { ProgressListener } from "#core/progress.ts";
import type { M3Encoder } from "#encoder/encoder.ts";
import { unifyFields } from "#site/check-page.ts";
import { type SiteDocument, siteDocuments } from "#site/documents.ts";
import type { SitePage } from "#site/page.ts";
import type { LanguageIndex } from "#texts/published-index.ts";
import type { IndexShape } from "#texts/types.ts";
import { type BuiltIndex, buildIndex } from "../site/build-index.ts";
import { type CollectOptions, collectPages, type SkippedFile } from "../site/collect-pages.ts";
import { PublishFolder } from "../site/publish-folder.ts";

export interface IndexSiteOptions {
  readonly encoder: M3Encoder;
  readonly manifest: Manifest;
  readonly shape: IndexShape;
  readonly urls: CollectOptions["urls"];
  /** Language of pages that do not tell. Default "und". */
  readonly language?: string | undefined;
  readonly onSkipped: (skipped: SkippedFile) => void;
  /** Told of one language after another. */
  readonly onProgress: (language: string, ...event: Parameters<ProgressListener>) => void;
  readonly signal: AbortSignal;
}

export interface IndexedSite {
  readonly pages: number;
  readonly skipped: number;
  readonly bytes: number;
  readonly languages: Readonly<Record<string, Pick<BuiltIndex, "documents" | "passages" | "changes"> & { readonly bytes: number }>>;
}

const UNKNOWN_LANGUAGE = "und";

/** @throws InvalidInputError for a site without a page; what encoding and writing throw; the signal's reason: then the published index is as it was */
export async function indexSite(source: string, out: string, options: IndexSiteOptions): Promise<IndexedSite> {
  const { manifest, language: fallback = UNKNOWN_LANGUAGE, onProgress, signal } = options;
  let skipped = 0;
  const documents = new Map<string, SiteDocument[]>();
  const onSkipped = (file: SkippedFile) => {
    skipped++;
    options.onSkipped(file);
  };
  const pages: SitePage[] = [];
  for await (const page of collectPages(source, { onSkipped, urls: options.urls, signal })) pages.push(page);
  for (const page of unifyFields(pages)) {
    const language = page.lang ?? fallback;
    const before = documents.get(language);
    if (before) before.push(...siteDocuments(page));
    else documents.set(language, [...siteDocuments(page)]);
  }
  if (![...documents.values()].some(({ length }) => length > 0)) throw new InvalidInputError("SOURCE", "a site with at least one page that has text", source);

  const folder = await PublishFolder.open(out);
  try {
    const languages: Record<string, LanguageIndex> = {};
    const told: Record<string, IndexedSite["languages"][string]> = {};
    const made = new Map<string, string>();
    for (const [language, list] of [...documents].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const before = folder.before?.model.fingerprint === manifest.fingerprint ? folder.before.languages[language] : undefined;
      const temporary = path.join(folder.temporary, language);
      const built = await buildIndex(unique(list), {
        ...options,
        before: before ? { folder: folder.pathOf(before.folder), index: before } : null,
        folder: temporary,
        onProgress: (event) => onProgress(language, event),
      });
      const { digest, changes, ...index } = built;
      const name = `${language.toLowerCase()}-${digest}/`;
      languages[language] = { folder: name, ...index };
      made.set(name, temporary);
      const bytes = Object.values(index.blobs).reduce((sum, size) => sum + size, 0);
      told[language] = { documents: index.documents, passages: index.passages, changes, bytes };
    }
    signal.throwIfAborted();
    await folder.publish({ model: { name: manifest.name, fingerprint: manifest.fingerprint }, languages }, made);
    return { pages: pages.length, skipped, bytes: Object.values(told).reduce((sum, { bytes }) => sum + bytes, 0), languages: told };
  } finally {
    await folder.close();
  }
}

/** Two files may show the same page; the later one counts, as it would on a server that they are copied to in order. */
function unique(documents: readonly SiteDocument[]): SiteDocument[] {
  return [...new Map(documents.map((document) => [document.id, document])).values()];
}
