/** A lexical head with a hidden layer, as train-heads makes it: from heads.safetensors through build-model and the graph to the same weights as in training. */
import { expect, it } from "vitest";
import { buildArtefact } from "#builder/build-artefact.ts";
import type { LoadedModel } from "#core/loaded-model.ts";
import { parseManifest } from "#core/parse-manifest.ts";
import { locateTensor } from "#core/tensor-layout.ts";
import type { TensorSource } from "#core/tensor-source.ts";
import { openCpuEngine } from "#graph/cpu-engine.ts";
import { GraphSession } from "#graph/graph-session.ts";
import { forward } from "#training/head.ts";
import { headTensors, newHeads } from "#training/new-heads.ts";
import { Random } from "#training/random.ts";
import { BERT_ARCHITECTURE, bertFiles, floats, MemorySink, memorySource, storedBytes, VOCABULARY } from "../builder/memory-folder.ts";

const HIDDEN = BERT_ARCHITECTURE.hiddenSize;

it("gives the same numbers in the graph as in training, on hidden states that the session gives", async () => {
  const heads = newHeads(HIDDEN, { lexicalHidden: 24, colbertDim: 8 }, 1);
  // Above 0 whatever the random numbers say: relu must not hide a difference.
  heads.lexical!.at(-1)!.bias[0] = 2;
  const tensors = headTensors(heads).map(({ name, shape, values }) => floats(name, shape, values));
  const sink = new MemorySink();
  await buildArtefact(memorySource(bertFiles({ heads: tensors })), sink, { dtype: "fp32", vocabulary: VOCABULARY });
  const manifest = parseManifest(JSON.parse(new TextDecoder().decode(sink.files["manifest.json"])));
  expect(manifest.heads.lexical!.layers).toEqual([
    { tensor: "sparse_hidden", inputs: HIDDEN, outputs: 24, activation: "relu" },
    { tensor: "sparse_linear", inputs: 24, outputs: 1, activation: "relu" },
  ]);

  const source: TensorSource = {
    read: async (name) => ({ ...locateTensor(manifest, name), bytes: storedBytes(sink.files, manifest, name) }),
    release() {},
  };
  const random = new Random(2);
  const tokens = 6;
  const rows = Float32Array.from({ length: tokens * HIDDEN }, () => 2 * random.uniform() - 1);
  const run = async () => {
    const ort = (await import("onnxruntime-node")).default;
    const info = { backend: "native", engine: "onnxruntime-node", threads: 1, batch: { tokenBudget: 64, maxTexts: 8, maxPadding: 0 } } as const;
    const loaded: LoadedModel = { manifest, tensors: source, readTokenizer: async () => VOCABULARY };
    const session = new GraphSession(await openCpuEngine(loaded, { ort, precision: "fp32", info }), manifest);
    const result = await session.run({ rows, lengths: [tokens], outputs: { dense: true, lexical: true, colbert: true, hidden: true } });
    await session.dispose();
    return result;
  };
  const outputs = await run();
  const hidden = outputs.hidden!;
  expect(hidden).toHaveLength(tokens * HIDDEN);
  const lexical = forward(heads.lexical!, hidden, tokens).output;
  const colbert = forward(heads.colbert!, hidden, tokens).output;
  expect(Math.min(...lexical)).toBeGreaterThan(0);
  for (const [at, value] of outputs.lexical!.entries()) expect(value).toBeCloseTo(lexical[at]!, 4);
  for (const [at, value] of outputs.colbert!.entries()) expect(value).toBeCloseTo(colbert[at]!, 4);
});
