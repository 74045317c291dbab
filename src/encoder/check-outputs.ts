/** No output of an engine is trusted: devices are known to answer with NaN, infinite or all-zero numbers when something went wrong. */
import { BackendError, NonFiniteOutputError } from "#core/errors.ts";
import type { Manifest } from "#core/manifest.ts";
import type { OutputSelection, TokenBatchResult } from "#core/session.ts";

/** The shape of a batch, and who computed it. */
export interface OutputExpectation {
  readonly manifest: Manifest;
  readonly outputs: OutputSelection;
  readonly texts: number;
  readonly tokens: number;
  readonly backend: string;
}

/**
 * Checks that every output that was asked for is there, whole, and of possible numbers. Lexical weights may all be 0: a text of special tokens has none.
 *
 * @throws BackendError for a missing output or one of the wrong size; NonFiniteOutputError for NaN, infinite or all-zero numbers
 */
export function checkOutputs({ pooled, lexical, colbert, hidden }: TokenBatchResult, { manifest, outputs, texts, tokens, backend }: OutputExpectation): void {
  const width = manifest.architecture.hiddenSize;
  if (outputs.dense) {
    checkSize("dense", pooled, texts * width, backend);
    for (let text = 0; text < texts; text++) checkNumbers("dense", pooled.subarray(text * width, (text + 1) * width), backend);
  }
  if (outputs.lexical) {
    checkSize("lexical", lexical, tokens, backend);
    checkFinite("lexical", lexical, backend);
  }
  if (outputs.colbert) {
    checkSize("ColBERT", colbert, tokens * (manifest.heads.colbert?.dim ?? 0), backend);
    checkNumbers("ColBERT", colbert, backend);
  }
  if (outputs.hidden) {
    checkSize("hidden", hidden, tokens * width, backend);
    checkNumbers("hidden", hidden, backend);
  }
}

function checkSize(output: string, values: Float32Array | null | undefined, expected: number, backend: string): asserts values is Float32Array {
  if (values?.length === expected) return;
  throw new BackendError(`its ${output} output has ${values?.length ?? "no"} numbers instead of ${expected}.`, { output, backend, expected });
}

function checkNumbers(output: string, values: Float32Array, backend: string): void {
  checkFinite(output, values, backend);
  if (values.every((value) => value === 0)) throw new NonFiniteOutputError(output, backend);
}

function checkFinite(output: string, values: Float32Array, backend: string): void {
  // 0 times a number is 0, unless the number is infinite or NaN.
  let zero = 0;
  for (let index = 0; index < values.length; index++) zero += values[index]! * 0;
  if (zero !== 0) throw new NonFiniteOutputError(output, backend);
}
