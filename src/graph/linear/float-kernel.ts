/** float32 matrix products: for parity with the reference, for matrices that are stored in float, and for heads on the CPU. */
import type { GraphContext } from "../graph-context.ts";
import { packFloatColumns } from "../weights/float-columns.ts";
import { sourcesOf } from "../weights/weight-binding.ts";
import type { LinearKernel, LinearLayer, PreparedInput } from "./linear-kernel.ts";

export function floatKernel(context: GraphContext): LinearKernel {
  const multiply = ({ values }: PreparedInput, { name, inputs, outputs }: LinearLayer) => {
    const matrix = context.matrix(`${name}.weight`, outputs, inputs);
    const columns = { name: `${name}.weight columns`, dims: [inputs, outputs] };
    const weight = context.floats(columns, sourcesOf(matrix), (stored) => packFloatColumns(matrix, stored));
    return context.g.op("MatMul", [values, weight]);
  };
  return {
    prepare: (values) => ({ values }),
    multiply,
    apply: (x, layer) => context.g.op("Add", [multiply(x, layer), context.vector([`${layer.name}.bias`], layer.outputs)]),
  };
}
