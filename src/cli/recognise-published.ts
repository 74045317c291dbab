/** Which published ONNX repository a folder is of: by the digests of its files, not by names. */

import { createHash } from "node:crypto";
import type { CheckpointSource } from "#builder/ports.ts";
import { type PublishedModel, publishedModels } from "#core/published-models.ts";

const READ_BYTES = 2 ** 24;

export interface RecogniseOptions {
  readonly signal?: AbortSignal | undefined;
  /** Default: all that are known. */
  readonly entries?: readonly PublishedModel[] | undefined;
}

/** The entry whose ONNX file and external data the folder has, bit for bit; null when it is none that is known. @param file path of the ONNX file in the folder */
export async function recognisePublished(
  source: CheckpointSource,
  file: string,
  { signal, entries = publishedModels }: RecogniseOptions = {},
): Promise<PublishedModel | null> {
  const files = await source.list();
  const digests = new Map<string, Promise<string>>();
  const digestOf = (path: string) => {
    if (!digests.has(path)) digests.set(path, digest(source, path, signal));
    return digests.get(path)!;
  };
  // The repository's folders need not be there: only what lies beside the ONNX file counts.
  const folder = file.slice(0, file.lastIndexOf("/") + 1);
  for (const model of entries) {
    const weights = model.files.filter(({ path, sha256, repository }) => sha256 !== null && repository === undefined && isWeights(path));
    const paths = weights.map(({ path }) => (path === model.file ? file : folder + path.slice(path.lastIndexOf("/") + 1)));
    if (weights.length === 0 || paths.some((path) => !files.includes(path))) continue;
    let isSame = true;
    for (const [index, { bytes, sha256 }] of weights.entries()) {
      isSame &&= bytes === null || (await source.size(paths[index]!)) === bytes;
      isSame &&= (await digestOf(paths[index]!)) === sha256;
    }
    if (isSame) return model;
  }
  return null;
}

function isWeights(path: string): boolean {
  return !path.endsWith(".json") && !path.endsWith(".pt");
}

async function digest(source: CheckpointSource, path: string, signal: AbortSignal | undefined): Promise<string> {
  const hash = createHash("sha256");
  const size = await source.size(path);
  for (let offset = 0; offset < size; offset += READ_BYTES) hash.update(await source.read(path, offset, Math.min(READ_BYTES, size - offset), { signal }));
  return hash.digest("hex");
}
