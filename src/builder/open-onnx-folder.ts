/**
 * A folder with a published ONNX file as a model that can be run as it lies: nothing is written. Its manifest, fingerprint included, is the one that `build-model`
 * writes of the same folder, so that vectors of one may be compared with those of the other. The weights are read twice: once for the digests, a few megabytes at a time, and
 * once whole, for the session.
 */
import { InvalidManifestError } from "#core/errors.ts";
import type { LoadedModel } from "#core/loaded-model.ts";
import type { ReadOptions, StoredTensor, TensorSource } from "#core/tensor-source.ts";
import { type OnnxBuildOptions, type OnnxFolder, readOnnxFolder, writeOnnxFolder } from "./build-onnx-artefact.ts";
import type { CheckpointSource } from "./ports.ts";

/** @throws InvalidCheckpointError, UnsupportedModelError, what the source throws, the signal's reason */
export async function openOnnxFolder(source: CheckpointSource, options: Omit<OnnxBuildOptions, "selfTest">): Promise<LoadedModel> {
  const folder = await readOnnxFolder(source, options);
  const manifest = await writeOnnxFolder(source, { write: async () => {} }, folder, options);
  return { manifest, tensors: new FolderTensors(source, folder), readTokenizer: async () => folder.tokenizer.bytes };
}

class FolderTensors implements TensorSource {
  readonly #source: CheckpointSource;
  readonly #folder: OnnxFolder;

  constructor(source: CheckpointSource, folder: OnnxFolder) {
    this.#source = source;
    this.#folder = folder;
  }

  async read(name: string, options?: ReadOptions): Promise<StoredTensor> {
    const { paths, onnx, heads } = this.#folder;
    const path = paths[[onnx.file, ...onnx.externalData].indexOf(name)];
    if (path !== undefined) {
      const size = await this.#source.size(path);
      return { dtype: "U8", shape: [size], bytes: await this.#source.read(path, 0, size, options) };
    }
    const matrix = heads.tensors.find((tensor) => tensor.name === name);
    if (!matrix) throw new InvalidManifestError(`it lists no tensor called "${name}".`, { tensor: name });
    const values = await matrix.readFloats(0, matrix.shape[0]!, options);
    return { dtype: "F32", shape: matrix.shape, bytes: new Uint8Array(values.buffer, values.byteOffset, values.byteLength) };
  }

  release(): void {}
}
