/**
 * Changes an index in the private file system and stops for ever at one of its writes, for the page to end it there. Tells "stopped" when it has, or "done" when
 * the change was made before.
 */
import type { BlobWriter, ByteStore } from "#core/byte-store.ts";
import { HybridIndex } from "#search/hybrid-index.ts";
import { WebLock } from "#storage/locks.ts";
import { OpfsStore } from "#storage/opfs.ts";
import { makeDocuments, SETTINGS } from "../../unit/search/fixtures.ts";

export interface Doom {
  readonly path: readonly string[];
  /** The write before which it stops, from 1. */
  readonly stopAt: number;
}

function stoppingStore(store: ByteStore, { stopAt }: Doom): ByteStore {
  let writes = 0;
  const write = async <T>(action: () => Promise<T>): Promise<T> => {
    if (++writes === stopAt) {
      postMessage("stopped");
      await new Promise(() => {});
    }
    return await action();
  };
  const wrap = (writer: BlobWriter): BlobWriter => ({
    get bytes() {
      return writer.bytes;
    },
    append: (chunk) => write(() => writer.append(chunk)),
    commit: () => write(() => writer.commit()),
    abort: () => writer.abort(),
  });
  return {
    kind: store.kind,
    size: (name) => store.size(name),
    open: (name) => store.open(name),
    list: (prefix) => store.list(prefix),
    create: async (name) => wrap(await write(() => store.create(name))),
    remove: (name) => write(() => store.remove(name)),
    close: () => store.close(),
  };
}

addEventListener("message", async ({ data }: MessageEvent<Doom>) => {
  const store = await OpfsStore.open(data.path);
  // The lock is the browser's: it must come free when this worker is ended while it holds it.
  const index = await HybridIndex.open(stoppingStore(store, data), { settings: SETTINGS, name: data.path.join("/"), lock: new WebLock() });
  await index.update([...makeDocuments(5, 4), ...makeDocuments(3, 5, "new")]);
  postMessage("done");
});
