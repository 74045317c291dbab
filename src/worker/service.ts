/**
 * The worker's side of the protocol: wires delivery, tokenizer, encoder and runtime together, and gives every call a number by which it can be stopped.
 * What it computes is the encoder's business; which batch is next, the queue's; which backend, `choose-device.ts`'s.
 */
import * as Comlink from "comlink";
import type { EncodeOptions, TextKind } from "#core/embedding.ts";
import { modelInfo } from "#core/model-info.ts";
import type { ProgressListener } from "#core/progress.ts";
import type { ScoreOptions, Scores } from "#core/score.ts";
import type { EncoderSession } from "#core/session.ts";
import type { ModelCheck, StoredModel } from "#core/stored-model.ts";
import { EmbeddingTable } from "#encoder/embedding-table.ts";
import { type EncoderParts, M3Encoder } from "#encoder/encoder.ts";
import { halvingSession } from "#encoder/halving-session.ts";
import { runSelfTest, type SelfTestOptions } from "#encoder/self-test.ts";
import { manifestUrl } from "#model/catalog.ts";
import { loadModel } from "#model/load-model.ts";
import { listStoredModels, removeStoredModel, verifyStoredModel } from "#model/stored-models.ts";
import { XlmRobertaTokenizer } from "#tokenizer/xlm-roberta.ts";
import { BatchQueue } from "./batch-queue.ts";
import { chooseDevice } from "./choose-device.ts";
import { deviceCandidates } from "./device-candidates.ts";
import { FOLDER_URL, folderFetch } from "./folder-fetch.ts";
import { type IdlePrefetch, prefetchPages } from "./idle-prefetch.ts";
import type { IndexAnswer, IndexOperation, IndexRequest } from "./index-protocol.ts";
import { IndexService, type openIndexPlace } from "./index-service.ts";
import { openModelStorage } from "./model-storage.ts";
import type {
  Call,
  CallId,
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
import { RecoveringSession } from "./recovering-session.ts";
import { holdForLife } from "./sign-of-life.ts";
import { SiteService } from "./site-service.ts";
import { buffersOf, packEmbeddings } from "./transfer.ts";
import { WordsService } from "./words-service.ts";

/** A model that is ready to run. */
interface Ready extends Omit<EncoderParts, "session" | "tokenizer"> {
  readonly tokenizer: XlmRobertaTokenizer;
  readonly queue: BatchQueue;
}

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
  #ready: Ready | undefined;
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

  load(call: Call, { model: name, baseUrl, revision, device, threads, storage, prefetch, maxBatchTexts }: LoadRequest): Promise<Loaded> {
    return this.#run(call, async (signal, onProgress) => {
      const source =
        typeof name === "string"
          ? { url: name, openStorage: storage === "memory" ? undefined : this.#parts.openModelStorage, fetch: undefined }
          : { url: FOLDER_URL, openStorage: undefined, fetch: folderFetch(name) };
      const model = await this.#parts.loadModel(source.url, { baseUrl, revision, signal, onProgress, openStorage: source.openStorage, fetch: source.fetch });
      const { manifest } = model;
      const embeddings = new EmbeddingTable(manifest, model.tensors);
      const readTokenizer = model.readTokenizer({ signal }).then((bytes) => XlmRobertaTokenizer.fromBytes(bytes));
      const choose = async (options: { readonly signal?: AbortSignal; readonly onProgress?: ProgressListener | undefined }) => {
        const candidates = await this.#parts.deviceCandidates(model, { device, threads, onProgress: options.onProgress });
        const test = (session: EncoderSession, how: SelfTestOptions) => runSelfTest(session, embeddings, manifest, how);
        return await chooseDevice(candidates, test, options.signal).finally(() => model.tensors.release());
      };
      const [tokenizer, { session, story }] = await Promise.all([readTokenizer, choose({ signal, onProgress })]);
      const recovering = new RecoveringSession(session, { reopen: () => choose({}), onDevice: (now) => this.#onDevice(now) });
      this.#prefetch = await prefetchPages(prefetch, embeddings, manifest, { signal, isBusy: () => this.#running.size > 0 });
      this.#ready = { manifest, tokenizer, embeddings, queue: new BatchQueue(halvingSession(recovering, maxBatchTexts)) };
      return { info: modelInfo(manifest), device: story };
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
    return this.#run(call, async () => Array.from(ids, (id) => this.#model().tokenizer.decode(id, { skipSpecialTokens: false })));
  }

  countTokens(call: Call, texts: readonly string[], kind: TextKind): Promise<number[]> {
    return this.#run(call, (signal) => this.#encoder(call).countTokens(texts, kind, { signal }));
  }

  index(call: Call, request: IndexRequest, operation: IndexOperation): Promise<IndexAnswer> {
    const encoder = this.#encoder(call);
    return this.#run(call, (signal, onProgress) => this.#indexes.run(request, operation, this.#model().manifest, { encoder, signal, onProgress }));
  }

  listIndexes(call: Call): Promise<string[]> {
    return this.#run(call, () => this.#indexes.list());
  }

  removeIndex(call: Call, name: string): Promise<void> {
    return this.#run(call, () => this.#indexes.remove(name));
  }

  site(call: Call, url: string, operation: PublishedOperation): Promise<PublishedAnswer> {
    const encoder = this.#encoder(call);
    return this.#run(call, (signal) => this.#sites.run(url, operation, this.#model().manifest, { encoder, signal }));
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

  /** Runs a call under its number. Its progress has been heard by the time that it ends. */
  async #run<T>({ id, progress }: Call, work: (signal: AbortSignal, onProgress: ProgressListener | undefined) => Promise<T>): Promise<T> {
    const controller = new AbortController();
    const prefetch = this.#prefetch;
    this.#running.set(id, controller);
    let heard: ReturnType<Report> | null = null;
    const onProgress: ProgressListener = (event) => {
      if (this.#running.get(id) === controller) heard = this.#report(id, event);
    };
    try {
      return await work(controller.signal, progress ? onProgress : undefined);
    } finally {
      this.#running.delete(id);
      prefetch?.callEnded();
      await heard;
    }
  }

  #encoder({ urgency }: Call): M3Encoder {
    const { queue, ...parts } = this.#model();
    return new M3Encoder({ ...parts, session: queue.session(urgency) });
  }

  #model(): Ready {
    if (!this.#ready) throw new Error("A call came before the model was loaded.");
    return this.#ready;
  }
}
