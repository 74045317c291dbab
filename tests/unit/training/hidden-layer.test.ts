/**
 * Heads as train-heads makes them, with a hidden layer and with first hidden states beside the last ones: from heads.safetensors through build-model and the
 * graph to the same numbers as in training.
 */
import { describe, expect, it } from "vitest";
import { buildArtefact } from "#builder/build-artefact.ts";
import type { LoadedModel } from "#core/loaded-model.ts";
import type { Manifest } from "#core/manifest.ts";
import { parseManifest } from "#core/parse-manifest.ts";
import { locateTensor } from "#core/tensor-layout.ts";
import type { TensorSource } from "#core/tensor-source.ts";
import { EmbeddingTable } from "#encoder/embedding-table.ts";
import { FirstStates } from "#encoder/first-states.ts";
import { openCpuEngine } from "#graph/cpu-engine.ts";
import { GraphSession } from "#graph/graph-session.ts";
import type { TrainableHeads } from "#training/batch-scores.ts";
import type { TrainableHead } from "#training/head.ts";
import { HeadRun } from "#training/head-run.ts";
import { type HeadShapes, headTensors, newHeads } from "#training/new-heads.ts";
import { BERT_ARCHITECTURE, bertFiles, floats, MemorySink, memorySource, storedBytes, VOCABULARY } from "../builder/memory-folder.ts";

const HIDDEN = BERT_ARCHITECTURE.hiddenSize;

const SHAPES: [name: string, shape: HeadShapes][] = [
  ["a hidden layer", { lexicalHidden: 24, colbertDim: 8 }],
  ["first hidden states in one head", { lexicalHidden: 24, lexicalFirst: true, colbertDim: 8 }],
  ["first hidden states in both", { lexicalHidden: 0, lexicalFirst: true, colbertDim: 8, colbertFirst: true }],
];

describe.each(SHAPES)("heads with %s", (_, shape) => {
  it.each([undefined, 1])("give the same numbers in graphs of %s layers as in training", async (layersAtATime) => {
    const heads = newHeads(HIDDEN, shape, 1);
    // Above 0 whatever the random numbers say: relu must not hide a difference.
    heads.lexical!.at(-1)!.bias[0] = 4;
    const { manifest, tensors } = await build(heads);
    expect(manifest.heads.lexical!.layers).toEqual(heads.lexical!.map(({ spec }) => spec));
    expect(manifest.heads.colbert!.layers).toEqual(heads.colbert!.map(({ spec }) => spec));

    const embeddings = new EmbeddingTable(manifest, tensors);
    const ids = Int32Array.of(0, 5, 7, 4, 9, 2);
    const rows = await embeddings.gather([ids]);
    const ort = (await import("onnxruntime-node")).default;
    const info = { backend: "native", engine: "onnxruntime-node", threads: 1, batch: { tokenBudget: 64, maxTexts: 8, maxPadding: 0 } } as const;
    const model: LoadedModel = { manifest, tensors, readTokenizer: async () => VOCABULARY };
    const session = new GraphSession(await openCpuEngine(model, { ort, precision: "fp32", info, layersAtATime }), manifest);
    const outputs = await session.run({ rows, lengths: [ids.length], outputs: { dense: true, lexical: true, colbert: true, hidden: true } });
    await session.dispose();
    const last = outputs.hidden!;
    expect(last).toHaveLength(ids.length * HIDDEN);
    const first = await new FirstStates(manifest, tensors, embeddings).of(ids);
    const by = (head: TrainableHead) => {
      const run = new HeadRun(head, [Int32Array.from(ids.keys())], HIDDEN);
      run.forward({ first: 0, end: 1 }, [{ last, first }], false);
      return run.output;
    };
    const [lexical, colbert] = [by(heads.lexical!), by(heads.colbert!)];
    expect(Math.min(...lexical)).toBeGreaterThan(0);
    for (const [at, value] of outputs.lexical!.entries()) expect(value).toBeCloseTo(lexical[at]!, 4);
    for (const [at, value] of outputs.colbert!.entries()) expect(value).toBeCloseTo(colbert[at]!, 4);
  });
});

async function build(heads: TrainableHeads): Promise<{ manifest: Manifest; tensors: TensorSource }> {
  const stored = headTensors(heads).map(({ name, shape, values }) => floats(name, shape, values));
  const sink = new MemorySink();
  await buildArtefact(memorySource(bertFiles({ heads: stored })), sink, { dtype: "fp32", vocabulary: VOCABULARY });
  const manifest = parseManifest(JSON.parse(new TextDecoder().decode(sink.files["manifest.json"])));
  const read = async (name: string) => ({ ...locateTensor(manifest, name), bytes: storedBytes(sink.files, manifest, name) });
  return { manifest, tensors: { read, release() {} } };
}
