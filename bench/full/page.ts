/** Opens the full-size page in a Chromium of its own, with the model of tools/models at /full/. */
import { existsSync } from "node:fs";
import path from "node:path";
import { buildFull } from "../../tools/models/build-full.ts";
import { note } from "../harness/bench.ts";
import { openPage } from "../harness/browser.ts";
import { buildPages } from "../harness/build-pages.ts";
import { serveFolders } from "../harness/static-server.ts";
import type { FullPage } from "./pages/ours.ts";

export interface OpenFullPage {
  readonly call: <Name extends keyof FullPage>(name: Name, ...args: Parameters<FullPage[Name]>) => Promise<Awaited<ReturnType<FullPage[Name]>>>;
  readonly chromium: string;
  peakMemoryMiB(): Promise<number | null>;
  close(): Promise<void>;
}

/** @param model folder of an artefact; default: the full-size model in q8, built where it is missing */
export async function openFullPage(model?: string): Promise<OpenFullPage> {
  const folder = model ?? (await buildFull("q8"));
  if (!existsSync(path.join(folder, "manifest.json"))) throw new Error(`There is no model in ${folder}.`);
  note("Building the page.");
  const pages = await buildPages("bench/full/pages", ["ours.html"], ".cache/bench/full");
  const server = await serveFolders({ "/": pages, "/full/": folder });
  const { page, version, peakMemoryMiB, close } = await openPage(`${server.origin}/ours.html`);
  await page.waitForFunction("globalThis.full !== undefined");
  return {
    chromium: version,
    call: (name, ...args) =>
      page.evaluate(
        ([method, values]) => (globalThis as unknown as { full: Record<string, (...given: unknown[]) => Promise<never>> }).full[method]!(...values),
        [name, args] as const,
      ),
    peakMemoryMiB,
    async close() {
      await close();
      await server.close();
    },
  };
}
