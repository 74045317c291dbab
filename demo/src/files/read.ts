/** A file as sections with titles. Parsers come when a first file needs them; none runs or fetches what a file says. */
import type { SitePage } from "bge-m3-web/extract";
import { decodeText } from "./decode.ts";
import type { PickedFile } from "./pick.ts";
import { Unreadable } from "./unreadable.ts";

export interface Section {
  readonly title: string;
  readonly text: string;
}

export const LARGEST_FILE = 50e6;

const kinds: Readonly<Record<string, "text" | "markdown" | "html" | "pdf">> = {
  txt: "text",
  text: "text",
  md: "markdown",
  markdown: "markdown",
  html: "html",
  htm: "html",
  xhtml: "html",
  pdf: "pdf",
};

/** For a file chooser. */
export const acceptedNames = Object.keys(kinds)
  .map((extension) => `.${extension}`)
  .join(",");

/** @throws Unreadable; the signal's reason */
export async function readSections({ path, file }: PickedFile, languages: readonly string[], signal: AbortSignal): Promise<Section[]> {
  const name = path.split("/").at(-1)!;
  const kind = kinds[/\.([^.]+)$/.exec(name.toLowerCase())?.[1] ?? ""];
  if (kind === undefined) throw new Unreadable("kind");
  if (file.size > LARGEST_FILE) throw new Unreadable("large");
  const bytes = new Uint8Array(
    await file.arrayBuffer().catch((error: Error): never => {
      throw new Unreadable("broken", error.message);
    }),
  );
  signal.throwIfAborted();
  const sections = await sectionsOf(kind, bytes, name.replace(/\.[^.]+$/, ""), languages, signal);
  const told = sections.filter(({ text }) => text.trim() !== "");
  if (told.length === 0) throw new Unreadable("empty");
  return told;
}

async function sectionsOf(
  kind: "text" | "markdown" | "html" | "pdf",
  bytes: Uint8Array,
  name: string,
  languages: readonly string[],
  signal: AbortSignal,
): Promise<Section[]> {
  if (kind === "pdf") {
    const { readPdf } = await import("./pdf.ts");
    return await readPdf(bytes, name, signal);
  }
  const text = decodeText(bytes, languages, kind === "html" ? declaredEncoding(bytes) : null);
  if (kind === "text") return [{ title: name, text }];
  const { readHtml, readMarkdown, siteDocuments } = await import("bge-m3-web/extract");
  let page: SitePage | null;
  try {
    page = kind === "html" ? readHtml(text, name) : readMarkdown(text, name);
  } catch (error) {
    throw new Unreadable("broken", error instanceof Error ? error.message : String(error));
  }
  if (page === null) throw new Unreadable("hidden");
  return [...siteDocuments(page)].map(({ title, text: told }) => ({ title, text: told }));
}

/** What a page says about its own encoding, in its first bytes. */
function declaredEncoding(bytes: Uint8Array): string | null {
  const start = new TextDecoder("windows-1252").decode(bytes.subarray(0, 1024));
  return /<meta[^>]+charset\s*=\s*["']?([\w-]+)/i.exec(start)?.[1] ?? null;
}
