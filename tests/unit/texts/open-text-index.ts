/** Text indexes on m3-mini in Node, with pages of GNOME Help. */
import { readFileSync } from "node:fs";
import { MemoryLock } from "#storage/locks.ts";
import { MemoryStore } from "#storage/memory.ts";
import { TextIndex, type TextIndexParts } from "#texts/text-index.ts";
import type { IndexShape, TextDocument } from "#texts/types.ts";
import { M3_MINI, openEncoder } from "../encoder/open-encoder.ts";

export type Opened = Awaited<ReturnType<typeof openMini>>;

export async function openMini() {
  const { encoder, manifest } = await openEncoder(M3_MINI, "default");
  const open = (shape: IndexShape = {}, parts: Partial<TextIndexParts> = {}) =>
    TextIndex.open({ name: "help", shape }, { manifest, store: new MemoryStore(), lock: new MemoryLock(), ...parts });
  return { encoder, manifest, open };
}

/** Pages as documents, in the order of the file. */
export function helpPages(lang: string, count: number): TextDocument[] {
  const lines = readFileSync(`corpus/gnome-help/${lang}.jsonl`, "utf8").trim().split("\n").slice(0, count);
  return lines.map((line) => {
    const { id, title, body } = JSON.parse(line) as { readonly id: string; readonly title: string; readonly body: string };
    return { id, title, text: body, url: `/${lang}/${id}.html`, fields: { lang, words: body.split(/\s+/).length } };
  });
}
