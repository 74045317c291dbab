/** What is kept on this device, and what can be done about it. */
import { M3, type ModelCheck, models, type ProgressEvent, type StoredModel } from "bge-m3-web";
import { languages } from "../languages.ts";
import { loadCorpus } from "../loading/corpus.ts";
import { MODEL, notKept } from "../loading/model.ts";
import type { Bytes, State } from "../state.ts";
import { Store } from "../store.ts";

export interface StoredIndex {
  readonly name: string;
  /** Null where it cannot be opened, as with the model of now. */
  readonly content: { readonly documents: number; readonly bytes: number } | null;
}

export interface StorageState {
  readonly usage: { readonly used: number; readonly quota: number | undefined; readonly pages: number | undefined } | null;
  readonly persisted: boolean | null;
  /** Null: not looked yet. */
  readonly models: readonly StoredModel[] | null;
  readonly indexes: readonly StoredIndex[] | null;
  readonly error: unknown;
  /** Of what is missing for use without a network. */
  readonly download:
    | { readonly kind: "idle" | "done" }
    | { readonly kind: "underway"; readonly bytes: Bytes | null }
    | { readonly kind: "failed"; readonly error: unknown };
}

export class DeviceStorage {
  readonly store = new Store<StorageState>({ usage: null, persisted: null, models: null, indexes: null, error: null, download: { kind: "idle" } });
  readonly #app: Store<State>;

  constructor(app: Store<State>) {
    this.#app = app;
    app.watch(["model"], () => void this.look());
  }

  /** Never rejects. */
  async look(): Promise<void> {
    try {
      const estimate: StorageEstimate & { readonly usageDetails?: { readonly caches?: number } } = await navigator.storage.estimate();
      this.store.update({
        usage: { used: estimate.usage ?? 0, quota: estimate.quota, pages: estimate.usageDetails?.caches },
        persisted: await navigator.storage.persisted(),
        models: await models.list(),
        error: null,
      });
      const { model } = this.#app.state;
      if (model.kind === "ready") this.store.update({ indexes: await listIndexes(model.value) });
    } catch (error) {
      this.store.update({ error });
    }
  }

  /** @returns whether the browser promised to keep what is stored */
  async persist(): Promise<boolean> {
    const persisted = await navigator.storage.persist();
    this.store.update({ persisted });
    return persisted;
  }

  verify(model: StoredModel): Promise<ModelCheck> {
    return models.verify(model.url).finally(() => void this.look());
  }

  async removeModel(model: StoredModel): Promise<void> {
    await models.remove(model.url);
    await this.look();
  }

  async removeIndex(name: string): Promise<void> {
    const { model } = this.#app.state;
    if (model.kind === "ready") await model.value.removeIndex(name);
    await this.look();
  }

  /** Downloads what is missing of the model and the pages. Never rejects. */
  async downloadAll(): Promise<void> {
    const tell = (bytes: Bytes | null) => this.store.update({ download: { kind: "underway", bytes } });
    tell(null);
    try {
      let lost: string | undefined;
      const onProgress = ({ phase, loaded, total, notice }: ProgressEvent) => {
        if (notice) lost ??= notKept([notice])?.message;
        if (phase === "download") tell({ loaded, total });
      };
      // A model of its own, which is given up as soon as all its files are there.
      const whole = await M3.load(MODEL, { device: "wasm", threads: 1, prefetch: "all", onProgress });
      await whole.dispose();
      if (lost !== undefined) throw new Error(lost);
      for (const { code } of languages) await loadCorpus(code, () => {});
      this.store.update({ download: { kind: "done" } });
    } catch (error) {
      this.store.update({ download: { kind: "failed", error } });
    }
    await this.look();
  }
}

async function listIndexes(m3: M3): Promise<StoredIndex[]> {
  const indexes: StoredIndex[] = [];
  for (const name of await m3.listIndexes()) indexes.push({ name, content: await contentOf(m3, name) });
  return indexes;
}

async function contentOf(m3: M3, name: string): Promise<StoredIndex["content"]> {
  try {
    await using index = await m3.openIndex(name);
    const { documents, bytes } = await index.info();
    return { documents, bytes: Object.values(bytes).reduce((sum, part) => sum + part, 0) };
  } catch {
    return null;
  }
}
