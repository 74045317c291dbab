/**
 * The ColBERT score of every query with every passage of a batch, and its gradient.
 *
 * u = v / |v| for each token's v = W h + b; score(q, p) = (1 / |q|) Σ_i max_j u_i · u_j (field: late interaction, Khattab & Zaharia 2020; the mean over query
 * tokens as in FlagEmbedding). Only the pairs (i, j) that are maxima have a gradient, so the backward pass costs a hundredth of the forward pass. Through the
 * normalisation it is dv = (du - u (u · du)) / |v|.
 */
import { dot, type Floats, multiplyByTransposed, zerosLike } from "./matrix.ts";

/** As PyTorch's F.normalize: a row of zeros stays zeros. */
const MIN_LENGTH = 1e-12;
/** Passage rows that are scored at a time, so that their products stay in the processor's cache. */
const STRIP = 256;

/** Unit vectors of some texts: rows `starts[t]` to `starts[t + 1]` are those of text t. */
export interface UnitRows {
  readonly starts: readonly number[];
  readonly dim: number;
  /** [rows, dim] */
  readonly units: Floats;
  /** Length of each row before it was made a unit vector. */
  readonly lengths: Floats;
}

/** @param rows [rows, dim], not normalised */
export function normalizeRows(rows: Floats, dim: number, starts: readonly number[]): UnitRows {
  const count = starts.at(-1)!;
  const units = zerosLike(rows, count * dim);
  const lengths = zerosLike(rows, count);
  for (let row = 0; row < count; row++) {
    const length = Math.max(Math.sqrt(dot(rows, row * dim, rows, row * dim, dim)), MIN_LENGTH);
    lengths[row] = length;
    for (let at = row * dim; at < (row + 1) * dim; at++) units[at] = rows[at]! / length;
  }
  return { starts, dim, units, lengths };
}

/** The gradient by the rows before normalisation, from that by the unit vectors; in place. */
export function backwardNormalize({ units, lengths, dim }: UnitRows, gradient: Floats): void {
  for (let row = 0; row < lengths.length; row++) {
    const along = dot(units, row * dim, gradient, row * dim, dim);
    for (let at = row * dim; at < (row + 1) * dim; at++) gradient[at] = (gradient[at]! - units[at]! * along) / lengths[row]!;
  }
}

export interface MaxSimScores {
  /** [queries, passages]; 0 where one side has no tokens */
  readonly scores: Floats;
  /** Row of the best passage token, for each query row and passage; -1 for a passage without tokens: [query rows, passages] */
  readonly best: Int32Array;
}

export function maxSimScores(queries: UnitRows, passages: UnitRows): MaxSimScores {
  const { dim } = queries;
  const queryRows = queries.starts.at(-1)!;
  const passageRows = passages.starts.at(-1)!;
  const passageCount = passages.starts.length - 1;
  const largest = new Float64Array(queryRows * passageCount).fill(Number.NEGATIVE_INFINITY);
  const best = new Int32Array(queryRows * passageCount).fill(-1);
  const products = zerosLike(queries.units, queryRows * STRIP);
  let passage = 0;
  for (let strip = 0; strip < passageRows; strip += STRIP) {
    const width = Math.min(STRIP, passageRows - strip);
    multiplyByTransposed(queries.units, passages.units.subarray(strip * dim, (strip + width) * dim), queryRows, width, dim, products);
    while (passages.starts[passage + 1]! <= strip) passage++;
    for (let row = 0; row < queryRows; row++) {
      let at = row * width;
      for (let current = passage, column = strip; column < strip + width; current++) {
        const end = Math.min(passages.starts[current + 1]!, strip + width);
        const place = row * passageCount + current;
        let most = largest[place]!;
        for (; column < end; column++, at++) {
          if (products[at]! <= most) continue;
          most = products[at]!;
          best[place] = column;
        }
        largest[place] = most;
      }
    }
  }
  const queryCount = queries.starts.length - 1;
  const scores = zerosLike(queries.units, queryCount * passageCount);
  for (let query = 0; query < queryCount; query++) {
    const [start, end] = [queries.starts[query]!, queries.starts[query + 1]!];
    for (let row = start; row < end; row++) {
      for (let other = 0; other < passageCount; other++) {
        const place = row * passageCount + other;
        if (best[place]! >= 0) scores[query * passageCount + other]! += largest[place]! / (end - start);
      }
    }
  }
  return { scores, best };
}

/** Gradients by the unit vectors of both sides. @param gradient by the scores, [queries, passages] */
export function backwardMaxSim(queries: UnitRows, passages: UnitRows, { best }: MaxSimScores, gradient: Floats): { queries: Floats; passages: Floats } {
  const { dim } = queries;
  const passageCount = passages.starts.length - 1;
  const byQueries = zerosLike(queries.units, queries.units.length);
  const byPassages = zerosLike(passages.units, passages.units.length);
  for (let query = 0; query < queries.starts.length - 1; query++) {
    const [start, end] = [queries.starts[query]!, queries.starts[query + 1]!];
    for (let passage = 0; passage < passageCount; passage++) {
      const share = gradient[query * passageCount + passage]! / (end - start);
      if (share === 0) continue;
      for (let row = start; row < end; row++) {
        const winner = best[row * passageCount + passage]!;
        if (winner < 0) continue;
        const [q, p] = [row * dim, winner * dim];
        for (let k = 0; k < dim; k++) {
          byQueries[q + k]! += share * passages.units[p + k]!;
          byPassages[p + k]! += share * queries.units[q + k]!;
        }
      }
    }
  }
  return { queries: byQueries, passages: byPassages };
}
