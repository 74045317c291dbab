/** Which heads the model runs with: those that it came with, or those that were trained on this device; and how it changes them while calls are under way. */
import { BusyError } from "#core/errors.ts";
import { nextMessageTurn } from "#core/event-loop.ts";
import type { LoadedModel } from "#core/loaded-model.ts";
import type { ProgressListener, ProgressNotice } from "#core/progress.ts";
import { readStoredHeads, removeStoredHeads, storeHeads, withHeads } from "#model/adapted-heads.ts";
import type { ModelStorage } from "#model/model-storage.ts";
import type { StoredDocument } from "#texts/types.ts";
import type { AdaptReport, AdaptSettings, AdaptSource, HeadsRequest } from "./adapt-protocol.ts";
import type { ReadyModel } from "./ready-model.ts";

export interface HeadsParts {
  readonly ready: () => ReadyModel;
  /** Opens the model with other heads, and lets all calls from now on have it. */
  readonly switchTo: (heads: Uint8Array<ArrayBuffer> | null, call: HeadsCall) => Promise<void>;
  /** Null: nothing is to be stored. */
  readonly openStorage: (() => Promise<ModelStorage>) | null;
  /** The documents of an index. */
  readonly documents: (source: AdaptSource & { readonly kind: "index" }) => Promise<StoredDocument[]>;
}

export interface HeadsCall {
  readonly signal: AbortSignal;
  readonly onProgress: ProgressListener | undefined;
}

/** The heads that a worker is to load with. */
export async function chooseHeads(
  wanted: HeadsRequest,
  base: LoadedModel,
  openStorage: (() => Promise<ModelStorage>) | null,
  onProgress: ProgressListener | undefined,
): Promise<Uint8Array<ArrayBuffer> | null> {
  if (typeof wanted === "object") return wanted.file;
  if (wanted === "shipped" || !openStorage) return null;
  try {
    const { store } = await openStorage();
    const found = await readStoredHeads(store, base.manifest.fingerprint);
    if (!found) return null;
    // Heads of an earlier version of this package may have other tensors.
    const isUsable = found !== "damaged" && (await withHeads(base, found).then(Boolean, () => false));
    if (isUsable) return found;
    tell(onProgress, { code: "stored-file-damaged", message: "The heads that were adapted on this device are damaged; the model's own are used." });
    await removeStoredHeads(store, base.manifest.fingerprint);
  } catch (error) {
    tell(onProgress, { code: "storage-unavailable", message: `Adapted heads could not be looked for; the model's own are used: ${textOf(error)}` });
  }
  return null;
}

export class HeadsService {
  readonly #parts: HeadsParts;
  /** The change at hand. */
  #changing: { readonly signal: AbortSignal; readonly done: Promise<unknown> } | undefined;

  constructor(parts: HeadsParts) {
    this.#parts = parts;
  }

  /** @throws BusyError; what training throws; what opening the model throws: the heads are those from before then */
  adapt(source: AdaptSource, settings: AdaptSettings, call: HeadsCall): Promise<AdaptReport> {
    return this.#alone(call, async (storage) => {
      const { base } = this.#parts.ready().parts;
      const texts = source.kind === "pairs" ? { pairs: source.pairs } : { documents: await this.#parts.documents(source) };
      const { trainOnTexts } = await import("./adapt.ts");
      const encoder = this.#parts.ready().encoderParts("corpus");
      const trained = await trainOnTexts(texts, settings, { base, encoder, store: storage?.store ?? null, ...call });
      const adopted = trained.isBetter || settings.adopt === "always";
      if (adopted) await this.#parts.switchTo(trained.file, call);
      const stored = adopted && storage !== null && (await keep(storage, base, trained.file, call.onProgress));
      await trained.clearUp();
      return { adopted, stored, ...trained.report };
    });
  }

  /** @throws BusyError; what opening the model throws */
  async reset(call: HeadsCall): Promise<void> {
    await this.#alone(call, async (storage) => {
      const { base, heads } = this.#parts.ready().parts;
      if (heads) await this.#parts.switchTo(null, call);
      if (storage) await removeStoredHeads(storage.store, base.manifest.fingerprint);
    });
  }

  /** One change of the heads at a time, in this worker and among all tabs. */
  async #alone<T>(call: HeadsCall, work: (storage: ModelStorage | null) => Promise<T>): Promise<T> {
    // One that was cancelled may not have heard it yet, and ends soon.
    if (this.#changing) await nextMessageTurn();
    while (this.#changing) {
      if (!this.#changing.signal.aborted) throw new BusyError("The heads of this model are being changed");
      await this.#changing.done;
    }
    const done = this.#withStorage(call, work);
    const change = { signal: call.signal, done: done.catch(() => {}) };
    this.#changing = change;
    return await done.finally(() => {
      this.#changing = undefined;
    });
  }

  async #withStorage<T>({ signal, onProgress }: HeadsCall, work: (storage: ModelStorage | null) => Promise<T>): Promise<T> {
    const { openStorage } = this.#parts;
    const storage = await openStorage?.().catch((error: unknown) => {
      tell(onProgress, { code: "storage-unavailable", message: `Adapted heads are kept in memory only: ${textOf(error)}` });
    });
    if (!storage) return await work(null);
    return await storage.locks.withLock("adapt-heads", () => work(storage), { signal });
  }
}

/** @returns whether they are stored now */
async function keep(
  { store }: ModelStorage,
  { manifest }: LoadedModel,
  file: Uint8Array<ArrayBuffer>,
  onProgress: ProgressListener | undefined,
): Promise<boolean> {
  try {
    await storeHeads(store, manifest.fingerprint, file);
    return true;
  } catch (error) {
    tell(onProgress, { code: "storage-unavailable", message: `Adapted heads are kept in memory only: ${textOf(error)}` });
    return false;
  }
}

function tell(onProgress: ProgressListener | undefined, notice: ProgressNotice): void {
  onProgress?.({ phase: "prepare", loaded: 0, total: 0, unit: "steps", notice });
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
