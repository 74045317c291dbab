/** Tabs of this origin: frames with a script, workers and locks of their own, which end as tabs do. */
import type * as library from "../../../src/index.ts";

export interface Tab {
  readonly M3: typeof library.M3;
  close(): void;
}

export async function openTab(): Promise<Tab> {
  const frame = document.createElement("iframe");
  const url = new URL("../../../src/index.ts", import.meta.url).href;
  const ready = new Promise<void>((resolve) => frame.addEventListener("load", () => resolve()));
  // A module script runs before the frame's load event.
  frame.srcdoc = `<!doctype html><script type="module">import * as library from ${JSON.stringify(url)}; window.library = library;</script>`;
  document.body.append(frame);
  await ready;
  const { M3 } = (frame.contentWindow as unknown as { library: typeof library }).library;
  return { M3, close: () => frame.remove() };
}
