/**
 * Does this processor add up products of unsigned and signed bytes in 16 bits, with saturation?
 *
 * ONNX Runtime's kernels for x64 with AVX2 or AVX-512, but without VNNI, do: 255 * 127 twice is more than 16 bits hold, and results are silently too small.
 * Then weights are given as unsigned bytes, which other kernels multiply exactly, at some 60 % of the speed. JavaScript cannot ask for the processor's
 * features, so the smallest graph that would show it is run. WebAssembly's kernels never saturate.
 */
import { GraphBuilder } from "./graph-builder.ts";
import type { OrtApi } from "./ort-api.ts";

const INPUTS = 64;
const OUTPUTS = 32;

export async function saturates<Tensor>(ort: OrtApi<Tensor>): Promise<boolean> {
  const g = new GraphBuilder();
  // The input is what becomes 255; the weights are the largest there are.
  const x = g.input("x", "float32", [1, INPUTS]);
  const activations = g.op("QuantizeLinear", [x, g.scalar(1), g.constant("uint8", [], [0])]);
  const weights = g.constant("int8", [INPUTS, OUTPUTS], new Array(INPUTS * OUTPUTS).fill(127));
  g.output(g.contrib("MatMulIntegerToFloat", [activations, weights, g.scalar(1), g.scalar(1)]), "y", "float32", [1, OUTPUTS]);
  const options = { executionProviders: ["cpu"], graphOptimizationLevel: "basic", externalData: [] } as const;
  const session = await ort.InferenceSession.create(g.toModel("saturation"), options);
  try {
    const { y } = await session.run({ x: new ort.Tensor("float32", new Float32Array(INPUTS).fill(255), [1, INPUTS]) }, ["y"]);
    const sums = y?.data as Float32Array;
    return sums.some((sum) => sum !== 255 * 127 * INPUTS);
  } finally {
    await session.release();
  }
}
