/**
 * Heads that were trained on this device, in the place of a model's own. Nothing of the model's files changes: the tensors of the heads are read from elsewhere, and
 * the fingerprint is another, for the vectors are.
 */
import { type ByteStore, readBlob, writeBlob } from "#core/byte-store.ts";
import { InvalidManifestError } from "#core/errors.ts";
import type { LoadedModel } from "#core/loaded-model.ts";
import type { Manifest } from "#core/manifest.ts";
import { type NamedTensor, readTensors, writeSafetensors } from "#core/safetensors.ts";
import { sha256Hex } from "#core/sha256.ts";
import { blobNames } from "./model-storage.ts";

/** A tensor of a head. */
export interface HeadNumbers {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** A safetensors file: the same bytes for the same numbers. */
export function packHeads(tensors: readonly HeadNumbers[]): Uint8Array<ArrayBuffer> {
  const sorted = [...tensors].sort((a, b) => (a.name < b.name ? -1 : 1));
  const { bytes } = writeSafetensors(
    sorted.map(({ name, shape, values }) => ({
      name,
      shape,
      dtype: "F32" as const,
      bytes: new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
    })),
  );
  return bytes;
}

/**
 * The model with the heads of a file.
 * @throws InvalidManifestError when the file has other tensors than the model's heads, or numbers that are none
 */
export async function withHeads(model: LoadedModel, file: Uint8Array<ArrayBuffer>): Promise<LoadedModel> {
  const tensors = checkHeads(model.manifest, file);
  const digest = new TextEncoder().encode(`${model.manifest.fingerprint}\n${await sha256Hex(file)}`);
  return {
    manifest: { ...model.manifest, fingerprint: await sha256Hex(digest) },
    tensors: {
      read: async (name, options) => tensors.get(name) ?? (await model.tensors.read(name, options)),
      release: () => model.tensors.release(),
    },
    readTokenizer: (options) => model.readTokenizer(options),
  };
}

function checkHeads({ heads, tensors }: Manifest, file: Uint8Array): Map<string, NamedTensor> {
  const wrong = (reason: string, cause?: unknown) => new InvalidManifestError(`its adapted heads ${reason}`, {}, { cause });
  let found: Map<string, NamedTensor>;
  try {
    found = new Map(readTensors(file).map((tensor) => [tensor.name, tensor]));
  } catch (cause) {
    throw wrong(`are damaged: ${(cause as Error).message}`, cause);
  }
  const layers = [...(heads.lexical?.layers ?? []), ...(heads.colbert?.layers ?? [])];
  const names = layers.flatMap(({ tensor }) => [`${tensor}.weight`, `${tensor}.bias`]);
  if (names.length !== found.size) throw wrong(`have ${found.size} tensors instead of ${names.length}.`);
  for (const name of names) {
    const tensor = found.get(name);
    const shape = tensors[name]?.shape.join();
    if (tensor?.dtype !== "F32" || tensor.shape.join() !== shape) throw wrong(`have no "${name}" of F32 [${shape}].`);
    const values = new Float32Array(Uint8Array.from(tensor.bytes).buffer);
    if (!values.every(Number.isFinite)) throw wrong(`have numbers in "${name}" that are not finite.`);
  }
  return found;
}

const DIGEST_DIGITS = 64;

/** Keeps heads beside the model that they were trained on. @param base its own fingerprint @throws StorageFullError; StorageError: then the earlier ones stay */
export async function storeHeads(store: ByteStore, base: string, file: Uint8Array<ArrayBuffer>): Promise<void> {
  const digest = new TextEncoder().encode(await sha256Hex(file));
  const blob = new Uint8Array(digest.length + file.length);
  blob.set(digest);
  blob.set(file, digest.length);
  await writeBlob(store, blobNames.heads(base), blob);
}

/** Heads that are kept for a model; "damaged" when they are not what was written; undefined when there are none. @throws StorageError */
export async function readStoredHeads(store: ByteStore, base: string): Promise<Uint8Array<ArrayBuffer> | "damaged" | undefined> {
  if ((await store.size(blobNames.heads(base))) === undefined) return undefined;
  const blob = await readBlob(store, blobNames.heads(base));
  const file = blob.slice(DIGEST_DIGITS);
  return new TextDecoder().decode(blob.subarray(0, DIGEST_DIGITS)) === (await sha256Hex(file)) ? file : "damaged";
}

/** Removes the heads that are kept for a model, and what is left of training them. */
export async function removeStoredHeads(store: ByteStore, base: string): Promise<void> {
  await store.remove(blobNames.heads(base));
  await removeTraining(store, base);
}

/** Removes what a training that was broken off would go on from. */
export async function removeTraining(store: ByteStore, base: string): Promise<void> {
  for (const { name } of await store.list(blobNames.training(base))) await store.remove(name);
}
