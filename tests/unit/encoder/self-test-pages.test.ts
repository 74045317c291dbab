/** What the self-test of m3-mini costs a first visit. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import type { Manifest } from "#core/manifest.ts";

const manifest: Manifest = JSON.parse(readFileSync("public/models/m3-mini/manifest.json", "utf8"));

it("needs the first two pages of the embedding table and no others: each is 0.2 MB to download", () => {
  const { selfTest, wordEmbeddings } = manifest;
  const pages = new Set(selfTest!.answers.flatMap(({ ids }) => ids.map((id) => Math.floor(id / wordEmbeddings.rowsPerPage))));
  expect([...pages].toSorted()).toEqual([0, 1]);
  expect(Math.max(...selfTest!.answers.map(({ ids }) => ids.length))).toBeGreaterThan(32);
});
