/** What a batch costs in memory while it runs, beside the weights: the encoder makes batches smaller where many tokens would cost too much. */
import type { Architecture } from "#core/manifest.ts";
import type { BatchMemory } from "#core/session.ts";
import { CHUNK_TOKENS, SHORT_TOKENS } from "./long-attention.ts";

/** A quarter of what a small phone lets a page have. */
const BUDGET_BYTES = 2 ** 28;

/** Hidden states, query, key, value and what becomes of them; the widened ones of the feed-forward part before and after GELU, and once more as integers. */
function bytesPerToken({ hiddenSize, intermediateSize }: Architecture): number {
  return 4 * (8 * hiddenSize + 3 * intermediateSize);
}

/** ONNX Runtime's CPU provider holds the scores of all queries at once, and of long texts those of a chunk. */
export function cpuBatchMemory(architecture: Architecture): BatchMemory {
  const scores = { bytesPerPair: 4 * architecture.numAttentionHeads, longText: SHORT_TOKENS, queriesAtATime: CHUNK_TOKENS };
  return { budgetBytes: BUDGET_BYTES, bytesPerToken: bytesPerToken(architecture), ...scores };
}

/** Its WebGPU provider never holds scores, but the mask of a batch of unequal lengths is a square. */
export function gpuBatchMemory(architecture: Architecture): BatchMemory {
  return { budgetBytes: BUDGET_BYTES, bytesPerToken: bytesPerToken(architecture), bytesPerPair: 4, longText: Number.MAX_SAFE_INTEGER, queriesAtATime: 0 };
}
