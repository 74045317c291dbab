/** The scores of every document for every query, by signal: what all systems of an evaluation are computed from. */
import { reciprocalRanks, type ScoreParts, SIGNALS, type Signal, type Weights } from "#search/fusion.ts";

/** A way of ranking by the parts of a score. */
export interface System {
  readonly name: string;
  readonly weights: Weights;
  /** Sums of weighted scores, or of weighted reciprocal ranks. */
  readonly fusion: "weights" | "rrf";
}

export class ScoreTable {
  readonly queries: number;
  readonly documents: number;
  readonly #scores = new Map<Signal, Float32Array>();

  constructor(queries: number, documents: number) {
    this.queries = queries;
    this.documents = documents;
  }

  /** Signals that the table has. */
  get signals(): readonly Signal[] {
    return SIGNALS.filter((signal) => this.#scores.has(signal));
  }

  /** Scores of a signal, [queries][documents]; made with zeros when first asked for. */
  column(signal: Signal): Float32Array {
    const column = this.#scores.get(signal) ?? new Float32Array(this.queries * this.documents);
    this.#scores.set(signal, column);
    return column;
  }

  /** Can the system be computed from these signals? */
  supports({ weights }: System): boolean {
    return SIGNALS.every((signal) => weights[signal] === 0 || this.#scores.has(signal));
  }

  /**
   * Places of the best documents for a query, best first; of equal scores the later document, as trec_eval has it for ids in rising order. Documents that no
   * signal of the system knows are left out, as an inverted list does not find them.
   */
  rank(query: number, system: System, depth: number): number[] {
    const scores = this.#combine(query, system);
    const found: number[] = [];
    for (const [document, score] of scores.entries()) if (!Number.isNaN(score)) found.push(document);
    return found.sort((a, b) => scores[b]! - scores[a]! || b - a).slice(0, depth);
  }

  #combine(query: number, { weights, fusion }: System): Float64Array {
    const used = this.signals.filter((signal) => weights[signal] > 0);
    const rows = used.map((signal) => this.#scores.get(signal)!.subarray(query * this.documents, (query + 1) * this.documents));
    const sums = fusion === "rrf" ? reciprocalRanks(toParts(used, rows, this.documents), weights, used) : new Float64Array(this.documents);
    if (fusion === "weights")
      for (const [index, row] of rows.entries())
        for (let document = 0; document < sums.length; document++) sums[document]! += weights[used[index]!] * row[document]!;
    for (let document = 0; document < sums.length; document++) if (rows.every((row) => row[document] === 0)) sums[document] = Number.NaN;
    return sums;
  }
}

function toParts(used: readonly Signal[], rows: readonly Float32Array[], documents: number): ScoreParts[] {
  const none: ScoreParts = { dense: null, lexical: null, colbert: null, bm25: null };
  return Array.from({ length: documents }, (_, document) => ({
    ...none,
    ...Object.fromEntries(used.map((signal, index) => [signal, rows[index]![document]!])),
  }));
}
