/** Scores of the three heads from the vectors as the model gave them: float32 vectors, nothing rounded, nothing left out. */
import type { Kernels } from "#scoring/kernels/instance.ts";
import { joinTokens } from "#scoring/maxsim/token-matrix.ts";
import { WasmMaxsim } from "#scoring/maxsim/wasm.ts";
import type { ScoreTable } from "./score-table.ts";
import type { TextVectors } from "./vector-file.ts";

/** Puts the scores of some documents into the table. @param first place of the first of them */
export async function addExactScores(
  table: ScoreTable,
  kernels: Kernels,
  queries: readonly TextVectors[],
  documents: readonly TextVectors[],
  first: number,
): Promise<void> {
  addDense(table, queries, documents, first);
  if (documents[0]?.lexical && queries[0]?.lexical) addLexical(table, queries, documents, first);
  if (documents[0]?.colbert && queries[0]?.colbert) await addColbert(table, kernels, queries, documents, first);
}

function addDense(table: ScoreTable, queries: readonly TextVectors[], documents: readonly TextVectors[], first: number): void {
  const scores = table.column("dense");
  for (const [place, { dense: query }] of queries.entries()) {
    for (const [index, { dense }] of documents.entries()) {
      let sum = 0;
      for (let number = 0; number < dense.length; number++) sum += query[number]! * dense[number]!;
      scores[place * table.documents + first + index] = sum;
    }
  }
}

function addLexical(table: ScoreTable, queries: readonly TextVectors[], documents: readonly TextVectors[], first: number): void {
  const scores = table.column("lexical");
  const postings = new Map<string, [document: number, weight: number][]>();
  for (const [index, { lexical }] of documents.entries()) {
    for (const [id, weight] of Object.entries(lexical!)) {
      const list = postings.get(id);
      if (list) list.push([index, weight]);
      else postings.set(id, [[index, weight]]);
    }
  }
  const sums = new Float64Array(documents.length);
  for (const [place, { lexical }] of queries.entries()) {
    sums.fill(0);
    for (const [id, weight] of Object.entries(lexical!)) for (const [index, other] of postings.get(id) ?? []) sums[index]! += weight * other;
    scores.set(sums, place * table.documents + first);
  }
}

async function addColbert(
  table: ScoreTable,
  kernels: Kernels,
  queries: readonly TextVectors[],
  documents: readonly TextVectors[],
  first: number,
): Promise<void> {
  const scores = table.column("colbert");
  const vectors = documents.map(({ colbert }) => colbert!);
  const loaded = new WasmMaxsim(kernels).load(joinTokens(vectors, vectors[0]!.dim));
  try {
    for (const [place, { colbert }] of queries.entries()) scores.set(await loaded.score(colbert!), place * table.documents + first);
  } finally {
    loaded.dispose();
  }
}
