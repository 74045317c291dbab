/** The whole encoder in float64, text by text, from a model's own tensors: what the engine's ragged batches are held to. Slow; for a layer or two. */
import type { LoadedModel } from "#core/loaded-model.ts";
import { float32Values, rowDecoder } from "#graph/weights/decode-rows.ts";
import { sourcesOf, storedMatrix } from "#graph/weights/weight-binding.ts";
import * as reference from "#runtime/wasm-encoder/reference.ts";

/** @returns the last hidden states of one text, [tokens, hiddenSize] */
export type ReferenceEncoder = (rows: ArrayLike<number>) => Float64Array;

/** Reads all weights once. */
export async function referenceEncoder(model: LoadedModel): Promise<ReferenceEncoder> {
  const { hiddenSize, intermediateSize, numAttentionHeads, numHiddenLayers, layerNormEps } = model.manifest.architecture;
  const vector = async (name: string) => float32Values(await model.tensors.read(name));
  const dense = async (name: string, inputs: number, outputs: number) => {
    const matrix = storedMatrix(model.manifest, `${name}.weight`, outputs, inputs);
    const decode = rowDecoder(matrix, await Promise.all(sourcesOf(matrix).map((source) => model.tensors.read(source))));
    const weights = new Float32Array(outputs * inputs);
    for (let row = 0; row < outputs; row++) decode(row, weights.subarray(row * inputs, (row + 1) * inputs));
    const bias = await vector(`${name}.bias`);
    return (x: ArrayLike<number>) => reference.linear(x, weights, bias, inputs);
  };
  const norm = async (name: string) => {
    const [gamma, beta] = [await vector(`${name}.weight`), await vector(`${name}.bias`)];
    return (x: ArrayLike<number>, y: ArrayLike<number> | null) => reference.layerNorm(x, y, hiddenSize, gamma, beta, layerNormEps);
  };
  const first = await norm("embeddings.LayerNorm");
  const layers: ((hidden: Float64Array) => Float64Array)[] = [];
  for (let index = 0; index < numHiddenLayers; index++) {
    const name = `encoder.layer.${index}`;
    const [query, key, value] = [
      await dense(`${name}.attention.self.query`, hiddenSize, hiddenSize),
      await dense(`${name}.attention.self.key`, hiddenSize, hiddenSize),
      await dense(`${name}.attention.self.value`, hiddenSize, hiddenSize),
    ];
    const attended = await dense(`${name}.attention.output.dense`, hiddenSize, hiddenSize);
    const [attentionNorm, outputNorm] = [await norm(`${name}.attention.output.LayerNorm`), await norm(`${name}.output.LayerNorm`)];
    const intermediate = await dense(`${name}.intermediate.dense`, hiddenSize, intermediateSize);
    const output = await dense(`${name}.output.dense`, intermediateSize, hiddenSize);
    layers.push((hidden) => {
      const middle = attentionNorm(attended(attendAll(query(hidden), key(hidden), value(hidden), hiddenSize, numAttentionHeads)), hidden);
      return outputNorm(output(intermediate(middle).map(reference.gelu)), middle);
    });
  }
  return (rows) => layers.reduce((hidden, layer) => layer(hidden), first(rows, null));
}

function attendAll(query: Float64Array, key: Float64Array, value: Float64Array, hiddenSize: number, heads: number): Float64Array {
  const dim = hiddenSize / heads;
  const tokens = query.length / hiddenSize;
  const out = new Float64Array(query.length);
  for (let head = 0; head < heads; head++) {
    const part = (all: Float64Array) =>
      Float64Array.from({ length: tokens * dim }, (_, at) => all[Math.floor(at / dim) * hiddenSize + head * dim + (at % dim)]!);
    const found = reference.attention(part(query), part(key), part(value), dim);
    for (const [at, one] of found.entries()) out[Math.floor(at / dim) * hiddenSize + head * dim + (at % dim)] = one;
  }
  return out;
}
