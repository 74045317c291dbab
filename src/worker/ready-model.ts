/** A model that is ready to run with the heads that it has now. With other heads it is another one of these; calls that are under way end with the one they began with. */
import type { DeviceStory } from "#core/device.ts";
import type { LoadedModel } from "#core/loaded-model.ts";
import { modelInfo } from "#core/model-info.ts";
import type { EncoderSession } from "#core/session.ts";
import type { EmbeddingTable } from "#encoder/embedding-table.ts";
import { type EncoderParts, M3Encoder } from "#encoder/encoder.ts";
import type { Tokenizer } from "#tokenizer/tokenizer.ts";
import { BatchQueue } from "./batch-queue.ts";
import type { Loaded, Urgency } from "./protocol.ts";

export interface ReadyParts {
  /** As it was published. */
  readonly base: LoadedModel;
  /** With the heads that run. */
  readonly model: LoadedModel;
  /** Heads that are not the model's own. */
  readonly heads: Uint8Array<ArrayBuffer> | null;
  readonly tokenizer: Tokenizer;
  readonly embeddings: EmbeddingTable;
  readonly session: EncoderSession;
  readonly device: DeviceStory;
}

export class ReadyModel {
  readonly parts: ReadyParts;
  readonly #queue: BatchQueue;
  #users = 0;
  #retired = false;

  constructor(parts: ReadyParts) {
    this.parts = parts;
    this.#queue = new BatchQueue(parts.session);
  }

  /** What the main thread is told of it. */
  get loaded(): Loaded {
    const { base, model, device, heads } = this.parts;
    return { info: modelInfo(model.manifest, base.manifest.fingerprint), device, heads };
  }

  /** A call's place in the queue, with what an encoder needs besides. */
  encoderParts(urgency: Urgency): EncoderParts {
    const { model, tokenizer, embeddings } = this.parts;
    return { manifest: model.manifest, tokenizer, embeddings, session: this.#queue.session(urgency) };
  }

  encoder(urgency: Urgency): M3Encoder {
    return new M3Encoder(this.encoderParts(urgency));
  }

  /** A call begins: the session stays open until it has ended. */
  acquire(): this {
    this.#users++;
    return this;
  }

  release(): void {
    this.#users--;
    this.#disposeUnused();
  }

  /** No further calls come: the session is disposed of after the last. */
  retire(): void {
    this.#retired = true;
    this.#disposeUnused();
  }

  #disposeUnused(): void {
    // What it throws is nobody's business any more.
    if (this.#retired && this.#users === 0) void this.parts.session.dispose().catch(() => {});
  }
}
