/** What `M3.load` takes for a model: a name or URL, a folder on the user's disk, or a published ONNX repository. */
import { InvalidInputError } from "#core/errors.ts";
import type { PublishedModel } from "#core/published-models.ts";
import type { LoadRequest, ModelFolder } from "#worker/protocol.ts";

/**
 * A model: a name ("m3-mini", or that of a repository in `bge-m3-web/published`); the URL or path of a manifest or of the folder that holds one (ending in "/"); such a folder, or one
 * with a published ONNX file, on the user's disk: a handle (`showDirectoryPicker()`, or `getAsFileSystemHandle()` of something dropped) or its files (of an
 * `<input type="file" webkitdirectory>`); or an entry like those there for a repository that is not among them.
 */
export type ModelSource = string | FileSystemDirectoryHandle | FileList | readonly File[] | PublishedModel;

const MANIFEST = "manifest.json";
const CONFIG = "config.json";

/** @throws InvalidInputError when it is nothing of the kind, or when the files are of no model */
export function toModel(source: unknown): LoadRequest["model"] {
  if (typeof source === "string") return source;
  if (isDirectory(source)) return { handle: source };
  if (isPublished(source)) return { published: source };
  const files = filesOf(source);
  if (!files) throw new InvalidInputError("model", "a string, a directory handle, the files of a folder, or the entry of a published model", source);
  const own = folderWith(files, MANIFEST);
  if (own !== undefined) return inFolder(files, (folder) => folder === own, own);
  const published = files.some(({ name }) => name.endsWith(".onnx")) ? folderWith(files, CONFIG) : undefined;
  // ONNX files are in folders of their own.
  if (published !== undefined) return inFolder(files, (folder) => folder.startsWith(published), published);
  throw new InvalidInputError("model", `a folder with a ${MANIFEST}, or with a ${CONFIG} and an ONNX file`, source);
}

/** Of a tree with several models it is the one nearest to the root; a file on its own has no path. */
function folderWith(files: readonly File[], name: string): string | undefined {
  const [nearest] = files.filter((file) => file.name === name).sort((a, b) => depthOf(a) - depthOf(b));
  return nearest && folderOf(nearest);
}

function inFolder(files: readonly File[], isInside: (folder: string) => boolean, root: string): ModelFolder {
  const inside = files.filter((file) => isInside(folderOf(file)));
  return { files: inside, paths: inside.map((file) => folderOf(file).slice(root.length) + file.name) };
}

function isPublished(source: unknown): source is PublishedModel {
  if (typeof source !== "object" || source === null) return false;
  const { repository, file, files } = source as Partial<PublishedModel>;
  return typeof repository === "string" && typeof file === "string" && Array.isArray(files) && files.every((one) => typeof one?.path === "string");
}

/** By shape: it may come from another realm. */
function isDirectory(source: unknown): source is FileSystemDirectoryHandle {
  return typeof source === "object" && source !== null && "kind" in source && source.kind === "directory" && "getFileHandle" in source;
}

function filesOf(source: unknown): readonly File[] | undefined {
  if (typeof source !== "object" || source === null || !("length" in source)) return undefined;
  const list = Array.from(source as ArrayLike<unknown>);
  const areFiles = list.every((one) => typeof one === "object" && one !== null && "name" in one && "arrayBuffer" in one);
  return areFiles ? (list as File[]) : undefined;
}

function folderOf({ name, webkitRelativePath = "" }: File): string {
  return webkitRelativePath.slice(0, -name.length);
}

function depthOf({ webkitRelativePath = "" }: File): number {
  return webkitRelativePath.split("/").length;
}
