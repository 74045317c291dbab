/** The text of a PDF, a section a page. The library's worker and character maps come from the page's own host. */
import * as pdf from "pdfjs-dist";
import type { Section } from "./read.ts";
import { Unreadable } from "./unreadable.ts";

/** Maps of older fonts for Chinese, Japanese and Korean, by name. */
const characterMaps = import.meta.glob<string>("../../../node_modules/pdfjs-dist/cmaps/*.bcmap", { query: "?url", import: "default", eager: true });
const mapUrls = new Map(
  Object.entries(characterMaps).map(([path, url]) => [
    path
      .split("/")
      .at(-1)!
      .replace(/\.bcmap$/, ""),
    url,
  ]),
);

class CharacterMaps {
  async fetch({ name }: { name: string }): Promise<{ cMapData: Uint8Array; isCompressed: boolean }> {
    const url = mapUrls.get(name);
    if (url === undefined) throw new Error(`There is no character map "${name}".`);
    const response = await fetch(url);
    if (!response.ok) throw new Error(`The character map "${name}" could not be fetched.`);
    return { cMapData: new Uint8Array(await response.arrayBuffer()), isCompressed: true };
  }
}

/** One for all files: it is 1 MB of script. */
let worker: pdf.PDFWorker | undefined;

/** @throws Unreadable; the signal's reason */
export async function readPdf(bytes: Uint8Array, name: string, signal: AbortSignal): Promise<Section[]> {
  worker ??= pdf.PDFWorker.create({ port: new Worker(new URL("pdfjs-dist/build/pdf.worker.mjs", import.meta.url), { type: "module" }) });
  const task = pdf.getDocument({
    data: bytes,
    worker,
    CMapReaderFactory: CharacterMaps,
    useWorkerFetch: false,
    isEvalSupported: false,
    disableFontFace: true,
    enableXfa: false,
    verbosity: pdf.VerbosityLevel.ERRORS,
  });
  try {
    const document = await task.promise;
    const { info } = await document.getMetadata().catch(() => ({ info: {} }));
    const title = ("Title" in info && typeof info.Title === "string" && info.Title.trim()) || name;
    const sections: Section[] = [];
    for (let number = 1; number <= document.numPages; number++) {
      signal.throwIfAborted();
      const page = await document.getPage(number);
      const { items } = await page.getTextContent();
      const text = items.map((item) => ("str" in item ? `${item.str}${item.hasEOL ? "\n" : ""}` : "")).join("");
      sections.push({ title: document.numPages > 1 ? `${title} › ${number}` : title, text });
      page.cleanup();
    }
    return sections;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof Error && error.name === "PasswordException") throw new Unreadable("password");
    throw new Unreadable("broken", error instanceof Error ? error.message : String(error));
  } finally {
    await task.destroy();
  }
}
