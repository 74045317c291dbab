/** A byte store that lives in store.worker.ts, for the contract suite: there the private file system has synchronous handles. */
import type { BlobReader, BlobWriter, ByteStore } from "#core/byte-store.ts";
import { errorFromWire, type WireError } from "#core/error-wire.ts";

interface Answer {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: WireError;
}

export async function openInWorker(path: readonly string[]): Promise<{ readonly store: ByteStore; readonly worker: Worker }> {
  const worker = new Worker(new URL("./store.worker.ts", import.meta.url), { type: "module" });
  let nextCall = 0;
  const waiting = new Map<number, (answer: Answer) => void>();
  worker.onmessage = ({ data }: MessageEvent<Answer>) => waiting.get(data.id)?.(data);

  // Each method's result type is what the real object's method gives.
  const call = async <T>(object: number, method: string, ...args: unknown[]): Promise<T> => {
    const id = nextCall++;
    const answer = await new Promise<Answer>((resolve) => {
      waiting.set(id, resolve);
      worker.postMessage({ id, object, method, args });
    });
    waiting.delete(id);
    if (answer.error) throw errorFromWire(answer.error);
    return answer.value as T;
  };

  await call(0, "connect", path);
  const store: ByteStore = {
    kind: "opfs",
    size: (name) => call(0, "size", name),
    list: (prefix) => call(0, "list", prefix),
    remove: (name) => call(0, "remove", name),
    close: () => worker.terminate(),
    async open(name): Promise<BlobReader> {
      const { object, bytes } = await call<{ object: number; bytes: number }>(0, "open", name);
      return {
        bytes,
        read: (offset, length) => call(object, "read", offset, length),
        readMany: (ranges) => call(object, "readMany", ranges),
        close: () => void call(object, "close"),
      };
    },
    async create(name): Promise<BlobWriter> {
      const { object } = await call<{ object: number }>(0, "create", name);
      let bytes = 0;
      return {
        get bytes() {
          return bytes;
        },
        async append(chunk) {
          await call(object, "append", chunk);
          bytes += chunk.length;
        },
        commit: () => call(object, "commit"),
        abort: () => call(object, "abort"),
      };
    },
  };
  return { store, worker };
}
