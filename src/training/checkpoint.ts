/** A training run's state as bytes: a safetensors file with the tensors, and what else there is as JSON in a tensor of bytes. */
import { readTensors, writeSafetensors } from "#core/safetensors.ts";
import type { TrainingState } from "./trainer.ts";

const STATE = "state.json";

export interface Checkpoint {
  /** What pairs, options and heads the state belongs to. */
  readonly run: string;
  readonly state: TrainingState;
}

export function encodeCheckpoint({ run, state: { tensors, ...rest } }: Checkpoint): Uint8Array<ArrayBuffer> {
  const json = new TextEncoder().encode(JSON.stringify({ run, ...rest }));
  const { bytes } = writeSafetensors([
    { name: STATE, dtype: "U8", shape: [json.length], bytes: json },
    ...[...tensors].map(([name, values]) => ({
      name,
      dtype: "F32" as const,
      shape: [values.length],
      bytes: new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
    })),
  ]);
  return bytes;
}

/** @throws RangeError or SyntaxError when it is damaged */
export function decodeCheckpoint(bytes: Uint8Array): Checkpoint {
  const tensors = new Map<string, Float32Array>();
  let rest: Omit<TrainingState, "tensors"> & { run: string } = { run: "", step: 0, steps: [], dev: [] };
  for (const { name, bytes: values } of readTensors(bytes)) {
    if (name === STATE) rest = JSON.parse(new TextDecoder().decode(values));
    else tensors.set(name, new Float32Array(Uint8Array.from(values).buffer));
  }
  const { run, ...state } = rest;
  return { run, state: { ...state, tensors } };
}
