/** A checkpoint in a folder of the file system. */
import { open, readdir, stat } from "node:fs/promises";
import path from "node:path";
import type { CheckpointSource } from "#builder/ports.ts";
import { InvalidCheckpointError } from "#core/errors.ts";

/** Folders inside it are listed one level deep, which is where Sentence Transformers keeps its settings. */
const MAX_DEPTH = 1;

/** @throws InvalidCheckpointError when there is no such folder */
export async function openCheckpointFolder(folder: string): Promise<CheckpointSource> {
  const isFolder = await stat(folder).then(
    (entry) => entry.isDirectory(),
    () => false,
  );
  if (!isFolder) throw new InvalidCheckpointError(`there is no folder "${folder}".`, { folder });
  const files = (await listFiles(folder, "", 0)).sort();
  return {
    list: async () => files,
    size: async (file) => (await stat(path.join(folder, file))).size,
    async read(file, offset, length, options) {
      options?.signal?.throwIfAborted();
      const handle = await open(path.join(folder, file), "r");
      try {
        const bytes = new Uint8Array(length);
        let done = 0;
        while (done < length) {
          const { bytesRead } = await handle.read(bytes, done, length - done, offset + done);
          if (bytesRead === 0)
            throw new InvalidCheckpointError(`${file} ends at byte ${offset + done}, before what it says it holds. Download it again.`, { file });
          done += bytesRead;
        }
        return bytes;
      } finally {
        await handle.close();
      }
    },
  };
}

async function listFiles(folder: string, prefix: string, depth: number): Promise<string[]> {
  const entries = await readdir(path.join(folder, prefix), { withFileTypes: true });
  const nested = await Promise.all(
    entries.map(async (entry) => {
      const name = prefix === "" ? entry.name : `${prefix}/${entry.name}`;
      // Files in a Hugging Face cache are symbolic links, so ask what they lead to.
      const kind = entry.isSymbolicLink() ? await stat(path.join(folder, name)).catch(() => null) : entry;
      if (kind?.isFile()) return [name];
      return kind?.isDirectory() && depth < MAX_DEPTH ? listFiles(folder, name, depth + 1) : [];
    }),
  );
  return nested.flat();
}
