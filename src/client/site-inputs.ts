/** Options of a site's search, and their checks. */
import { InvalidInputError } from "#core/errors.ts";
import { type Check, check, checkOptions, LOAD_CHECKS, type LoadOptions, pageUrl } from "./options.ts";

/** Where a site's index and model lie, and when the model is loaded. */
export interface SiteSearchOptions extends Pick<LoadOptions, "baseUrl" | "assetsUrl" | "worker" | "device" | "threads" | "storage" | "prefetch"> {
  /** Name, URL or path of the model that made the index. Default "m3-mini". */
  readonly model?: string | undefined;
  /** Only pages of these languages (BCP 47, as in the index). Default: all. */
  readonly languages?: readonly string[] | undefined;
  /**
   * When the model is loaded, tens of megabytes at the first visit. Default "auto": at the first question, but not where the reader saves data or the device has
   * little memory; "now"; "asked": when `loadModel` is called. Until then sections are found by their words.
   */
  readonly load?: "auto" | "now" | "asked" | undefined;
  /** What the pages' addresses are resolved against. Default: the folder above the index. */
  readonly siteUrl?: string | URL | undefined;
}

const SITE_CHECKS: Record<keyof SiteSearchOptions, Check> = {
  baseUrl: LOAD_CHECKS.baseUrl,
  assetsUrl: LOAD_CHECKS.assetsUrl,
  worker: LOAD_CHECKS.worker,
  device: LOAD_CHECKS.device,
  threads: LOAD_CHECKS.threads,
  storage: LOAD_CHECKS.storage,
  prefetch: LOAD_CHECKS.prefetch,
  model: check("a name, URL or path", (value) => typeof value === "string" && value !== ""),
  languages: check("a list of language tags", (value) => Array.isArray(value) && value.every((tag) => typeof tag === "string")),
  load: check('"auto", "now" or "asked"', (value) => value === "auto" || value === "now" || value === "asked"),
  siteUrl: LOAD_CHECKS.baseUrl,
};

export const checkSiteSearchOptions = (options: unknown) => checkOptions(options, SITE_CHECKS);

/** @throws InvalidInputError for what is no URL of a folder */
export function folderUrl(url: unknown, path: string): URL {
  if (url instanceof URL || typeof url === "string") {
    const base = pageUrl();
    if (URL.canParse(url, base)) {
      const folder = new URL(url, base);
      if (!folder.pathname.endsWith("/")) folder.pathname += "/";
      return folder;
    }
  }
  throw new InvalidInputError(path, "the URL of a folder", url);
}
