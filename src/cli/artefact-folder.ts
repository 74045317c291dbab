/**
 * Writes an artefact into a folder, all or nothing: files go into a temporary folder beside it, which takes its place at the end. An interrupted build
 * leaves the old artefact as it was. Only a folder that is empty or holds an artefact is ever replaced.
 */
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import type { ArtefactSink } from "#builder/ports.ts";
import { InvalidInputError, StorageFullError } from "#core/errors.ts";
import { MANIFEST_FORMAT } from "#core/manifest.ts";

/** No space, no space within the user's share, a file too large for the file system. */
const FULL_DISK: ReadonlySet<string | undefined> = new Set(["ENOSPC", "EDQUOT", "EFBIG"]);

export interface ArtefactFolder extends ArtefactSink {
  /** Where the files lie until {@link ArtefactFolder.publish}. */
  readonly temporary: string;
  /** Puts the finished artefact in its place. */
  publish(): Promise<void>;
  /** Removes what was written. */
  discard(): Promise<void>;
}

/** `write` throws a StorageFullError when the disk is full. @throws InvalidInputError when the folder exists and holds something else than an artefact */
export async function createArtefactFolder(out: string): Promise<ArtefactFolder> {
  const target = path.resolve(out);
  await refuseForeignFolder(target);
  await mkdir(path.dirname(target), { recursive: true });
  const temporary = await mkdtemp(`${target}.building-`);
  return {
    temporary,
    async write(file, bytes) {
      await writeFile(path.join(temporary, file), bytes, { flag: "wx" }).catch((cause: NodeJS.ErrnoException) => {
        throw FULL_DISK.has(cause.code) ? new StorageFullError(`disk of ${path.dirname(target)}`, { cause }) : cause;
      });
    },
    async publish() {
      await refuseForeignFolder(target);
      const old = `${temporary}.old`;
      const hadOld = await rename(target, old).then(
        () => true,
        () => false,
      );
      await rename(temporary, target);
      if (hadOld) await rm(old, { recursive: true });
    },
    discard: () => rm(temporary, { recursive: true, force: true }),
  };
}

async function refuseForeignFolder(folder: string): Promise<void> {
  const files = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw new InvalidInputError("out", "a folder", folder);
  });
  if (files.length === 0) return;
  const manifest = await readFile(path.join(folder, "manifest.json"), "utf8").catch(() => "");
  if (!manifest.includes(`"${MANIFEST_FORMAT}"`)) throw new InvalidInputError("out", "a new folder, an empty one, or one that holds an artefact", folder);
}
