/** The peer with ONNX Runtime's profiling on, on the main thread. */

import { openBrowserPeer } from "./browser-peer.ts";
import { printedDuring } from "./profile-capture.ts";

const peer = openBrowserPeer({ enableProfiling: true });

Object.assign(globalThis, {
  bench: {
    /** @returns what the runtime prints: a trace of all runs, one text a run */
    async profile(texts: readonly string[]): Promise<string> {
      await peer.load();
      await peer.encode(texts, 1);
      return printedDuring(() => peer.endProfiling());
    },
  },
});
