/** Searches published indexes by words while there is no model: of that, the vocabulary is read and nothing else. */
import type { LoadedModel } from "#core/loaded-model.ts";
import type { EncoderSession } from "#core/session.ts";
import { M3Encoder } from "#encoder/encoder.ts";
import type { loadModel } from "#model/load-model.ts";
import type { openModelStorage } from "./model-storage.ts";
import { openModelTokenizer } from "./open-model-tokenizer.ts";
import type { PublishedInfo, PublishedResult, PublishedSearchOptions, WordsRequest } from "./site-protocol.ts";
import type { SiteService } from "./site-service.ts";

export interface WordsParts {
  readonly loadModel: typeof loadModel;
  readonly openModelStorage: typeof openModelStorage;
}

interface Vocabulary {
  readonly model: LoadedModel;
  readonly encoder: M3Encoder;
}

const notLoaded = () => Promise.reject(new Error("The model is not loaded: only words can be searched for."));
const noSession: EncoderSession = {
  info: { backend: "wasm", engine: "none", precision: "none", threads: 1, batch: { tokenBudget: 1, maxTexts: 1, maxPadding: 0 } },
  run: notLoaded,
  dispose: async () => {},
};

export class WordsService {
  readonly #sites: SiteService;
  readonly #parts: WordsParts;
  readonly #vocabularies = new Map<string, Promise<Vocabulary>>();

  constructor(sites: SiteService, parts: WordsParts) {
    this.#sites = sites;
    this.#parts = parts;
  }

  /** @throws as SiteService.open; what loading the manifest and the vocabulary throws */
  async open(request: WordsRequest): Promise<PublishedInfo> {
    const { model } = await this.#vocabulary(request);
    return await this.#sites.open(request.url, model.manifest);
  }

  async search(request: WordsRequest, query: string, options: PublishedSearchOptions): Promise<PublishedResult> {
    const { model, encoder } = await this.#vocabulary(request);
    return await this.#sites.search(request.url, query, { ...options, wordsOnly: true }, model.manifest, { encoder });
  }

  #vocabulary({ model, baseUrl }: WordsRequest): Promise<Vocabulary> {
    const key = JSON.stringify([model, baseUrl]);
    const known = this.#vocabularies.get(key);
    if (known) return known;
    const read = this.#read(model, baseUrl);
    this.#vocabularies.set(key, read);
    // The next call tries again.
    read.catch(() => this.#vocabularies.delete(key));
    return read;
  }

  async #read(name: string, baseUrl: string): Promise<Vocabulary> {
    const model = await this.#parts.loadModel(name, { baseUrl, start: "tokenizer", openStorage: this.#parts.openModelStorage });
    const tokenizer = await openModelTokenizer(model.manifest, await model.readTokenizer());
    return { model, encoder: new M3Encoder({ manifest: model.manifest, tokenizer, session: noSession, embeddings: { gather: notLoaded } }) };
  }
}
