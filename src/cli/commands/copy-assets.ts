/**
 * `bge-m3-web copy-assets DIR`: puts everything that a page needs into one folder of a static server, for pages without a bundler.
 *
 *     DIR/index.js, scoring.js, worker.js, …     this package, without a bare import
 *     DIR/onnxruntime-web/                       the runtime's glue and WebAssembly, of which a browser fetches one pair
 *     DIR/models/<name>/                         a model
 *     DIR/transformers.js                        @huggingface/transformers, where it is asked for: models with another tokenizer than XLM-RoBERTa's need it
 *     DIR/isolation-worker.js                    a service worker for hosts that set no headers (it has to lie beside the pages, or above them)
 */
import { copyFile, mkdir, readdir, stat } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { InvalidInputError, MissingPeerError } from "#core/errors.ts";
import { defaultModelFolder, findDefaultModel } from "../default-model.ts";
import { openFileModel } from "../file-model.ts";
import { modelPackageFolder } from "../model-package.ts";
import { packageRoot } from "../package-root.ts";

/** Plain, with JSPI, with Asyncify: what the worker chooses from. */
const RUNTIME_BUILDS = ["ort-wasm-simd-threaded", "ort-wasm-simd-threaded.jspi", "ort-wasm-simd-threaded.asyncify"];

/** The glue and binary that run without WebGPU. */
const WITHOUT_WEBGPU = RUNTIME_BUILDS.slice(0, 1);

export interface CopyAssetsOptions {
  /**
   * Folder of a model artefact, or the name of a model whose package (`bge-m3-web-model-<name>`) is installed. Default: the installed m3-mini, or that of a checkout
   * of this package; none where there is neither.
   */
  readonly model?: string | undefined;
  /** Also copy the runtime's builds for WebGPU, 44 MB. Default true. */
  readonly webgpu?: boolean | undefined;
  /** Also copy the installed `@huggingface/transformers`, 0.6 MB. Default false. */
  readonly transformers?: boolean | undefined;
  /** Copy the model and nothing else: for pages whose bundler finds the scripts and the runtime in the package. Default false. */
  readonly onlyModel?: boolean | undefined;
}

export interface CopiedAssets {
  /** Paths below the folder, in the order of copying. */
  readonly files: readonly string[];
  readonly bytes: number;
  /** Name of the model that was copied, or null. */
  readonly model: string | null;
}

/**
 * Files that are there already are written over; others are left alone.
 * @throws InvalidInputError when the package has not been built; MissingPeerError when `transformers` is asked for and not installed; InvalidManifestError or MissingShardError when the model folder is not whole
 */
export async function copyAssets(
  folder: string,
  { model, webgpu = true, transformers = false, onlyModel = false }: CopyAssetsOptions = {},
): Promise<CopiedAssets> {
  const copies = onlyModel ? [] : [...(await ownFiles(path.join(packageRoot(), "dist"))), ...runtimeFiles(webgpu ? RUNTIME_BUILDS : WITHOUT_WEBGPU)];
  if (transformers) copies.push({ from: transformersBundle(), to: "transformers.js" });
  const modelFolder = model === undefined ? (onlyModel ? defaultModelFolder() : findDefaultModel()) : await namedModel(model);
  const { name, files } = modelFolder === null ? { name: null, files: [] } : await modelFiles(modelFolder);
  copies.push(...files);

  let bytes = 0;
  for (const { from, to } of copies) {
    const target = path.join(folder, to);
    await mkdir(path.dirname(target), { recursive: true });
    await copyFile(from, target);
    bytes += (await stat(target)).size;
  }
  return { files: copies.map(({ to }) => to), bytes, model: name };
}

interface Copy {
  readonly from: string;
  readonly to: string;
}

/** dist's scripts but the command line's. */
async function ownFiles(dist: string): Promise<Copy[]> {
  const names = await readdir(dist).catch((): string[] => []);
  if (!names.includes("worker.js")) throw new InvalidInputError("dist", "built (npm run build)", dist);
  return names.filter((name) => /\.(js|md)$/.test(name) && name !== "cli.js").map((name) => ({ from: path.join(dist, name), to: name }));
}

function runtimeFiles(builds: readonly string[]): Copy[] {
  const { resolve } = createRequire(import.meta.url);
  const files = builds.flatMap((build) => [`onnxruntime-web/${build}.mjs`, `onnxruntime-web/${build}.wasm`]);
  return files.map((file) => ({ from: resolve(file), to: file }));
}

/** Its file for pages without a bundler: the app's own copy goes before one beside this package. */
function transformersBundle(): string {
  const name = "@huggingface/transformers";
  for (const from of [path.join(process.cwd(), "package.json"), import.meta.url]) {
    try {
      return path.join(path.dirname(createRequire(from).resolve(name)), "transformers.min.js");
    } catch {
      // Looked for at the next place.
    }
  }
  throw new MissingPeerError(name, "--transformers");
}

async function modelFiles(folder: string): Promise<{ name: string; files: Copy[] }> {
  const { manifest } = await openFileModel(folder);
  const { name, tokenizer, shards } = manifest;
  // The name becomes a folder, and the manifest may be anybody's.
  if (!/^[0-9A-Za-z_][0-9A-Za-z._-]*$/.test(name)) throw new InvalidInputError("model", "a model whose name can be a folder", name);
  const files = ["manifest.json", tokenizer.file, ...shards.map(({ file }) => file)];
  return { name, files: files.map((file) => ({ from: path.join(folder, file), to: path.posix.join("models", name, file) })) };
}

/** A folder goes before a package of the same name. */
async function namedModel(model: string): Promise<string> {
  return (await existing(model)) ?? modelPackageFolder(model, process.cwd()) ?? model;
}

async function existing(file: string): Promise<string | null> {
  return stat(file).then(
    () => file,
    () => null,
  );
}
