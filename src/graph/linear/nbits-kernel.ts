/** com.microsoft MatMulNBits on WebGPU: 4- or 8-bit weights in blocks of 32, float32 or float16 activations (int8 per row and 128 values where the device has DP4A). */
import type { GraphContext } from "../graph-context.ts";
import { NBITS_BLOCK, nbitsOf, packNbitsHalfScales, packNbitsScales, packNbitsValues } from "../weights/nbits-blocks.ts";
import { sourcesOf } from "../weights/weight-binding.ts";
import { floatKernel } from "./float-kernel.ts";
import type { LinearKernel, LinearLayer, PreparedInput } from "./linear-kernel.ts";

/** Lets the device quantise activations to int8 for its integer dot product. */
const ACCURACY_LEVEL = 4;

export function nbitsKernel(context: GraphContext): LinearKernel {
  const float = floatKernel(context);
  const product = ({ values: x }: PreparedInput, { name, inputs, outputs }: LinearLayer, bias: string) => {
    const matrix = context.matrix(`${name}.weight`, outputs, inputs);
    const bits = nbitsOf(matrix);
    if (bits === null) return undefined;
    const blocks = inputs / NBITS_BLOCK;
    const [values, scale] = sourcesOf(matrix) as [string, string];
    const tensor = { name: `${name}.weight blocks`, type: "uint8", dims: [outputs, blocks, (NBITS_BLOCK * bits) / 8] } as const;
    const [blocksOfBits] = context.weights([tensor], [values], ([stored]) => [packNbitsValues(matrix, stored!)]);
    const scales = context.floats({ name: `${name}.weight scales`, dims: [outputs, blocks] }, [scale], ([stored]) => packNbitsScales(matrix, stored!), {
      packHalf: ([stored]) => packNbitsHalfScales(matrix, stored!),
    });
    const attributes = { K: inputs, N: outputs, bits, block_size: NBITS_BLOCK, accuracy_level: ACCURACY_LEVEL };
    return context.g.contrib("MatMulNBits", bias === "" ? [x, blocksOfBits!, scales] : [x, blocksOfBits!, scales, "", "", bias], attributes);
  };
  return {
    prepare: (values) => ({ values }),
    multiply: (x, layer) => product(x, layer, "") ?? float.multiply(x, layer),
    apply(x, layer) {
      const isFloat = nbitsOf(context.matrix(`${layer.name}.weight`, layer.outputs, layer.inputs)) === null;
      if (isFloat) return float.apply(x, layer);
      return product(x, layer, context.vector([`${layer.name}.bias`], layer.outputs))!;
    },
  };
}
