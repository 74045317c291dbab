/** The graphs that are written, as ONNX models: what they hold, and what they do not. Their numbers are the sessions' tests. */
import { fromBinary } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { encoderTensors } from "#core/encoder-tensors.ts";
import { encodedParts, WORD_EMBEDDINGS } from "#core/tensor-layout.ts";
import { buildEncoderGraph } from "#graph/encoder-graph.ts";
import { ModelProtoSchema, TensorProto_DataLocation, TensorProto_DataType } from "#graph/onnx-proto/generated/onnx_pb.ts";
import type { GraphTarget } from "#graph/target.ts";
import { graphTensorBytes } from "#graph/weights/weight-binding.ts";
import { syntheticModel } from "./support/synthetic-model.ts";

const ALL = { dense: true, lexical: true, colbert: true };
const SIZE = { layers: 2, hidden: 64, heads: 4, ffn: 128, vocab: 100, colbertDim: 32, maxPositions: 8194 };

const targets: [string, GraphTarget][] = [
  ["CPU", { kernels: "cpu", precision: "default", outputs: ALL }],
  ["CPU, unsigned", { kernels: "cpu", precision: "default", unsignedWeights: true, outputs: ALL }],
  ["CPU, fp32", { kernels: "cpu", precision: "fp32", outputs: ALL }],
  ["WebGPU", { kernels: "webgpu", precision: "default", masked: false, outputs: ALL }],
  ["WebGPU, masked", { kernels: "webgpu", precision: "default", masked: true, outputs: ALL }],
  ["WebGPU, 16-bit activations", { kernels: "webgpu", precision: "default", masked: true, half: "compute", outputs: ALL }],
  ["WebGPU, 16-bit weights in float32", { kernels: "webgpu", precision: "default", masked: false, half: "exact", outputs: ALL }],
  ["WebGPU, fp32", { kernels: "webgpu", precision: "fp32", masked: true, outputs: ALL }],
];

const parse = (proto: Uint8Array) => fromBinary(ModelProtoSchema, proto).graph!;

describe.each(targets)("%s", (_, target) => {
  const { manifest, tensors } = syntheticModel(SIZE, 4);
  const { proto, weights } = buildEncoderGraph(manifest, target);
  const graph = parse(proto);

  it("is the same bytes each time", () => {
    expect(buildEncoderGraph(manifest, target).proto).toEqual(proto);
  });

  it("holds no weights, but names each of its bindings' tensors once", () => {
    const names = weights.flatMap((binding) => binding.tensors.map(({ name }) => name));
    expect(new Set(names).size).toBe(names.length);
    const outside = graph.initializer.filter(({ dataLocation }) => dataLocation === TensorProto_DataLocation.EXTERNAL).map(({ name }) => name);
    const inputs = graph.input.map(({ name }) => name).filter((name) => !["rows", "key_bias", "query_zeros", "pooling"].includes(name));
    expect(target.kernels === "cpu" ? outside : inputs).toEqual(names);
    expect(target.kernels === "cpu" ? inputs : outside).toEqual([]);
    const inside = graph.initializer.filter(({ dataLocation }) => dataLocation !== TensorProto_DataLocation.EXTERNAL);
    for (const { dims } of inside) expect(dims.reduce((product, size) => product * Number(size), 1)).toBeLessThan(8);
  });

  it("reads every tensor of the encoder and the heads, and each one once, but the tables", () => {
    const { architecture, heads, encodings } = manifest;
    const tables = [WORD_EMBEDDINGS, "embeddings.position_embeddings.weight", "embeddings.token_type_embeddings.weight"];
    const layers = [...heads.lexical!.layers, ...heads.colbert!.layers].flatMap(({ tensor }) => [`${tensor}.weight`, `${tensor}.bias`]);
    const stored = encoderTensors(architecture)
      .filter(({ name }) => !tables.includes(name))
      .flatMap(({ name, shape }) => {
        const encoding = encodings[name];
        return encoding ? encodedParts(encoding, shape[0]!, shape[1]!).map(({ suffix }) => name + suffix) : [name];
      });
    expect(weights.flatMap(({ sources }) => sources).toSorted()).toEqual([...stored, ...layers].toSorted());
  });

  it("packs each tensor to the size that the graph declares", async () => {
    for (const { tensors: declared, sources, pack } of weights) {
      const packed = pack(await Promise.all(sources.map((name) => tensors.read(name))));
      expect(packed.map(({ byteLength }) => byteLength)).toEqual(declared.map(graphTensorBytes));
    }
  });

  it("has a producer for every value that a node reads", () => {
    const known = new Set(["", ...graph.initializer.map(({ name }) => name), ...graph.input.map(({ name }) => name)]);
    for (const { input, output, name } of graph.node) {
      for (const value of input) expect(known.has(value), `${name} reads ${value}`).toBe(true);
      for (const value of output) {
        expect(known.has(value)).toBe(false);
        known.add(value);
      }
    }
    for (const { name } of graph.output) expect(known.has(name)).toBe(true);
  });
});

it("has the outputs that are selected and that the model has heads for", () => {
  const { manifest } = syntheticModel(SIZE);
  const outputsOf = (from: typeof manifest, outputs: typeof ALL) =>
    parse(buildEncoderGraph(from, { kernels: "webgpu", precision: "fp32", masked: false, outputs }).proto).output.map(({ name }) => name);
  expect(outputsOf(manifest, ALL)).toEqual(["pooled", "lexical", "colbert"]);
  expect(outputsOf(manifest, { dense: false, lexical: true, colbert: false })).toEqual(["lexical"]);
  expect(outputsOf({ ...manifest, heads: { ...manifest.heads, lexical: null } }, ALL)).toEqual(["pooled", "colbert"]);
});

it("gives weights as unsigned bytes when told to", () => {
  const { manifest } = syntheticModel(SIZE, 8);
  const typesOf = (unsignedWeights: boolean) =>
    new Set(
      parse(buildEncoderGraph(manifest, { kernels: "cpu", precision: "default", unsignedWeights, outputs: ALL }).proto)
        .initializer.filter(({ name }) => name.endsWith("weight columns") && name.startsWith("encoder"))
        .map(({ dataType }) => dataType),
    );
  expect(typesOf(false)).toEqual(new Set([TensorProto_DataType.INT8]));
  expect(typesOf(true)).toEqual(new Set([TensorProto_DataType.UINT8]));
});

it("looks at the length of a text only where the model reads long ones", () => {
  const hasIf = (maxPositions: number) => {
    const { manifest } = syntheticModel({ ...SIZE, maxPositions });
    return parse(buildEncoderGraph(manifest, { kernels: "cpu", precision: "fp32", outputs: ALL }).proto).node.some(({ opType }) => opType === "If");
  };
  expect(hasIf(514)).toBe(false);
  expect(hasIf(8194)).toBe(true);
});

it("stays small for a large model", () => {
  const { manifest } = syntheticModel({ layers: 24, hidden: 1024, heads: 16, ffn: 4096, vocab: 250002, colbertDim: 1024, maxPositions: 8194 }, 4);
  for (const [, target] of targets) expect(buildEncoderGraph(manifest, target).proto.length).toBeLessThan(250_000);
});

it("computes heads with a hidden layer", () => {
  const { manifest } = syntheticModel(SIZE);
  const layers = [
    { tensor: "sparse.0", inputs: 64, outputs: 16, activation: "relu" },
    { tensor: "sparse.1", inputs: 16, outputs: 1, activation: "relu" },
  ] as const;
  const { weights } = buildEncoderGraph(
    { ...manifest, heads: { ...manifest.heads, lexical: { layers } } },
    { kernels: "cpu", precision: "fp32", outputs: { dense: false, lexical: true, colbert: false } },
  );
  const sources = weights.flatMap((binding) => binding.sources);
  expect(sources.filter((name) => name.startsWith("sparse"))).toEqual(["sparse.0.weight", "sparse.0.bias", "sparse.1.weight", "sparse.1.bias"]);
});
