import { expect, it } from "vitest";
import { syntheticElements } from "../../../tools/models/synthetic.ts";

/** [name, shape, [element, float32 as numpy made it]] of tests/oracle/synthetic_weights.py. */
const NUMPY: [string, number[], [number, number][]][] = [
  [
    "embeddings.word_embeddings.weight",
    [250002, 64],
    [
      [0, 0.14795993268489838],
      [1, -0.29293838143348694],
      [16000127, -0.9149637222290039],
    ],
  ],
  [
    "encoder.layer.0.attention.self.query.weight",
    [64, 64],
    [
      [0, 0.18000872433185577],
      [4095, -0.1326013207435608],
    ],
  ],
  [
    "encoder.layer.1.output.dense.weight",
    [64, 128],
    [
      [0, 0.10262416303157806],
      [8191, 0.09213179349899292],
    ],
  ],
  [
    "embeddings.LayerNorm.weight",
    [64],
    [
      [0, 0.9899314641952515],
      [63, 1.0495802164077759],
    ],
  ],
  [
    "encoder.layer.0.output.LayerNorm.bias",
    [64],
    [
      [0, 0.01420996617525816],
      [63, 0.009665071964263916],
    ],
  ],
  ["sparse_linear.weight", [1, 64], [[5, 0.1841544508934021]]],
  ["colbert_linear.bias", [64], [[7, -0.01852262020111084]]],
];

it.each(NUMPY)("computes the same float32 numbers as numpy for %s", (name, shape, elements) => {
  for (const [index, value] of elements) expect(syntheticElements({ name, shape }, index, 1)[0]).toBe(value);
});
