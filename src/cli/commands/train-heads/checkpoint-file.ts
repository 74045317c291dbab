/** A training run's state in a file, which is replaced as a whole. */
import { readFile, rename, writeFile } from "node:fs/promises";
import { InvalidInputError } from "#core/errors.ts";
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint } from "#training/checkpoint.ts";
import type { TrainingState } from "#training/trainer.ts";

/** @param run what pairs, options and heads the state belongs to */
export async function writeCheckpoint(file: string, run: string, state: TrainingState): Promise<void> {
  const temporary = `${file}.${process.pid}.tmp`;
  await writeFile(temporary, encodeCheckpoint({ run, state }));
  await rename(temporary, file);
}

/** @returns undefined when there is no such file @throws InvalidInputError when it is damaged, or belongs to another run */
export async function readCheckpoint(file: string, run: string): Promise<TrainingState | undefined> {
  const buffer = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw new InvalidInputError("--checkpoint", `a file that can be read (${error.code})`, file);
  });
  if (!buffer) return undefined;
  let parsed: Checkpoint;
  try {
    parsed = decodeCheckpoint(buffer);
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
