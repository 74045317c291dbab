/**
 * The worker's side of the protocol: wires delivery, tokenizer, encoder and runtime together, and gives every call a number by which it can be stopped.
 * What it computes is the encoder's business; which batch is next, the queue's; which backend, `choose-device.ts`'s.
 */
import * as Comlink from "comlink";
import type { DeviceChoice, DeviceStory } from "#core/device.ts";
import type { EncodeOptions, TextKind, TextTokens } from "#core/embedding.ts";
import type { LoadedModel } from "#core/loaded-model.ts";
import type { Manifest } from "#core/manifest.ts";
import type { ProgressListener } from "#core/progress.ts";
import { publishedModel } from "#core/published-models.ts";
import type { ScoreOptions, Scores } from "#core/score.ts";
import type { ModelCheck, StoredModel } from "#core/stored-model.ts";
import { EmbeddingTable } from "#encoder/embedding-table.ts";
import type { M3Encoder } from "#encoder/encoder.ts";
import { manifestUrl } from "#model/catalog.ts";
import { loadModel } from "#model/load-model.ts";
import { listStoredModels, removeStoredModel, verifyStoredModel } from "#model/stored-models.ts";
import type { AdaptSettings, AdaptSource } from "./adapt-protocol.ts";
import { deviceCandidates } from "./device-candidates.ts";
import { FOLDER_URL, folderFetch } from "./folder-fetch.ts";
import { chooseHeads, HeadsService } from "./heads-service.ts";
import { type IdlePrefetch, prefetchPages } from "./idle-prefetch.ts";
import type { IndexAnswer, IndexOperation, IndexRequest } from "./index-protocol.ts";
import { IndexService, type openIndexPlace } from "./index-service.ts";
import { openModelStorage } from "./model-storage.ts";
import { openModelTokenizer } from "./open-model-tokenizer.ts";
import { openReady } from "./open-ready.ts";
import type {
  Adapted,
  Call,
  CallId,
  ChangedHeads,
  DeviceListener,
  Loaded,
  LoadRequest,
  ModelsApi,
  PackedEmbeddings,
  PublishedAnswer,
  PublishedInfo,
  PublishedOperation,
  PublishedResult,
  PublishedSearchOptions,
  Report,
  WordsApi,
  WordsRequest,
  WorkerApi,
} from "./protocol.ts";
import { openPublishedFolder, openPublishedModel } from "./published-model.ts";
import type { ReadyModel } from "./ready-model.ts";
import { holdForLife } from "./sign-of-life.ts";
import { SiteService } from "./site-service.ts";
import { buffersOf, packEmbeddings } from "./transfer.ts";
import { WordsService } from "./words-service.ts";

/** Where models and sessions come from. */
export interface ServiceParts {
  readonly loadModel: typeof loadModel;
  readonly deviceCandidates: typeof deviceCandidates;
  readonly openModelStorage: typeof openModelStorage;
  /** Default: the browser's storage. */
  readonly openIndexPlace?: typeof openIndexPlace | undefined;
}

export class WorkerService implements WorkerApi, ModelsApi, WordsApi {
  readonly #parts: ServiceParts;
  readonly #running = new Map<CallId, AbortController>();
  readonly #indexes: IndexService;
  readonly #sites = new SiteService();
  readonly #words: WordsService;
  #report: Report = () => {};
  #onDevice: DeviceListener = () => {};
  #ready: ReadyModel | undefined;
  #heads: HeadsService | undefined;
  /** Waits for the first call after the load. */
  #prefetch: IdlePrefetch | undefined;

  constructor(parts: ServiceParts = { loadModel, deviceCandidates, openModelStorage }) {
    this.#parts = parts;
    this.#indexes = new IndexService(parts.openIndexPlace);
    this.#words = new WordsService(this.#sites, parts);
  }

  connect(report: Report, onDevice: DeviceListener = () => {}): void {
    this.#report = report;
    this.#onDevice = onDevice;
  }

  ping(): void {}

  hold(lock: string): Promise<void> {
    return holdForLife(lock);
  }

  load(call: Call, request: LoadRequest): Promise<Loaded> {
    return this.#run(call, async (signal, onProgress) => {
      const { device, threads, precision, storage, prefetch, maxBatchTexts, heads = "shipped" } = request;
      const openStorage = storage === "memory" ? null : this.#parts.openModelStorage;
      const base = await this.#open(request, openStorage ?? undefined, signal, onProgress);
      const common = {
        base,
        embeddings: new EmbeddingTable(base.manifest, base.tensors),
        threads,
        precision,
        maxBatchTexts,
        deviceCandidates: this.#parts.deviceCandidates,
        onDevice: (story: DeviceStory) => this.#onDevice(story),
      };
      const tokenizer = base.readTokenizer({ signal }).then((bytes) => openModelTokenizer(base.manifest, bytes));
      // Whoever waits for it meets the failure.
      tokenizer.catch(() => {});
      const file = await chooseHeads(heads, base, openStorage, onProgress);
      const first = await openReady({ ...common, heads: file, tokenizer, device, signal, onProgress });
      this.#prefetch = await prefetchPages(prefetch, common.embeddings, base.manifest, { signal, isBusy: () => this.#running.size > 0 });
      this.#ready = first;
      this.#heads = new HeadsService({
        ready: () => this.#model(),
        // The backend was chosen: no other heads make another one better.
        switchTo: async (other, how) =>
          this.#replace(await openReady({ ...common, ...how, heads: other, tokenizer, device: backendOf(first, device), story: first.parts.device })),
        openStorage,
        documents: ({ request: index }) => this.#indexes.documents(index, this.#model().parts.model.manifest),
      });
      return first.loaded;
    });
  }

  encode(call: Call, texts: readonly string[], kind: TextKind, options: EncodeOptions): Promise<PackedEmbeddings> {
    return this.#run(call, async (signal, onProgress) => {
      const packed = packEmbeddings(await this.#encoder(call).encode(texts, kind, { ...options, signal, onProgress }));
      return Comlink.transfer(packed, buffersOf(packed));
    });
  }

  computeScore(call: Call, pairs: readonly (readonly [string, string])[], options: ScoreOptions): Promise<Scores> {
    return this.#run(call, (signal, onProgress) => this.#encoder(call).computeScore(pairs, { ...options, signal, onProgress }));
  }

  idsToTokens(call: Call, ids: Int32Array): Promise<string[]> {
    return this.#run(call, async () => Array.from(ids, (id) => this.#model().parts.tokenizer.decode(id, { skipSpecialTokens: false })));
  }

  countTokens(call: Call, texts: readonly string[], kind: TextKind): Promise<number[]> {
    return this.#run(call, (signal) => this.#encoder(call).countTokens(texts, kind, { signal }));
  }

  tokens(call: Call, text: string, kind: TextKind, maxLength: number | undefined): Promise<TextTokens> {
    return this.#run(call, async () => this.#encoder(call).tokens(text, kind, maxLength));
  }

  index(call: Call, request: IndexRequest, operation: IndexOperation): Promise<IndexAnswer> {
    const encoder = this.#encoder(call);
    return this.#run(call, (signal, onProgress) => this.#indexes.run(request, operation, this.#manifest, { encoder, signal, onProgress }));
  }

  listIndexes(call: Call): Promise<string[]> {
    return this.#run(call, () => this.#indexes.list());
  }

  removeIndex(call: Call, name: string): Promise<void> {
    return this.#run(call, () => this.#indexes.remove(name));
  }

  adapt(call: Call, source: AdaptSource, settings: AdaptSettings): Promise<Adapted> {
    return this.#run(call, (signal, onProgress) => this.#heads!.adapt(source, settings, { signal, onProgress }));
  }

  changeHeads(call: Call, heads: Uint8Array<ArrayBuffer> | null): Promise<ChangedHeads> {
    return this.#run(call, async (signal, onProgress) => {
      const stored = await this.#heads!.change(heads, { signal, onProgress });
      return { loaded: this.#model().loaded, stored };
    });
  }

  site(call: Call, url: string, operation: PublishedOperation): Promise<PublishedAnswer> {
    const encoder = this.#encoder(call);
    return this.#run(call, (signal) => this.#sites.run(url, operation, this.#manifest, { encoder, signal }));
  }

  openWords(request: WordsRequest): Promise<PublishedInfo> {
    return this.#words.open(request);
  }

  searchWords(request: WordsRequest, query: string, options: PublishedSearchOptions): Promise<PublishedResult> {
    return this.#words.search(request, query, options);
  }

  async listModels(): Promise<StoredModel[]> {
    return await listStoredModels(await this.#parts.openModelStorage());
  }

  async modelSize(model: string, baseUrl: string): Promise<number> {
    const { href } = manifestUrl(model, baseUrl);
    return (await this.listModels()).find(({ url }) => url === href)?.bytes ?? 0;
  }

  async verifyModel(model: string, baseUrl: string): Promise<ModelCheck> {
    return await verifyStoredModel(await this.#parts.openModelStorage(), model, baseUrl);
  }

  async removeModel(model: string, baseUrl: string): Promise<void> {
    await removeStoredModel(await this.#parts.openModelStorage(), model, baseUrl);
  }

  cancel(id: CallId): void {
    this.#running.get(id)?.abort();
  }

  /** A folder is not copied: only heads that were trained here are stored of it. */
  async #open(
    { model: name, baseUrl, revision }: LoadRequest,
    openStorage: ServiceParts["openModelStorage"] | undefined,
    signal: AbortSignal,
    onProgress: ProgressListener | undefined,
  ): Promise<LoadedModel> {
    const options = { baseUrl, revision, signal, onProgress };
    if (typeof name === "string") {
      const published = publishedModel(name);
      if (published) return await openPublishedModel(published, options);
      return await this.#parts.loadModel(name, { ...options, openStorage });
    }
    if ("published" in name) return await openPublishedModel(name.published, options);
    return (await openPublishedFolder(name, options)) ?? (await this.#parts.loadModel(FOLDER_URL, { ...options, fetch: folderFetch(name) }));
  }

  /** Runs a call under its number. Its progress has been heard by the time that it ends. */
  async #run<T>({ id, progress }: Call, work: (signal: AbortSignal, onProgress: ProgressListener | undefined) => Promise<T>): Promise<T> {
    const controller = new AbortController();
    const prefetch = this.#prefetch;
    const ready = this.#ready?.acquire();
    this.#running.set(id, controller);
    let heard: ReturnType<Report> | null = null;
    const onProgress: ProgressListener = (event) => {
      if (this.#running.get(id) === controller) heard = this.#report(id, event);
    };
    try {
      return await work(controller.signal, progress ? onProgress : undefined);
    } finally {
      this.#running.delete(id);
      ready?.release();
      prefetch?.callEnded();
      await heard;
    }
  }

  /** Of the heads that the model has now, whatever becomes of them while the call is under way. */
  #encoder({ urgency }: Call): M3Encoder {
    return this.#model().encoder(urgency);
  }

  get #manifest(): Manifest {
    return this.#model().parts.model.manifest;
  }

  #replace(next: ReadyModel): void {
    const before = this.#model();
    this.#ready = next;
    this.#onDevice(next.parts.device);
    before.retire();
  }

  #model(): ReadyModel {
    if (!this.#ready) throw new Error("A call came before the model was loaded.");
    return this.#ready;
  }
}

/** The backend that a model runs on. Natively it runs in no worker. */
function backendOf({ parts }: ReadyModel, asked: DeviceChoice): DeviceChoice {
  const { backend } = parts.session.info;
  return backend === "native" ? asked : backend;
}
