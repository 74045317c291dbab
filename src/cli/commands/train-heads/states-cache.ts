/** Hidden states of texts, computed by the command line's engine and kept in a folder. */
import path from "node:path";
import type { LoadedModel } from "#core/loaded-model.ts";
import type { ProgressListener } from "#core/progress.ts";
import type { EncoderSession } from "#core/session.ts";
import { EmbeddingTable } from "#encoder/embedding-table.ts";
import { FirstStates } from "#encoder/first-states.ts";
import { hiddenStates, tokenizeKinds } from "#encoder/hidden-states.ts";
import type { TextTokenizer } from "#encoder/tokenize-texts.ts";
import { openStatesCache as openCache, type StatesCache } from "#training/states-cache.ts";
import type { TableText } from "#training/text-table.ts";
import { FolderStore } from "../../folder-store.ts";

export interface StatesCacheOptions {
  readonly model: LoadedModel;
  readonly tokenizer: TextTokenizer;
  readonly folder: string;
  /** Texts are cut to this many tokens, prompt and special tokens included. */
  readonly maxLength: number;
  /** Opened when some text is not in the cache. */
  readonly openSession: (model: LoadedModel) => Promise<EncoderSession>;
  readonly onProgress?: ProgressListener | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** @throws what the tokenizer, the session and the file system throw; the signal's reason */
export async function openStatesCache(texts: readonly TableText[], options: StatesCacheOptions): Promise<StatesCache> {
  const { model, tokenizer, maxLength, openSession, onProgress, signal } = options;
  const { manifest, tensors } = model;
  const encoded = await tokenizeKinds(texts, tokenizer, manifest, { maxLength, path: "--max-length", signal });
  const store = await FolderStore.open(path.join(options.folder, `${manifest.fingerprint.slice(0, 16)}-${maxLength}`));
  const embeddings = new EmbeddingTable(manifest, tensors);
  const firstStates = new FirstStates(manifest, tensors, embeddings);
  let session: EncoderSession | undefined;
  try {
    return await openCache(
      texts.map((text, number) => ({ ...text, ...encoded[number]! })),
      {
        store,
        hiddenSize: manifest.architecture.hiddenSize,
        first: (ids) => firstStates.of(ids),
        async compute(numbers, done, total) {
          session ??= await openSession(model);
          return await hiddenStates(
            numbers.map((number) => encoded[number]!),
            { manifest, session, embeddings },
            { signal, onTokens: (tokens) => onProgress?.({ phase: "encode", loaded: done + tokens, total, unit: "tokens" }) },
          );
        },
      },
    );
  } finally {
    await session?.dispose();
  }
}
