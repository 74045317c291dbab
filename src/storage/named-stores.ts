/** Which stores there are below a name, wherever they lie, and who uses them. Stores are opened by `open.ts`. */
import { storageFailure } from "./failure.ts";
import { ROOT } from "./open.ts";

/** Names of the stores directly below `parent`, in the private file system and in IndexedDB. @throws StorageError */
export async function listStores(parent: string): Promise<string[]> {
  const names = new Set([...(await listFolders(parent)), ...(await listDatabases(parent))]);
  return [...names].sort();
}

async function listFolders(parent: string): Promise<string[]> {
  const names: string[] = [];
  try {
    let folder = await navigator.storage.getDirectory();
    for (const name of [ROOT, ...parent.split("/")]) folder = await folder.getDirectoryHandle(name);
    for await (const [name, { kind }] of folder.entries()) if (kind === "directory") names.push(name);
  } catch {
    // There is no such folder yet, or no such file system: the stores may lie in IndexedDB.
  }
  return names;
}

async function listDatabases(parent: string): Promise<string[]> {
  try {
    const prefix = `${ROOT}/${parent}/`;
    const databases = await indexedDB.databases();
    return databases.flatMap(({ name }) => (name?.startsWith(prefix) ? [name.slice(prefix.length)] : []));
  } catch (cause) {
    throw storageFailure("indexeddb", "list its databases", cause);
  }
}

const lockOfUse = (store: string) => `bge-m3-web/use/${store}`;

/**
 * Tells all tabs of the origin that a store is in use, until what it gives is called, or until this tab or worker ends.
 * @returns ends the use; when that resolves, every tab knows
 */
export function useStore(store: string): Promise<() => Promise<void>> {
  return new Promise((resolve, reject) => {
    let letGo = () => {};
    const used = new Promise<void>((end) => {
      letGo = end;
    });
    const request = navigator.locks.request(lockOfUse(store), { mode: "shared" }, () => {
      resolve(async () => {
        letGo();
        await request;
        // The lock manager is told without an answer: this question comes after it, and is answered.
        await navigator.locks.query();
      });
      return used;
    });
    request.catch(reject);
  });
}

/** Runs the action while nobody uses the store. @returns false, without running it, when somebody does */
export async function whileUnused(store: string, action: () => Promise<void>): Promise<boolean> {
  return await navigator.locks.request(lockOfUse(store), { ifAvailable: true }, async (lock) => {
    if (!lock) return false;
    await action();
    return true;
  });
}
