/** A file's bytes, with word of how many there are so far. */
import type { Bytes } from "../state.ts";

/** @throws Error with a sentence for people when the file is not to be had. */
export async function fetchBytes(url: string, onBytes: (bytes: Bytes) => void): Promise<ArrayBuffer> {
  const name = new URL(url, document.baseURI).pathname.split("/").at(-1);
  const response = await fetch(url).catch((cause) => {
    throw new Error(`The file "${name}" could not be fetched: the server does not answer.`, { cause });
  });
  if (!response.ok || !response.body) throw new Error(`The file "${name}" could not be fetched: the server answered ${response.status}.`);
  const total = Number(response.headers.get("Content-Length")) || 0;
  let loaded = 0;
  const counted = response.body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        loaded += chunk.byteLength;
        onBytes({ loaded, total: Math.max(loaded, total) });
        controller.enqueue(chunk);
      },
    }),
  );
  return new Response(counted).arrayBuffer();
}
