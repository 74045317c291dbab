/**
 * A session that answers "out of memory" with smaller batches: the texts of a batch that does not fit are run in two halves, and those in halves again,
 * down to single texts. What came out of a half that did fit is kept.
 *
 * Which batches fit is not remembered: memory that is short now may be there a moment later. ONNX Runtime in WebAssembly keeps much of what a failed run took
 * (1.30.0), so that halves may fail where they would have fitted before: hence the error is `spoiled`, and the main thread tries a new worker, text by text.
 */
import { throwIfAborted } from "#core/abort.ts";
import { BackendError, OutOfMemoryError } from "#core/errors.ts";
import type { EncoderSession, RunOptions, TokenBatch, TokenBatchResult } from "#core/session.ts";

/** What engines, WebAssembly and GPUs say when there is no memory; none of them has a code for it. */
const NO_MEMORY = /bad_alloc|out of memory|out-of-memory|outofmemory|failed to allocate|allocation failed|could not allocate|cannot enlarge memory|\bOOM\b/i;

/** Whether an engine failed for want of memory: by the class that our own throws, or by an engine's own words, wherever among the causes they are. */
export function isOutOfMemory(error: unknown): boolean {
  for (let cause = error, depth = 0; cause instanceof Error && depth < 8; cause = cause.cause, depth++) {
    if (cause instanceof OutOfMemoryError || NO_MEMORY.test(cause.message)) return true;
  }
  return false;
}

/**
 * @param session disposed of with this one. Its runs reject with what {@link isOutOfMemory} knows when a batch is too large.
 * @param maxTexts most texts of a batch from the beginning; default: as the session prefers
 */
export function halvingSession(session: EncoderSession, maxTexts?: number): EncoderSession {
  async function run(batch: TokenBatch, signal: AbortSignal | undefined, onProgress?: RunOptions["onProgress"]): Promise<TokenBatchResult> {
    try {
      return await session.run(batch, { signal, onProgress });
    } catch (error) {
      if (!isOutOfMemory(error) || isOver(error)) throw error;
      throwIfAborted(signal);
      if (batch.lengths.length < 2) throw new OutOfMemoryError(batch.lengths[0] ?? 0, session.info.backend, { cause: error });
      const [first, second] = halve(batch);
      const before = await run(first, signal);
      return join(before, await run(second, signal));
    }
  }
  return {
    get info() {
      const { info } = session;
      return maxTexts === undefined ? info : { ...info, batch: { ...info.batch, maxTexts } };
    },
    run: (batch, { signal, onProgress } = {}) => run(batch, signal, onProgress),
    dispose: () => session.dispose(),
  };
}

/** A trap for want of memory: nothing runs in that module any more. (A GPU session is opened again by what lies below.) */
function isOver(error: unknown): boolean {
  return error instanceof BackendError && error.fields.spoiled === true && error.fields.backend !== "webgpu";
}

/** Two batches of half the texts each. */
function halve({ rows, lengths, outputs }: TokenBatch): readonly [TokenBatch, TokenBatch] {
  const middle = lengths.length >> 1;
  const tokens = (some: readonly number[]) => some.reduce((sum, length) => sum + length, 0);
  const cut = (rows.length / tokens(lengths)) * tokens(lengths.slice(0, middle));
  return [
    { rows: rows.subarray(0, cut), lengths: lengths.slice(0, middle), outputs },
    { rows: rows.subarray(cut), lengths: lengths.slice(middle), outputs },
  ];
}

/** Outputs are ragged: one after the other is the whole. */
function join(first: TokenBatchResult, second: TokenBatchResult): TokenBatchResult {
  return {
    pooled: joined(first.pooled, second.pooled),
    lexical: joined(first.lexical, second.lexical),
    colbert: joined(first.colbert, second.colbert),
    hidden: joined(first.hidden, second.hidden),
    computedTokens: first.computedTokens + second.computedTokens,
  };
}

function joined(first: Float32Array | null | undefined, second: Float32Array | null | undefined): Float32Array | null {
  if (!first || !second) return null;
  const whole = new Float32Array(first.length + second.length);
  whole.set(first);
  whole.set(second, first.length);
  return whole;
}
