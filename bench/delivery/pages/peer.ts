/** transformers.js on the same model, q8, every file from this origin: load, then one query. It gives the dense vector only. */
import { openBrowserPeer } from "../../encode/pages/browser-peer.ts";
import type { DeliverySide } from "../protocol.ts";

const bench: DeliverySide = {
  async firstQuery(text) {
    const peer = openBrowserPeer();
    const { engine } = await peer.load();
    // With the passage's prompt, which is that of the encode bench: no byte more or less.
    const dense = await peer.extract([text]);
    return { tokens: null, engine, dense: [...dense] };
  },
};

Object.assign(globalThis, { bench });
