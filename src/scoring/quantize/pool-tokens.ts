/**
 * Token pooling: fewer token vectors a document, by merging those that say nearly the same (Clavié et al., arXiv 2409.14683).
 *
 * Ward's hierarchical clustering down to tokens / factor groups, each then its members' mean at unit length. Ward's criterion on means is exact here:
 * merging a and b costs |a| |b| / (|a| + |b|) * |mean(a) - mean(b)|², and the cheapest pair is found by the nearest-neighbour chain (Murtagh 1983), which
 * needs time in O(tokens² * dim) and no table of all distances.
 */
import type { TokenVectors } from "#core/embedding.ts";
import { InvalidInputError } from "#core/errors.ts";

/**
 * @param factor how many times fewer vectors: 1 returns the input, 2 and 3 lose little
 * @returns ceil(tokens / factor) unit vectors, in the order of each group's first token
 */
export function poolTokens(vectors: TokenVectors, factor: number): TokenVectors {
  if (!(factor >= 1) || !Number.isFinite(factor)) throw new InvalidInputError("factor", "a number of at least 1", factor);
  const { tokens, dim } = vectors;
  const wanted = Math.ceil(tokens / factor);
  if (wanted >= tokens) return vectors;
  const clusters = new Clusters(vectors);
  for (const [kept, gone] of clusters.cheapestMerges(tokens - wanted)) clusters.replay(kept, gone);
  return { data: clusters.unitMeans(), tokens: wanted, dim };
}

/** A merge in the tree: the cluster of token `kept` takes in that of token `gone`. */
type Merge = readonly [kept: number, gone: number];

class Clusters {
  readonly #vectors: TokenVectors;
  /** Which tokens end in which cluster: the smallest token of the group, by union-find. */
  readonly #group: Int32Array;

  constructor(vectors: TokenVectors) {
    this.#vectors = vectors;
    this.#group = Int32Array.from({ length: vectors.tokens }, (_, index) => index);
  }

  /** The first `count` merges of the whole tree, cheapest first. The chain finds merges out of order; Ward's costs never fall towards the root, so sorting is right. */
  cheapestMerges(count: number): Merge[] {
    const { tokens, dim, data } = this.#vectors;
    const means = Float64Array.from(data.subarray(0, tokens * dim));
    const sizes = new Float64Array(tokens).fill(1);
    const alive = Int32Array.from({ length: tokens }, (_, index) => index);
    let living = tokens;
    const merges: { cost: number; merge: Merge }[] = [];
    const chain: number[] = [];
    while (living > 1) {
      if (chain.length === 0) chain.push(alive[0]!);
      const tip = chain.at(-1)!;
      const before = chain.at(-2);
      // Ties go to the one before, otherwise the chain could run in circles.
      let nearest = before ?? -1;
      let cost = before === undefined ? Number.POSITIVE_INFINITY : mergeCost(means, sizes, dim, tip, before);
      for (let place = 0; place < living; place++) {
        const other = alive[place]!;
        if (other === tip || other === before) continue;
        const otherCost = mergeCost(means, sizes, dim, tip, other, cost);
        if (otherCost < cost) {
          cost = otherCost;
          nearest = other;
        }
      }
      if (nearest !== before) {
        chain.push(nearest);
        continue;
      }
      chain.length -= 2;
      const [kept, gone] = tip < nearest ? [tip, nearest] : [nearest, tip];
      joinMeans(means, sizes, dim, kept, gone);
      merges.push({ cost, merge: [kept, gone] });
      const place = alive.indexOf(gone);
      alive.copyWithin(place, place + 1, living);
      living--;
    }
    // Equal costs keep their order, which is bottom-up.
    merges.sort((a, b) => a.cost - b.cost);
    return merges.slice(0, count).map(({ merge }) => merge);
  }

  replay(kept: number, gone: number): void {
    const [a, b] = [this.#find(kept), this.#find(gone)];
    this.#group[Math.max(a, b)] = Math.min(a, b);
  }

  unitMeans(): Float32Array {
    const { tokens, dim, data } = this.#vectors;
    const sums = new Map<number, Float64Array>();
    for (let token = 0; token < tokens; token++) {
      const group = this.#find(token);
      const sum = sums.get(group) ?? new Float64Array(dim);
      sums.set(group, sum);
      for (let index = 0; index < dim; index++) sum[index]! += data[token * dim + index]!;
    }
    const means = new Float32Array(sums.size * dim);
    let row = 0;
    for (const sum of sums.values()) {
      const length = Math.hypot(...sum);
      for (let index = 0; index < dim; index++) means[row * dim + index] = length > 0 ? sum[index]! / length : 0;
      row++;
    }
    return means;
  }

  #find(token: number): number {
    let group = token;
    while (this.#group[group] !== group) group = this.#group[group]!;
    return group;
  }
}

/** Ward's cost of a merge, or something above `bound` as soon as it is certain to be above. */
function mergeCost(means: Float64Array, sizes: Float64Array, dim: number, a: number, b: number, bound = Number.POSITIVE_INFINITY): number {
  const weight = (sizes[a]! * sizes[b]!) / (sizes[a]! + sizes[b]!);
  const limit = bound / weight;
  let distance = 0;
  for (let start = 0; start < dim && distance < limit; start += 32) {
    for (let index = start; index < Math.min(start + 32, dim); index++) {
      const difference = means[a * dim + index]! - means[b * dim + index]!;
      distance += difference * difference;
    }
  }
  return weight * distance;
}

function joinMeans(means: Float64Array, sizes: Float64Array, dim: number, kept: number, gone: number): void {
  const size = sizes[kept]! + sizes[gone]!;
  const [keptShare, goneShare] = [sizes[kept]! / size, sizes[gone]! / size];
  for (let index = 0; index < dim; index++) means[kept * dim + index] = means[kept * dim + index]! * keptShare + means[gone * dim + index]! * goneShare;
  sizes[kept] = size;
}
