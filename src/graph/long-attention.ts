/**
 * Attention of long texts on the CPU, some queries at a time.
 *
 * ONNX Runtime's CPU kernel holds all scores at once, heads * S² floats: 270 MB at 2,048 tokens and 16 heads, and from 1 GiB on (4,096 tokens) it throws
 * "Integer overflow". A Scan over chunks of queries with all keys and values needs S / 512 times less and is as fast; for short texts one call is faster, so the
 * graph decides at run time.
 */
import { GraphBuilder, type Value } from "./graph-builder.ts";
import type { GraphContext } from "./graph-context.ts";

/** Texts up to this length are attended in one call. */
export const SHORT_TOKENS = 1024;
/** Queries of one chunk of a longer one. */
export const CHUNK_TOKENS = 512;

/** What the long branch of every layer shares. */
export interface LongTexts {
  /** bool: is this batch of long texts? */
  readonly isLong: Value;
  /** [6]: pads before and after each axis, so that the queries are whole chunks. */
  readonly pads: Value;
  /** [1]: the number of tokens. */
  readonly tokens: Value;
}

/** Null when the model reads no text that is so long. @param rows the graph's input, [B, S, hidden] */
export function longTexts({ g, manifest }: GraphContext, rows: Value): LongTexts | null {
  if (manifest.maxTokens <= SHORT_TOKENS) return null;
  const tokens = g.op("Shape", [rows], { start: 1, end: 2 });
  const missing = g.op("Mod", [g.op("Neg", [tokens]), g.ints(CHUNK_TOKENS)]);
  const pads = g.op("Concat", [g.ints(0, 0, 0, 0), missing, g.ints(0)], { axis: 0 });
  return { isLong: g.op("Squeeze", [g.op("Greater", [tokens, g.ints(SHORT_TOKENS)])]), pads, tokens };
}

/** @param projected query, key and value, [B, S, hidden] each, without @param biases [3 * hidden] */
export function attendInChunks(context: GraphContext, projected: readonly Value[], biases: Value, { isLong, pads, tokens }: LongTexts): Value {
  const { g, architecture } = context;
  const { hiddenSize, numAttentionHeads } = architecture;
  const shape = ["texts", "tokens", hiddenSize];

  const short = new GraphBuilder(`${projected[0]} short `);
  short.output(short.contrib("MultiHeadAttention", [...projected, biases], { num_heads: numAttentionHeads }), `${projected[0]} short`, "float32", shape);

  const long = new GraphBuilder(`${projected[0]} long `);
  const parts = long.split("Split", [biases], { axis: 0, num_outputs: 3 }, 3);
  const [query, key, value] = projected.map((matrix, index) => long.op("Add", [matrix, parts[index]!]));
  const chunk = new GraphBuilder(`${projected[0]} chunk `);
  const queries = chunk.input(`${projected[0]} queries`, "float32", ["texts", CHUNK_TOKENS, hiddenSize]);
  const attended = chunk.contrib("MultiHeadAttention", [queries, key!, value!], { num_heads: numAttentionHeads });
  chunk.output(attended, `${projected[0]} attended`, "float32", ["texts", CHUNK_TOKENS, hiddenSize]);
  const chunks = long.op("Reshape", [long.op("Pad", [query!, pads]), long.ints(0, -1, CHUNK_TOKENS, hiddenSize)]);
  const scanned = long.op("Scan", [chunks], { body: chunk.toGraph("chunk"), num_scan_inputs: 1, scan_input_axes: [1], scan_output_axes: [1] });
  const whole = long.op("Reshape", [scanned, long.ints(0, -1, hiddenSize)]);
  long.output(long.op("Slice", [whole, long.ints(0), tokens, long.ints(1)]), `${projected[0]} long`, "float32", shape);

  return g.op("If", [isLong], { then_branch: long.toGraph("long"), else_branch: short.toGraph("short") });
}
