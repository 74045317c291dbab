/** The vector files that ship with the demo belong to the corpus and to the model that ship with it. */
import { readFileSync, statSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { languages } from "../../../demo/src/languages.ts";
import { readVectors } from "../../../demo/src/vectors/read.ts";

const MIB = 2 ** 20;

const manifest = JSON.parse(readFileSync("public/models/m3-mini/manifest.json", "utf8"));
const vectorFile = (language: string) => `public/demo-data/gnome-help/${language}.bin`;

describe.each(languages.map(({ code }) => code))("page vectors in %s", (language) => {
  const vectors = readVectors(new Uint8Array(readFileSync(vectorFile(language))).buffer);
  const pages = readFileSync(`corpus/gnome-help/${language}.jsonl`, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));

  it("were made by the model that ships; otherwise run npm run build:corpus", () => {
    expect(vectors.fingerprint).toBe(manifest.fingerprint);
  });

  it("are of the pages that ship, line by line", () => {
    expect(vectors.pages).toEqual(pages.map(({ id }) => id));
    const lines = pages.map(({ body }) => 1 + body.split("\n").length);
    const { lineStarts } = vectors.sections;
    expect(lines.map((_, page) => lineStarts[page + 1]! - lineStarts[page]!)).toEqual(lines);
  });

  it("take at most 4 MiB", () => {
    expect(statSync(vectorFile(language)).size).toBeLessThanOrEqual(4 * MIB);
  });
});
