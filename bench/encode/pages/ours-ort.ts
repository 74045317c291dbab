/** The same on ONNX Runtime, the engine that our own is measured against. */
import { offerSide } from "./our-side.ts";

offerSide({ worker: () => new Worker(new URL("./ours-ort-worker.ts", import.meta.url), { type: "module" }) });
