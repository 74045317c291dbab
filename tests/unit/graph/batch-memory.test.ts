import { expect, it } from "vitest";
import { planBatches } from "#encoder/batching.ts";
import { cpuBatchMemory, gpuBatchMemory } from "#graph/batch-memory.ts";
import type { EncoderWeights } from "#runtime/wasm-encoder/weights.ts";
import { planWorkSpace } from "#runtime/wasm-encoder/work-space.ts";
import { syntheticModel } from "./support/synthetic-model.ts";

const BGE_M3 = { ...syntheticModel({ layers: 1, hidden: 16, heads: 1, ffn: 16, vocab: 8, colbertDim: 4, maxPositions: 34 }).manifest.architecture };
Object.assign(BGE_M3, { hiddenSize: 1024, intermediateSize: 4096, numAttentionHeads: 16 });
const NODE = { tokenBudget: 2048, maxTexts: 128, maxPadding: 0 };

it("lets fewer texts of a large model into a batch the longer they are", () => {
  const sizes = [16, 256, 512, 1024, 4096].map((length) => planBatches(Array(128).fill(length), { ...NODE, memory: cpuBatchMemory(BGE_M3) })[0]!.length);
  expect(sizes).toEqual([128, 8, 4, 1, 1]);
  const mini = { ...BGE_M3, hiddenSize: 384, intermediateSize: 1536, numAttentionHeads: 12 };
  expect(planBatches(Array(128).fill(512), { ...NODE, memory: cpuBatchMemory(mini) })[0]).toHaveLength(4);
});

it("counts the mask on WebGPU, where there are no scores", () => {
  const { bytesPerPair, bytesPerToken } = gpuBatchMemory(BGE_M3);
  expect([bytesPerPair, bytesPerToken]).toEqual([4, cpuBatchMemory(BGE_M3).bytesPerToken]);
});

it("is no concern of our own encoder, whose batches of 512 tokens hold a head's keys at a time and no scores of a text", () => {
  const linear = (outputs: number) => [{ outputs }];
  const weights = { hiddenSize: 1024, intermediateSize: 4096, attentionHeads: 16, lexical: linear(8), colbert: linear(1024) } as unknown as EncoderWeights;
  const bytes = (texts: number[]) => planWorkSpace(weights, { tokens: texts.reduce((sum, length) => sum + length, 0), longest: Math.max(...texts) }, 0, 2).end;
  const { budgetBytes } = cpuBatchMemory(BGE_M3);
  expect(bytes(Array(16).fill(32))).toBeLessThan(budgetBytes / 10);
  expect(bytes([512])).toBeLessThan(budgetBytes / 10);
  // The longest text there is goes alone, and takes less than the square of its tokens.
  expect(bytes([8192])).toBeLessThan(budgetBytes);
});
