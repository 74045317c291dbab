/** A model folder on the user's disk, as a `fetch`: loading, checking and messages are those of a server. Nothing of it is copied. */
import { MissingShardError } from "#core/errors.ts";
import type { Fetch } from "#model/request.ts";
import type { ModelFolder } from "./protocol.ts";

/** URL under which a folder is loaded; nothing but {@link folderFetch} knows it. */
export const FOLDER_URL = "disk://folder/";

/** @throws (its calls) MissingShardError for a file that is not there or may not be read */
export function folderFetch(folder: ModelFolder): Fetch {
  return async (url, { signal }) => {
    signal?.throwIfAborted();
    const name = decodeURIComponent(url.slice(url.lastIndexOf("/") + 1));
    // The type says nothing: that of a file on a disk is guessed from its name.
    return new Response(await fileOf(folder, name), { headers: { "content-type": "application/octet-stream" } });
  };
}

async function fileOf(folder: ModelFolder, name: string): Promise<File> {
  if ("files" in folder) {
    const file = folder.files.find((one) => one.name === name);
    if (file) return file;
    throw new MissingShardError(name, "it is not in the folder. Choose the folder that build-model made, with all its files.");
  }
  try {
    return await (await folder.handle.getFileHandle(name)).getFile();
  } catch (error) {
    const isDenied = error instanceof DOMException && error.name === "NotAllowedError";
    const reason = isDenied
      ? "the page may not read the folder any more. Ask the user for it again (requestPermission)."
      : "it is not in the folder. Choose the folder that build-model made, with all its files.";
    throw new MissingShardError(name, reason, {}, { cause: error });
  }
}
