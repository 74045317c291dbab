/** What is stored of models on this device: to be listed, checked and removed. A worker does it, which is started for one call and ended after it. */
import * as Comlink from "comlink";
import { carryErrors } from "#core/comlink-errors.ts";
import { InvalidInputError, WorkerLostError } from "#core/errors.ts";
import type { ModelCheck, StoredModel } from "#core/stored-model.ts";
import type { ModelsApi } from "#worker/protocol.ts";
import { checkModelsOptions, type ModelsOptions, pageUrl } from "./options.ts";
import { spawnWorker } from "./spawn.ts";

carryErrors(Comlink.transferHandlers);

/**
 * Stored models. A model is named as in `M3.load`, with the same `baseUrl`, or by the `url` that `list` gives.
 *
 * Every call may throw StorageError (nothing can be stored here), WorkerLostError, InvalidInputError, and UnknownModelError for a name that means no model.
 */
export const models = {
  /** All stored models, by URL. */
  list(options: ModelsOptions = {}): Promise<StoredModel[]> {
    return inWorker(options, (worker) => worker.listModels());
  },

  /** Stored bytes of a model; 0 when nothing of it is stored. */
  async size(model: string, options: ModelsOptions = {}): Promise<number> {
    checkModel(model);
    return await inWorker(options, (worker, baseUrl) => worker.modelSize(model, baseUrl));
  },

  /** Reads every stored file of a model and removes the damaged ones. @throws UnknownModelError when the model is not stored */
  async verify(model: string, options: ModelsOptions = {}): Promise<ModelCheck> {
    checkModel(model);
    return await inWorker(options, (worker, baseUrl) => worker.verifyModel(model, baseUrl));
  },

  /** Removes a model, but for files that another stored model has as well. Tabs that have it loaded go on, and store what they download from then on. */
  async remove(model: string, options: ModelsOptions = {}): Promise<void> {
    checkModel(model);
    await inWorker(options, (worker, baseUrl) => worker.removeModel(model, baseUrl));
  },
};

async function inWorker<T>(options: ModelsOptions, work: (worker: Comlink.Remote<ModelsApi>, baseUrl: string) => Promise<T>): Promise<T> {
  checkModelsOptions(options);
  const absolute = (url: string | URL) => new URL(url, pageUrl()).href;
  const baseUrl = options.baseUrl === undefined ? pageUrl() : absolute(options.baseUrl);
  if (baseUrl === undefined) throw new InvalidInputError("options.baseUrl", "given where there is no page", undefined);
  const worker = options.worker?.() ?? spawnWorker(options.assetsUrl === undefined ? undefined : absolute(options.assetsUrl));
  const lost = new Promise<never>((_, reject) => {
    worker.addEventListener("error", ({ message }) => reject(new WorkerLostError(message ? `${message}.` : "its script could not be loaded.")));
  });
  try {
    return await Promise.race([work(Comlink.wrap<ModelsApi>(worker), baseUrl), lost]);
  } finally {
    worker.terminate();
  }
}

function checkModel(model: unknown): void {
  if (typeof model !== "string") throw new InvalidInputError("model", "a string", model);
}
