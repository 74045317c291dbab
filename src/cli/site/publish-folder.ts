/** The folder of a published index: blobs in folders named by their content, and one small file that says which of them count, replaced last. */
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { InvalidInputError } from "#core/errors.ts";
import { PUBLISHED_INDEX_FILE, type PublishedIndex, parsePublishedIndex, writePublishedIndex } from "#texts/published-index.ts";

export class PublishFolder {
  readonly #out: string;
  /** For what is being made. */
  readonly temporary: string;
  /** What is published there now; null for nothing. */
  readonly before: PublishedIndex | null;

  private constructor(out: string, temporary: string, before: PublishedIndex | null) {
    this.#out = out;
    this.temporary = temporary;
    this.before = before;
  }

  /** @throws InvalidInputError when it cannot be written; CorruptIndexError; NewerIndexError */
  static async open(out: string): Promise<PublishFolder> {
    const refuse = (cause: NodeJS.ErrnoException) => {
      throw new InvalidInputError("--out", `a folder that can be written (${cause.code ?? cause.message})`, out);
    };
    await mkdir(out, { recursive: true }).catch(refuse);
    const temporary = await mkdtemp(path.join(out, ".building-")).catch(refuse);
    try {
      return new PublishFolder(out, temporary as string, await readPublished(out));
    } catch (error) {
      await rm(temporary as string, { recursive: true, force: true });
      throw error;
    }
  }

  /** Folder of a published language. */
  pathOf(folder: string): string {
    return path.join(this.#out, folder);
  }

  /** Puts what was made in its place, then says so, then removes what no longer counts. */
  async publish(index: PublishedIndex, made: ReadonlyMap<string, string>): Promise<void> {
    for (const [folder, temporary] of made) {
      // The same content is there already.
      await rename(temporary, this.pathOf(folder)).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== "ENOTEMPTY" && error.code !== "EEXIST") throw error;
      });
    }
    const list = path.join(this.temporary, PUBLISHED_INDEX_FILE);
    await writeFile(list, writePublishedIndex(index));
    await rename(list, path.join(this.#out, PUBLISHED_INDEX_FILE));
    const kept = new Set(Object.values(index.languages).map(({ folder }) => folder));
    for (const { folder } of Object.values(this.before?.languages ?? {}))
      if (!kept.has(folder)) await rm(this.pathOf(folder), { recursive: true, force: true });
  }

  /** Removes what was not published. */
  async close(): Promise<void> {
    await rm(this.temporary, { recursive: true, force: true });
  }
}

/** @throws CorruptIndexError; NewerIndexError */
export async function readPublished(out: string): Promise<PublishedIndex | null> {
  const text = await readFile(path.join(out, PUBLISHED_INDEX_FILE), "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw error;
  });
  return text === null ? null : parsePublishedIndex(text);
}
