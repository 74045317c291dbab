/** Reads small JSON files of a checkpoint. */
import { InvalidCheckpointError } from "#core/errors.ts";
import { JsonView } from "#core/json-view.ts";
import type { ReadOptions } from "#core/tensor-source.ts";
import type { CheckpointSource } from "./ports.ts";

/** The whole file as text. */
export async function readText(source: CheckpointSource, file: string, options?: ReadOptions): Promise<string> {
  const bytes = await source.read(file, 0, await source.size(file), options);
  return new TextDecoder().decode(bytes);
}

/** @throws InvalidCheckpointError when it is not JSON; the view throws the same for fields of the wrong type */
export async function readJson(source: CheckpointSource, file: string, options?: ReadOptions): Promise<JsonView> {
  const text = await readText(source, file, options);
  try {
    return new JsonView(JSON.parse(text), (reason) => new InvalidCheckpointError(`in ${file}, ${reason}`, { file }));
  } catch (cause) {
    throw new InvalidCheckpointError(`${file} is not JSON.`, { file }, { cause });
  }
}
