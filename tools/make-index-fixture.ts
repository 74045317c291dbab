/**
 * Writes an index as this package writes it now, and what a search in it finds, into a new folder of tests/fixtures. Run it whenever the bytes change, and add
 * the folder to tests/unit/search/compatibility.test.ts. What was written before stays as it is for ever.
 *
 *     npx tsx tools/make-index-fixture.ts index-v1-sketches
 */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { readBlob } from "#core/byte-store.ts";
import { FORMAT_VERSION } from "#search/format/file-kinds.ts";
import { HybridIndex } from "#search/hybrid-index.ts";
import { MemoryStore } from "#storage/memory.ts";
import { makeDocuments, makeQuery, SETTINGS } from "../tests/unit/search/fixtures.ts";

/** Not the defaults, which may change. */
const WEIGHTS = [0.4, 0.2, 0.4] as const;

const name = process.argv[2];
if (!name?.startsWith(`index-v${FORMAT_VERSION}`)) throw new Error(`Give the name of a new folder that begins with "index-v${FORMAT_VERSION}".`);
const root = path.resolve(import.meta.dirname, "../tests/fixtures", name);
if (existsSync(root)) throw new Error(`${root} is there already, and must never change.`);

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
  mkdirSync(folder, { recursive: true });
  for (const { name: blob } of await store.list()) writeFileSync(path.join(folder, blob), await readBlob(store, blob));
  const plain = { dense: [...query.dense], lexical: query.lexical, colbert: { ...query.colbert, data: [...query.colbert.data] }, words: query.words };
  writeFileSync(path.join(folder, "expected.json"), JSON.stringify({ settings, query: plain, hits, filtered }, null, 1));
}
