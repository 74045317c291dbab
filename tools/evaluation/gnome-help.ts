/**
 * Makes the GNOME Help evaluation sets of corpus/gnome-help, in BEIR's layout: the same files from the same corpus, whoever makes them.
 *
 *     npx tsx tools/evaluation/gnome-help.ts [FOLDER]          default .cache/gnome-help-sets
 *
 * A set is a language and a kind of query: FOLDER/same/de-title asks for each German page's body with its title, FOLDER/same/de-description with its
 * description, FOLDER/to-english/de-title for the English body of the same page. Bodies have no titles, so that a query is no part of what it should find.
 */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { gnomeHelpSets } from "./gnome-help-sets.ts";

const out = process.argv[2] ?? ".cache/gnome-help-sets";

for (const { group, name, documents, queries, qrels } of gnomeHelpSets()) {
  const folder = path.join(out, group, name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(path.join(folder, "qrels"), { recursive: true });
  const lines = (records: readonly object[]) => records.map((record) => `${JSON.stringify(record)}\n`).join("");
  writeFileSync(path.join(folder, "corpus.jsonl"), lines(documents.map(({ id, text }) => ({ _id: id, title: "", text }))));
  writeFileSync(path.join(folder, "queries.jsonl"), lines([...queries].map(([id, text]) => ({ _id: id, text }))));
  const judgements = [...qrels].flatMap(([query, relevant]) => [...relevant].map(([document, score]) => `${query}\t${document}\t${score}\n`));
  writeFileSync(path.join(folder, "qrels/test.tsv"), `query-id\tcorpus-id\tscore\n${judgements.join("")}`);
  console.log(`${folder}: ${queries.size} queries, ${documents.length} documents`);
}
