/** What `M3.load` takes for a model: a name or URL, or a folder on the user's disk. */
import { InvalidInputError } from "#core/errors.ts";
import type { ModelFolder } from "#worker/protocol.ts";

/**
 * A model: a name ("m3-mini"); the URL or path of a manifest or of the folder that holds one (ending in "/"); or such a folder on the user's disk: a handle
 * (`showDirectoryPicker()`, or `getAsFileSystemHandle()` of something dropped) or its files (of an `<input type="file" webkitdirectory>`).
 */
export type ModelSource = string | FileSystemDirectoryHandle | FileList | readonly File[];

const MANIFEST = "manifest.json";

/** @throws InvalidInputError when it is nothing of the kind, or when there is no manifest.json among the files */
export function toModel(source: unknown): string | ModelFolder {
  if (typeof source === "string") return source;
  if (isDirectory(source)) return { handle: source };
  const files = filesOf(source);
  if (!files) throw new InvalidInputError("model", "a string, a directory handle, or the files of a folder", source);
  // Of a tree with several models it is the one nearest to the root; a file on its own has no path.
  const manifests = files.filter(({ name }) => name === MANIFEST).sort((a, b) => depthOf(a) - depthOf(b));
  const manifest = manifests[0];
  if (!manifest) throw new InvalidInputError("model", `a folder with a ${MANIFEST}`, source);
  const folder = folderOf(manifest);
  return { files: files.filter((file) => folderOf(file) === folder) };
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
