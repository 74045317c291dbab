/** A worker without a thread: a message channel with a real Comlink service at its other end, which tests can hang, break and watch. */
import * as Comlink from "comlink";
import { carryErrors } from "#core/comlink-errors.ts";
import type { ModelInfo } from "#core/model-info.ts";
import type { ProgressEvent } from "#core/progress.ts";
import type {
  Adapted,
  AdaptSettings,
  AdaptSource,
  Call,
  CallId,
  IndexAnswer,
  IndexOperation,
  IndexRequest,
  Loaded,
  LoadRequest,
  WorkerApi,
} from "#worker/protocol.ts";
import { buffersOf, packEmbeddings } from "#worker/transfer.ts";

carryErrors(Comlink.transferHandlers);

const info: ModelInfo = {
  name: "fake",
  license: "MIT",
  source: "",
  dtype: "fp32",
  fingerprint: "00",
  baseFingerprint: "00",
  heads: "shipped",
  maxTokens: 512,
  prompts: { query: "", passage: "" },
  dims: { dense: 2, colbert: 2 },
  lexical: true,
};

export const loaded: Loaded = {
  info,
  device: { backend: "wasm", engine: "fake", precision: "fp32", threads: 1, why: "it is a fake", attempts: [] },
  heads: null,
};

/** What happens in a worker; replace what a test is about. */
export interface Script {
  load(worker: FakeWorker, request: LoadRequest): Promise<Loaded>;
  /** Returns numbers that become the dense vector [text length, number]. */
  encode(worker: FakeWorker, call: Call, texts: readonly string[]): Promise<number>;
  index(worker: FakeWorker, call: Call, request: IndexRequest, operation: IndexOperation): Promise<IndexAnswer>;
  adapt(worker: FakeWorker, call: Call, source: AdaptSource, settings: AdaptSettings): Promise<Adapted>;
}

export const never = () => new Promise<never>(() => {});

const script: Script = { load: async () => loaded, encode: async () => 0, index: async () => undefined, adapt: never };

export class FakeWorker extends EventTarget {
  readonly #page: MessagePort;
  readonly #inside: MessagePort;
  readonly script: Script;
  readonly encoded: string[][] = [];
  readonly cancelled: CallId[] = [];
  readonly removed: string[] = [];
  readonly heads: (Uint8Array | null)[] = [];
  terminated = false;
  /** Answers no ping. */
  deaf = false;
  report: ((call: CallId, event: ProgressEvent) => Promise<void>) | undefined;

  constructor(changes: Partial<Script> = {}) {
    super();
    this.script = { ...script, ...changes };
    const { port1, port2 } = new MessageChannel();
    this.#page = port1;
    this.#inside = port2;
    port1.addEventListener("message", ({ data }) => this.terminated || this.dispatchEvent(new MessageEvent("message", { data })));
    port1.start();
    Comlink.expose(this.#api(), port2);
  }

  postMessage(message: unknown, transfer: Transferable[] = []): void {
    if (!this.terminated) this.#page.postMessage(message, transfer);
  }

  terminate(): void {
    this.terminated = true;
    this.#page.close();
    this.#inside.close();
  }

  /** As an uncaught error in the worker's script would; without a message, as a script that cannot be loaded. */
  die(message: string | undefined): void {
    const event = new Event("error");
    this.dispatchEvent(message === undefined ? event : Object.assign(event, { message }));
  }

  #api(): WorkerApi {
    return {
      connect: (report) => {
        this.report = report as typeof this.report;
      },
      ping: () => (this.deaf ? never() : undefined),
      hold: async () => {},
      load: (_, request) => this.script.load(this, request),
      encode: async (call, texts) => {
        this.encoded.push([...texts]);
        const number = await this.script.encode(this, call, texts);
        const packed = packEmbeddings({
          denseVecs: texts.map((text) => Float32Array.of(text.length, number)),
          lexicalWeights: null,
          colbertVecs: null,
          truncated: texts.map(() => false),
          tokenCounts: texts.map(({ length }) => length),
        });
        return Comlink.transfer(packed, buffersOf(packed));
      },
      computeScore: async (_, pairs) => {
        const scores = pairs.map(([query]) => query.length);
        return { colbert: scores, sparse: scores, dense: scores, "sparse+dense": scores, "colbert+sparse+dense": scores };
      },
      idsToTokens: async (_, ids) => Array.from(ids, (id) => `token ${id}`),
      countTokens: async (_, texts) => texts.map(({ length }) => length),
      tokens: async (_, text, kind) => ({
        ids: Int32Array.of(text.length, kind.length),
        offsets: Int32Array.of(0, text.length, 0, 0),
        truncated: false,
        untruncatedLength: 3,
      }),
      index: (call, request, operation) => this.script.index(this, call, request, operation),
      adapt: (call, source, settings) => this.script.adapt(this, call, source, settings),
      changeHeads: async (_, heads) => {
        this.heads.push(heads);
        return { loaded: { ...loaded, heads }, stored: true };
      },
      site: never,
      listIndexes: async () => ["help"],
      removeIndex: async (_, name) => {
        this.removed.push(name);
      },
      cancel: (id) => {
        this.cancelled.push(id);
      },
    };
  }
}

/** Starts fake workers with these scripts in turn, the last one for ever after. */
export function workers(...scripts: Partial<Script>[]) {
  const started: FakeWorker[] = [];
  const spawn = () => {
    const worker = new FakeWorker(scripts[Math.min(started.length, scripts.length - 1)]);
    started.push(worker);
    return worker as unknown as Worker;
  };
  return { started, spawn };
}
