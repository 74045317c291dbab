/** Which heads the model runs with: those that it came with, or those that were trained on this device; and how it changes them while calls are under way. */
import { BusyError } from "#core/errors.ts";
import { nextMessageTurn } from "#core/event-loop.ts";
import type { LoadedModel } from "#core/loaded-model.ts";
import type { ProgressListener, ProgressNotice } from "#core/progress.ts";
import { readStoredHeads, removeStoredHeads, removeTraining, storeHeads, withHeads } from "#model/adapted-heads.ts";
import type { ModelStorage } from "#model/model-storage.ts";
import type { StoredDocument } from "#texts/types.ts";
import type { AdaptSettings, AdaptSource, HeadsRequest } from "./adapt-protocol.ts";
import type { Adapted } from "./protocol.ts";
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

  /** @throws BusyError; what training throws */
  async adapt(source: AdaptSource, settings: AdaptSettings, call: HeadsCall): Promise<Adapted> {
    return await this.#alone(call, async (storage) => {
      const { base } = this.#parts.ready().parts;
      const texts = source.kind === "pairs" ? { pairs: source.pairs } : { documents: await this.#parts.documents(source) };
      const { trainOnTexts } = await import("./adapt.ts");
      const encoder = this.#parts.ready().encoderParts("corpus");
      const { file, isBetter, report } = await trainOnTexts(texts, settings, { base, encoder, store: storage?.store ?? null, ...call });
      if (isBetter || settings.adopt === "always") return { report, heads: file };
      if (storage) await removeTraining(storage.store, base.manifest.fingerprint);
      return { report, heads: null };
    });
  }

  /**
   * @param heads null for the model's own
   * @returns whether the heads are stored
   * @throws BusyError for the model's own while others are trained; what opening the model throws: then nothing has changed
   */
  async change(heads: Uint8Array<ArrayBuffer> | null, call: HeadsCall): Promise<boolean> {
    while (!heads && this.#changing) await this.#idle();
    const { base, heads: before } = this.#parts.ready().parts;
    if (heads || before) await this.#parts.switchTo(heads, call);
    const storage = await this.#storage(call.onProgress);
    if (!storage) return false;
    const { fingerprint } = base.manifest;
    if (!heads) await removeStoredHeads(storage.store, fingerprint);
    const stored = heads !== null && (await keep(storage, fingerprint, heads, call.onProgress));
    // What a run would go on from is of no use any more.
    if (!this.#changing) await removeTraining(storage.store, fingerprint).catch(() => {});
    return stored;
  }

  /** One training at a time, in this worker and among all tabs. */
  async #alone<T>(call: HeadsCall, work: (storage: ModelStorage | null) => Promise<T>): Promise<T> {
    // Nothing is awaited between the last look and taking the turn.
    while (this.#changing) await this.#idle();
    const done = this.#locked(call, work);
    this.#changing = { signal: call.signal, done: done.catch(() => {}) };
    return await done.finally(() => {
      this.#changing = undefined;
    });
  }

  /** @throws BusyError while heads are being trained. One that was cancelled ends soon, and is waited for. */
  async #idle(): Promise<void> {
    // It may not have heard yet that it was cancelled.
    if (this.#changing) await nextMessageTurn();
    while (this.#changing) {
      if (!this.#changing.signal.aborted) throw new BusyError("The heads of this model are being changed");
      await this.#changing.done;
    }
  }

  async #locked<T>({ signal, onProgress }: HeadsCall, work: (storage: ModelStorage | null) => Promise<T>): Promise<T> {
    const storage = await this.#storage(onProgress);
    return storage ? await storage.locks.withLock("adapt-heads", () => work(storage), { signal }) : await work(null);
  }

  /** Null where nothing is to be, or can be, stored. */
  async #storage(onProgress: ProgressListener | undefined): Promise<ModelStorage | null> {
    try {
      return (await this.#parts.openStorage?.()) ?? null;
    } catch (error) {
      tell(onProgress, { code: "storage-unavailable", message: `Adapted heads are kept in memory only: ${textOf(error)}` });
      return null;
    }
  }
}

/** @returns whether they are stored now */
async function keep({ store }: ModelStorage, base: string, file: Uint8Array<ArrayBuffer>, onProgress: ProgressListener | undefined): Promise<boolean> {
  try {
    await storeHeads(store, base, file);
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
