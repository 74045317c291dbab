/** Before the browser tests: publishes an index of some pages of GNOME Help, in English and Korean, as a site's build would. `show-site.ts` shows it. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { Writable } from "node:stream";
import { runCommandLine } from "#cli/command-line/run.ts";
import { openNodeSession } from "#cli/node-session.ts";

const root = path.resolve(import.meta.dirname, "../../..");
const site = path.join(root, ".cache/test-site");
const PAGES = [
  "printing-2sided",
  "sound-volume",
  "display-brightness",
  "clock-timezone",
  "files-rename",
  "keyboard-layouts",
  "power-suspend",
  "mouse-doubleclick",
];

export default async function publish(): Promise<void> {
  const lines = ["en", "ko"].flatMap((lang) => {
    const pages = readFileSync(path.join(root, "corpus/gnome-help", `${lang}.jsonl`), "utf8")
      .trimEnd()
      .split("\n");
    return pages.map((line) => JSON.parse(line)).filter(({ id }) => PAGES.includes(id));
  });
  mkdirSync(site, { recursive: true });
  const documents = lines.map(({ id, lang, title, description, body }) => JSON.stringify({ url: `${lang}/${id}.html`, lang, title, description, text: body }));
  writeFileSync(path.join(site, "pages.jsonl"), documents.join("\n"));
  let told = "";
  const collect = new Writable({
    write(chunk, _, done) {
      told += chunk;
      done();
    },
  });
  const code = await runCommandLine(["index", path.join(site, "pages.jsonl"), "--out", path.join(site, "search"), "--quiet"], {
    stdin: process.stdin,
    stdout: collect,
    stderr: collect,
    signal: new AbortController().signal,
    debug: true,
    openSession: openNodeSession,
  });
  if (code !== 0) throw new Error(`The site could not be indexed: ${told}`);
}
