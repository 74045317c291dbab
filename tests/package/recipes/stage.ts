/** What the tests of recipes have in common: one Chromium, a host for each site, and nothing left over. */
import type { Browser, BrowserContextOptions } from "playwright";
import { afterAll, afterEach, beforeAll } from "vitest";
import { launchBrowser } from "../static-site.ts";
import { hostPages, type PagesHost } from "./pages-host.ts";
import { Reader } from "./reader.ts";
import { BASE } from "./recipe.ts";

export interface Shown {
  readonly host: PagesHost;
  readonly reader: Reader;
}

/** A build, a model and a browser, on a machine that may be busy. */
export const RECIPE_MS = 300_000;

export interface ShowOptions extends BrowserContextOptions {
  /** A Content-Security-Policy that the host sends. */
  readonly policy?: string | undefined;
}

/** To be called once in a test file. @returns shows a site to a reader, from one of its pages on, when the page has its service worker and with it threads */
export function stage(): (site: string, page?: string, options?: ShowOptions) => Promise<Shown> {
  let browser: Browser;
  const open: { close(): Promise<void> }[] = [];
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser?.close());
  afterEach(async () => {
    for (const one of open.splice(0).reverse()) await one.close();
  });
  return async (site, page = "", { policy, ...options } = {}) => {
    const host = await hostPages(site, BASE, policy);
    open.push({ close: host.stop });
    const reader = await Reader.open(browser, host.url + page, options);
    open.push(reader);
    await reader.isolated();
    return { host, reader };
  };
}

/** The path below the site, with its anchor. */
export const placeOf = ({ href }: { readonly href: string }) => href.slice(href.indexOf(BASE) + BASE.length);
