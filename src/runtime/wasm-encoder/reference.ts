/** What the kernels compute, slowly and in float64: the truth that tests hold them to. Nothing else uses it. */

/** (x + y - mean) / sqrt(variance + eps) * gamma + beta of each row. */
export function layerNorm(
  x: ArrayLike<number>,
  y: ArrayLike<number> | null,
  size: number,
  gamma: ArrayLike<number>,
  beta: ArrayLike<number>,
  eps: number,
): Float64Array {
  const out = new Float64Array(x.length);
  for (let first = 0; first < x.length; first += size) {
    const row = Float64Array.from({ length: size }, (_, column) => x[first + column]! + (y?.[first + column] ?? 0));
    const mean = row.reduce((sum, value) => sum + value, 0) / size;
    const variance = row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / size;
    for (let column = 0; column < size; column++) out[first + column] = ((row[column]! - mean) / Math.sqrt(variance + eps)) * gamma[column]! + beta[column]!;
  }
  return out;
}

/** x Wᵀ + b. @param weights [outputs, inputs], as a checkpoint has them */
export function linear(x: ArrayLike<number>, weights: ArrayLike<number>, bias: ArrayLike<number>, inputs: number): Float64Array {
  const outputs = bias.length;
  const rows = x.length / inputs;
  const out = new Float64Array(rows * outputs);
  for (let row = 0; row < rows; row++) {
    for (let output = 0; output < outputs; output++) {
      let sum = bias[output]!;
      for (let input = 0; input < inputs; input++) sum += x[row * inputs + input]! * weights[output * inputs + input]!;
      out[row * outputs + output] = sum;
    }
  }
  return out;
}

/** softmax(q kᵀ / sqrt(dim)) v of one text and head, each [tokens, dim]. */
export function attention(query: ArrayLike<number>, key: ArrayLike<number>, value: ArrayLike<number>, dim: number): Float64Array {
  const tokens = query.length / dim;
  const out = new Float64Array(tokens * dim);
  const scores = new Float64Array(tokens);
  for (let i = 0; i < tokens; i++) {
    for (let j = 0; j < tokens; j++) {
      let sum = 0;
      for (let d = 0; d < dim; d++) sum += query[i * dim + d]! * key[j * dim + d]!;
      scores[j] = sum / Math.sqrt(dim);
    }
    const largest = scores.reduce((best, score) => Math.max(best, score), Number.NEGATIVE_INFINITY);
    const powers = scores.map((score) => Math.exp(score - largest));
    const total = powers.reduce((sum, power) => sum + power, 0);
    for (let j = 0; j < tokens; j++) for (let d = 0; d < dim; d++) out[i * dim + d]! += (powers[j]! / total) * value[j * dim + d]!;
  }
  return out;
}

/** x/2 (1 + erf(x / sqrt 2)). */
export function gelu(x: number): number {
  return (x / 2) * (1 + erf(x * Math.SQRT1_2));
}

/** By its Taylor series, which has enough digits up to 3; beyond, by the continued fraction of its complement. */
export function erf(x: number): number {
  if (x < 0) return -erf(-x);
  if (x > 6) return 1;
  if (x <= 3) {
    let [term, sum] = [x, x];
    for (let n = 1; n < 120; n++) {
      term *= (-x * x) / n;
      sum += term / (2 * n + 1);
    }
    return (2 / Math.sqrt(Math.PI)) * sum;
  }
  let fraction = 0;
  for (let n = 80; n > 0; n--) fraction = n / 2 / (x + fraction);
  return 1 - Math.exp(-x * x) / Math.sqrt(Math.PI) / (x + fraction);
}

/** The integers that a row's values become, and what one step is worth. */
export function quantise(row: ArrayLike<number>, largest: number): { readonly values: number[]; readonly scale: number } {
  const all = Array.from(row);
  const scale = all.reduce((most, value) => Math.max(most, Math.abs(value)), 0) / largest;
  return { values: all.map((value) => (scale === 0 ? 0 : Math.round(value / scale))), scale };
}
