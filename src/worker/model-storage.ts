/** Where models are kept in this browser: the private file system, else IndexedDB, else the Cache API; shared by all tabs of the origin. */
import type { ModelStorage } from "#model/model-storage.ts";
import { WebLock } from "#storage/locks.ts";
import { openStore } from "#storage/open.ts";

/** @throws StorageError where nothing outlives the page: private windows, blocked storage. Memory is no choice here: the model itself lies there. */
export async function openModelStorage(): Promise<ModelStorage> {
  const { store } = await openStore("models", { kinds: ["opfs", "indexeddb", "cache-api"] });
  return {
    store,
    locks: new WebLock(),
    async freeBytes() {
      const { quota, usage } = await navigator.storage.estimate();
      return quota === undefined || usage === undefined ? undefined : quota - usage;
    },
  };
}
