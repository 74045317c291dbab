/** Which files the index holds: name, size and how many sections. The texts are in the index; this is kept beside it, for all tabs. */
import { type DBSchema, type IDBPDatabase, openDB } from "idb";

export interface CatalogueEntry {
  /** Ids of its documents begin with it. */
  readonly key: string;
  readonly path: string;
  readonly bytes: number;
  readonly sections: number;
  /** Milliseconds since 1970. */
  readonly added: number;
}

interface Schema extends DBSchema {
  files: { key: string; value: CatalogueEntry };
}

/** Ids of a file's documents, in order. */
export function documentIds({ key, sections }: CatalogueEntry): string[] {
  return Array.from({ length: sections }, (_, section) => `${key}/${section}`);
}

export function keyOf(documentId: string): string {
  return documentId.slice(0, documentId.indexOf("/"));
}

export class Catalogue {
  readonly #database: IDBPDatabase<Schema>;

  private constructor(database: IDBPDatabase<Schema>) {
    this.#database = database;
  }

  static async open(): Promise<Catalogue> {
    return new Catalogue(await openDB<Schema>("demo-files", 1, { upgrade: (database) => void database.createObjectStore("files", { keyPath: "key" }) }));
  }

  /** By path. */
  async list(): Promise<CatalogueEntry[]> {
    const compare = new Intl.Collator(undefined, { numeric: true }).compare;
    return (await this.#database.getAll("files")).toSorted((a, b) => compare(a.path, b.path));
  }

  async put(entries: readonly CatalogueEntry[]): Promise<void> {
    const transaction = this.#database.transaction("files", "readwrite");
    await Promise.all([...entries.map((entry) => transaction.store.put(entry)), transaction.done]);
  }

  async delete(keys: readonly string[]): Promise<void> {
    const transaction = this.#database.transaction("files", "readwrite");
    await Promise.all([...keys.map((key) => transaction.store.delete(key)), transaction.done]);
  }

  async clear(): Promise<void> {
    await this.#database.clear("files");
  }
}
