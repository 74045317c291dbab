/**
 * int8 matrix products on the CPU: activations unsigned 8 bit with one scale per token, weights 8 bit with one scale per output.
 *
 * One scale per tensor, as DynamicQuantizeLinear has it, is not enough for this family of models: its few outlier tokens take the bits of all others
 * (ColBERT cosine 0.991 on average, 0.975 at worst, instead of 0.998 and 0.997), and a text's vector would depend on what it is batched with. Unsigned
 * activations, because ONNX Runtime's WebAssembly kernels are fast for those only. The token's scale is a factor of its own after the product: MatMulIntegerToFloat
 * takes it too, but multiplies on one thread.
 */
import type { Value } from "../graph-builder.ts";
import type { GraphContext } from "../graph-context.ts";
import { packInt8Columns } from "../weights/int8-columns.ts";
import { sourcesOf } from "../weights/weight-binding.ts";
import type { LinearKernel, LinearLayer, PreparedInput } from "./linear-kernel.ts";

/**
 * How a token's values, divided by the largest of them, spread over the 256 steps. After the GELU almost all of the range is positive: -0.17 is 32 steps down
 * when the largest value is 1.19, so smaller ones are taken for 1.19, and 223 steps are left for what is positive.
 */
const ANY = { zeroPoint: 128, steps: 127 } as const;
const AFTER_GELU = { zeroPoint: 32, steps: 223, smallest: 1.19 } as const;

export function int8Kernel(context: GraphContext): LinearKernel {
  const { g, target } = context;
  const unsigned = target.kernels === "cpu" && target.unsignedWeights === true;
  const multiply = ({ values, rowScale, zeroPoint, step }: PreparedInput, { name, inputs, outputs }: LinearLayer) => {
    const matrix = context.matrix(`${name}.weight`, outputs, inputs);
    const tensors = [
      { name: `${name}.weight columns`, type: unsigned ? "uint8" : "int8", dims: [inputs, outputs] },
      { name: `${name}.weight scales`, type: "float32", dims: [outputs] },
    ] as const;
    const [weight, scales] = context.weights(tensors, sourcesOf(matrix), (stored) => packInt8Columns(matrix, stored, unsigned));
    const operands = [values, weight!, g.scalar(step!), scales!, zeroPoint!, ...(unsigned ? [g.constant("uint8", [], [128])] : [])];
    return g.op("Mul", [g.contrib("MatMulIntegerToFloat", operands), rowScale!]);
  };
  const largest = (x: Value) => g.op("ReduceMax", [x, g.ints(-1)], { keepdims: 1 });
  return {
    prepare(x, range = "any") {
      const { zeroPoint, steps } = range === "any" ? ANY : AFTER_GELU;
      // A token of zeros divides 0 by 0: whatever integers that gives, they are multiplied by its scale of 0 in the end.
      const rowScale = range === "any" ? largest(g.op("Abs", [x])) : g.op("Max", [largest(x), g.scalar(AFTER_GELU.smallest)]);
      const zero = g.constant("uint8", [], [zeroPoint]);
      return { values: g.op("QuantizeLinear", [g.op("Div", [x, rowScale]), g.scalar(1 / steps), zero]), rowScale, zeroPoint: zero, step: 1 / steps };
    },
    multiply,
    apply: (x, layer) => g.op("Add", [multiply(x, layer), context.vector([`${layer.name}.bias`], layer.outputs)]),
  };
}
