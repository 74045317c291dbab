/** A training run's state in a safetensors file: the tensors, and what else there is as JSON in a tensor of bytes. Replaced as a whole. */
import { readFile, rename, writeFile } from "node:fs/promises";
import { writeSafetensors } from "#builder/safetensors-writer.ts";
import { InvalidInputError } from "#core/errors.ts";
import type { TrainingState } from "#training/trainer.ts";

const STATE = "state.json";

/** @param run what pairs, options and heads the state belongs to */
export async function writeCheckpoint(file: string, run: string, { tensors, ...state }: TrainingState): Promise<void> {
  const json = new TextEncoder().encode(JSON.stringify({ run, ...state }));
  const { bytes } = writeSafetensors([
    { name: STATE, dtype: "U8", shape: [json.length], bytes: json },
    ...[...tensors].map(([name, values]) => ({
      name,
      dtype: "F32" as const,
      shape: [values.length],
      bytes: new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
    })),
  ]);
  const temporary = `${file}.${process.pid}.tmp`;
  await writeFile(temporary, bytes);
  await rename(temporary, file);
}

/** @returns undefined when there is no such file @throws InvalidInputError when it is damaged, or belongs to another run */
export async function readCheckpoint(file: string, run: string): Promise<TrainingState | undefined> {
  const buffer = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw new InvalidInputError("--checkpoint", `a file that can be read (${error.code})`, file);
  });
  if (!buffer) return undefined;
  let parsed: { run: string; state: TrainingState };
  try {
    parsed = parse(new Uint8Array(buffer));
  } catch (cause) {
    throw new InvalidInputError(
      "--checkpoint",
      `a checkpoint of train-heads; this one is damaged (${(cause as Error).message}), remove it to begin anew`,
      file,
    );
  }
  if (parsed.run !== run) {
    throw new InvalidInputError("--checkpoint", "of a run with the same pairs, model and options; remove it, or name another, to begin anew", file);
  }
  return parsed.state;
}

function parse(bytes: Uint8Array): { run: string; state: TrainingState } {
  const headerBytes = Number(new DataView(bytes.buffer).getBigUint64(0, true));
  const text = (from: number, to: number) => new TextDecoder().decode(bytes.subarray(from, to));
  const header: Record<string, { data_offsets: [number, number] }> = JSON.parse(text(8, 8 + headerBytes));
  const tensors = new Map<string, Float32Array>();
  let state: Omit<TrainingState, "tensors"> & { run: string } = { run: "", step: 0, steps: [], dev: [] };
  for (const [name, { data_offsets: offsets }] of Object.entries(header)) {
    const [from, to] = offsets.map((offset) => 8 + headerBytes + offset) as [number, number];
    if (to > bytes.length) throw new RangeError("it is cut");
    if (name === STATE) state = JSON.parse(text(from, to));
    else tensors.set(name, new Float32Array(bytes.slice(from, to).buffer));
  }
  const { run, ...rest } = state;
  return { run, state: { ...rest, tensors } };
}
