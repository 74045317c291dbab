/**
 * Writes tests/fixtures/index-v1: an index of the current format version, and what a search in it finds. Run it when a new format version begins, into a new
 * folder; those of old versions stay as they are for ever.
 */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { readBlob } from "#core/byte-store.ts";
import { FORMAT_VERSION } from "#search/format/file-kinds.ts";
import { HybridIndex } from "#search/hybrid-index.ts";
import { MemoryStore } from "#storage/memory.ts";
import { makeDocuments, makeQuery, SETTINGS } from "../tests/unit/search/fixtures.ts";

/** Not the defaults, which may change. */
const WEIGHTS = [0.4, 0.2, 0.4] as const;

const root = path.resolve(import.meta.dirname, `../tests/fixtures/index-v${FORMAT_VERSION}`);

for (const form of ["int8", "bits"] as const) {
  const settings = { ...SETTINGS, tokens: { ...SETTINGS.tokens!, form, pooling: form === "bits" ? 2 : 1 } };
  const store = new MemoryStore();
  const index = await HybridIndex.open(store, { settings });
  await index.add(makeDocuments(25));
  await index.add(makeDocuments(8, 2, "more"));
  await index.remove(["doc-4", "doc-20", "more-7"]);
  const query = makeQuery(3);
  const hits = await index.search(query, { limit: 8, weights: WEIGHTS });
  const filtered = await index.search(query, { limit: 8, weights: WEIGHTS, filter: { lang: "de", year: { min: 2004 }, tags: { in: ["a", "c"] } } });
  await index.close();

  const folder = path.join(root, form);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const { name } of await store.list()) writeFileSync(path.join(folder, name), await readBlob(store, name));
  const plain = { dense: [...query.dense], lexical: query.lexical, colbert: { ...query.colbert, data: [...query.colbert.data] }, words: query.words };
  writeFileSync(path.join(folder, "expected.json"), JSON.stringify({ settings, query: plain, hits, filtered }, null, 1));
}
