/** A server with a fault, and a store that nobody else has: what tests of delivery are made of. */
import { expect } from "vitest";
import type { FileEntry, Manifest } from "#core/manifest.ts";
import type { ProgressEvent } from "#core/progress.ts";
import { type LoadModelOptions, loadModel } from "#model/load-model.ts";
import type { ModelStorage } from "#model/model-storage.ts";
import { WebLock } from "#storage/locks.ts";
import { openStore, type StoreKind } from "#storage/open.ts";
import type { LogEntry } from "./flaky-models.ts";

export const baseUrl = new URL("/", location.href).href;

export function scene(fault: string, kind: StoreKind = "opfs", server = "") {
  const id = crypto.randomUUID();
  const folder = `${server}/flaky-models/${id}/${fault}/`;
  const events: ProgressEvent[] = [];
  const openStorage = async (): Promise<ModelStorage> => {
    const { store } = await openStore(`test-${id}`, { kinds: [kind] });
    return { store, locks: new WebLock(), freeBytes: async () => undefined };
  };
  const load = async (options: Partial<LoadModelOptions> = {}) => {
    const onProgress = (event: ProgressEvent) => events.push(event);
    const model = await loadModel(folder, { baseUrl, openStorage, retryDelayMs: 1, onProgress, fetch: telling(id), ...options });
    const { manifest, tensors, readTokenizer } = model;
    const names = Object.keys(manifest.tensors);
    const { signal } = options;
    const [tokenizer] = await Promise.all([readTokenizer({ signal }), ...names.map((name) => tensors.read(name, { signal }))]);
    expect(tokenizer.length).toBe(manifest.tokenizer.bytes);
    return model;
  };
  const log = async (): Promise<LogEntry[]> => (await fetch(`/flaky-models/${id}/log`)).json();
  return {
    folder,
    load,
    log,
    openStorage,
    notices: () => events.flatMap(({ notice }) => (notice ? [notice.code] : [])),
    messages: () => events.flatMap(({ notice }) => (notice ? [notice.message] : [])),
    /** Requests for the shard that has the fault. */
    shardLog: async (shard: FileEntry) => (await log()).filter(({ file }) => file === shard.file),
    /** The network goes away, or comes back; or the server gets a manifest of a later format, until "on". */
    turn: (how: "off" | "on" | "newer") => fetch(`/flaky-models/${id}/${how}`),
  };
}

/** A `fetch` that tells the server when the bytes after which it cuts have come through. */
function telling(id: string): typeof fetch {
  return async (url, init) => {
    const response = await fetch(url, init);
    const cutAfter = Number(response.headers.get("x-cut-after") ?? Number.NaN);
    if (Number.isNaN(cutAfter)) return response;
    let received = 0;
    const counted = response.body!.pipeThrough(
      new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
        transform(bytes, controller) {
          controller.enqueue(bytes);
          received += bytes.byteLength;
          if (received === cutAfter) void fetch(`/flaky-models/${id}/arrived`);
        },
      }),
    );
    // A response that is made here would not say that it came from another origin.
    return Object.defineProperty(new Response(counted, response), "type", { value: response.type });
  };
}

/** The shard that the faults are about. */
export async function faultyShard(): Promise<FileEntry> {
  const { shards }: Manifest = await (await fetch("/models/m3-mini/manifest.json")).json();
  return shards.reduce((most, shard) => (shard.bytes > most.bytes ? shard : most));
}
