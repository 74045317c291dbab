/** Loads the model, and tells the page how far that is. */
import { M3, type ProgressNotice } from "bge-m3-web";
import type { State } from "../state.ts";
import type { Store } from "../store.ts";

export const MODEL = "m3-mini";

/** The notice that tells why a model is in memory only; undefined where it is kept. */
export function notKept(notices: readonly ProgressNotice[]): (ProgressNotice & { readonly code: "storage-full" | "storage-unavailable" }) | undefined {
  for (const { code, message } of notices) if (code === "storage-full" || code === "storage-unavailable") return { code, message };
  return undefined;
}

/** Never rejects: a failure is a state, and this may be called again. */
export async function startModel(store: Store<State>, device: "auto" | "webgpu" | "wasm"): Promise<void> {
  store.update({ model: { kind: "loading", bytes: null, step: "download" }, notices: [] });
  try {
    const m3 = await M3.load(MODEL, {
      device,
      onProgress: ({ phase, loaded, total, notice }) => {
        if (notice) store.update({ notices: [...store.state.notices, notice] });
        if (store.state.model.kind !== "loading") return;
        const bytes = phase === "download" ? { loaded, total } : store.state.model.bytes;
        const downloaded = bytes !== null && bytes.loaded >= bytes.total;
        store.update({ model: { kind: "loading", bytes, step: phase === "download" && !downloaded ? "download" : "prepare" } });
      },
    });
    store.update({ model: { kind: "ready", value: m3 } });
  } catch (error) {
    console.info("The model could not be loaded.", error);
    store.update({ model: { kind: "failed", error } });
  }
}
