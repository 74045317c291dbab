/** This package as a user calls it. */
import { M3 } from "../../../src/index.ts";
import type { MemorySide } from "../protocol.ts";

let m3: M3 | undefined;
let encoded = 0;

const heads = { returnSparse: true, returnColbertVecs: true } as const;

const bench: MemorySide = {
  async load(model) {
    m3 = await M3.load(model, { device: "wasm", baseUrl: "/", threads: 2 });
    await m3.encodeQueries("What is it?", heads);
    return `${m3.device.engine}, ${m3.device.precision}, ${m3.device.threads} threads`;
  },
  async encode(texts) {
    // Other words each time, so that no text is taken from a cache; of a few dozen pages of the vocabulary.
    for (let text = 0; text < texts; text++) await m3!.encode(`Note ${encoded++}: open the menu and choose number ${encoded % 97}.`, heads);
  },
  async dispose() {
    await m3?.dispose();
    m3 = undefined;
  },
};

Object.assign(globalThis, { bench });
