/** Opens the pages of the full-size bench, each in a Chromium of its own: ours with the model of tools/models at /full/, the peer's with its export. */
import { existsSync } from "node:fs";
import path from "node:path";
import { buildFull } from "../../tools/models/build-full.ts";
import { ASSETS } from "../encode/contenders.ts";
import { note } from "../harness/bench.ts";
import { openPage } from "../harness/browser.ts";
import { buildPages } from "../harness/build-pages.ts";
import { serveFolders } from "../harness/static-server.ts";
import type { FullPage } from "./pages/ours.ts";
import type { FullPeerPage } from "./pages/peer.ts";

type Methods = Readonly<Record<string, (...args: never[]) => Promise<unknown>>>;

export interface OpenFullPage<Page extends Methods> {
  readonly call: <Name extends keyof Page & string>(name: Name, ...args: Parameters<Page[Name]>) => Promise<Awaited<ReturnType<Page[Name]>>>;
  readonly chromium: string;
  peakMemoryMiB(): Promise<number | null>;
  close(): Promise<void>;
}

/**
 * @param model folder of an artefact; default: the full-size model in q8, built where it is missing
 * @param engine "?ort": on ONNX Runtime
 */
export async function openFullPage(model?: string, engine: "" | "?ort" = ""): Promise<OpenFullPage<FullPage>> {
  const folder = model ?? (await buildFull("q8"));
  if (!existsSync(path.join(folder, "manifest.json"))) throw new Error(`There is no model in ${folder}.`);
  return open<FullPage>("ours", { "/full/": folder }, engine);
}

export function openFullPeer(): Promise<OpenFullPage<FullPeerPage>> {
  return open<FullPeerPage>("peer", ASSETS);
}

async function open<Page extends Methods>(name: string, folders: Readonly<Record<string, string>>, query = ""): Promise<OpenFullPage<Page>> {
  note(`Building the page ${name}.`);
  const pages = await buildPages("bench/full/pages", [`${name}.html`], `.cache/bench/full-${name}`);
  const server = await serveFolders({ "/": pages, ...folders });
  const { page, version, peakMemoryMiB, close } = await openPage(`${server.origin}/${name}.html${query}`);
  await page.waitForFunction("globalThis.full !== undefined");
  return {
    chromium: version,
    call: (method, ...args) =>
      page.evaluate(
        ([called, values]) => (globalThis as unknown as { full: Record<string, (...given: unknown[]) => Promise<never>> }).full[called]!(...values),
        [method, args as unknown[]] as const,
      ),
    peakMemoryMiB,
    async close() {
      await close();
      await server.close();
    },
  };
}
