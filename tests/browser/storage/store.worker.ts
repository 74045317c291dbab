/** Serves a byte store of this worker to the page (see remote-store.ts): objects stay here under a number, calls come by number and method. */
import type { BlobReader, BlobWriter, ByteStore } from "#core/byte-store.ts";
import { errorToWire } from "#core/error-wire.ts";
import { OpfsStore } from "#storage/opfs.ts";

export interface Call {
  readonly id: number;
  /** 0 is the store itself. */
  readonly object: number;
  readonly method: string;
  readonly args: readonly unknown[];
}

const objects = new Map<number, ByteStore | BlobReader | BlobWriter>();
let nextObject = 1;

async function answer({ object, method, args }: Call): Promise<unknown> {
  if (method === "connect") {
    objects.set(0, await OpfsStore.open(args[0] as string[]));
    return undefined;
  }
  const target = objects.get(object) as unknown as Record<string, (...values: readonly unknown[]) => unknown>;
  const value = await target[method]!(...args);
  if (method !== "open" && method !== "create") return value;
  const number = nextObject++;
  objects.set(number, value as BlobReader | BlobWriter);
  return { object: number, bytes: (value as BlobReader).bytes };
}

addEventListener("message", async ({ data }: MessageEvent<Call>) => {
  try {
    postMessage({ id: data.id, value: await answer(data) });
  } catch (error) {
    postMessage({ id: data.id, error: errorToWire(error) });
  }
});
