/**
 * Hidden states of texts by the frozen encoder, computed once and kept in a folder: a StatesSource for training.
 *
 * The session port gives head outputs, not hidden states. So the model is opened with another ColBERT head: one without layers, whose output is its input.
 */
import { createHash } from "node:crypto";
import { type FileHandle, mkdir, open, readdir, rm } from "node:fs/promises";
import path from "node:path";
import { throwIfAborted } from "#core/abort.ts";
import { decodeFloat16 } from "#core/float16.ts";
import type { LoadedModel } from "#core/loaded-model.ts";
import type { Manifest } from "#core/manifest.ts";
import type { ProgressListener } from "#core/progress.ts";
import type { EncoderSession } from "#core/session.ts";
import { planBatches } from "#encoder/batching.ts";
import { checkOutputs } from "#encoder/check-outputs.ts";
import { EmbeddingTable } from "#encoder/embedding-table.ts";
import { type EncodedText, PromptedTokenizer, type TextTokenizer } from "#encoder/tokenize-texts.ts";
import { denseVector } from "#heads/dense.ts";
import type { StatesSource } from "#training/text-states.ts";
import type { TableText } from "#training/text-table.ts";
import { readBytes, readStatesIndex, type StateText, type StoredText, writeStatesFile } from "./states-file.ts";

/** Texts of one file: what an interrupted run loses at most, and enough to find equal lengths among. */
const FILE_TEXTS = 2048;

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

export interface StatesCache extends StatesSource {
  /** Texts that had to be computed. */
  readonly computed: number;
  close(): Promise<void>;
}

interface Place extends StoredText {
  readonly handle: FileHandle;
}

/** @throws what the tokenizer, the session and the file system throw; the signal's reason */
export async function openStatesCache(texts: readonly TableText[], options: StatesCacheOptions): Promise<StatesCache> {
  const { manifest } = options.model;
  const folder = path.join(options.folder, `${manifest.fingerprint.slice(0, 16)}-${options.maxLength}`);
  await mkdir(folder, { recursive: true });
  const encoded = await tokenize(texts, options);
  const keys = texts.map(({ text, kind }) => createHash("sha256").update(`${kind}\0${text}`).digest("hex").slice(0, 32));
  const places = new Map<string, Place>();
  const handles: FileHandle[] = [];
  const close = async () => {
    await Promise.all(handles.map((handle) => handle.close()));
  };
  try {
    for (const file of await readdir(folder)) await addFile(path.join(folder, file), places, handles);
    const missing = [...keys.keys()].filter((text) => places.get(keys[text]!)?.tokens !== encoded[text]!.ids.length);
    for await (const file of computeMissing(missing, keys, encoded, folder, options)) await addFile(file, places, handles);
    const { hiddenSize } = manifest.architecture;
    const placeOf = (text: number) => places.get(keys[text]!)!;
    return {
      computed: missing.length,
      hiddenSize,
      tokens: (text) => encoded[text]!,
      async read(text) {
        const { handle, statesOffset, tokens } = placeOf(text);
        return decodeFloat16(new Uint16Array(await readBytes(handle, statesOffset, 2 * tokens * hiddenSize)));
      },
      async dense(text) {
        const { handle, denseOffset } = placeOf(text);
        return new Float32Array(await readBytes(handle, denseOffset, 4 * hiddenSize));
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Adds the texts of a file; a file that cannot be used, or was never finished, is removed. */
async function addFile(file: string, places: Map<string, Place>, handles: FileHandle[]): Promise<void> {
  if (!file.endsWith(".states")) return rm(file, { force: true });
  const handle = await open(file, "r");
  const index = await readStatesIndex(handle);
  if (!index) {
    await handle.close();
    return rm(file, { force: true });
  }
  handles.push(handle);
  for (const [key, place] of index) places.set(key, { ...place, handle });
}

async function tokenize(texts: readonly TableText[], { model, tokenizer, maxLength, signal }: StatesCacheOptions): Promise<EncodedText[]> {
  const encoded = new Array<EncodedText>(texts.length);
  for (const kind of ["query", "passage"] as const) {
    const numbers = [...texts.keys()].filter((number) => texts[number]!.kind === kind);
    const prompted = new PromptedTokenizer(tokenizer, model.manifest, kind);
    const ofKind = await prompted.encode(
      numbers.map((number) => texts[number]!.text),
      { maxLength, path: "--max-length", signal },
    );
    for (const [index, number] of numbers.entries()) encoded[number] = ofKind[index]!;
  }
  return encoded;
}

async function* computeMissing(
  missing: readonly number[],
  keys: readonly string[],
  encoded: readonly EncodedText[],
  folder: string,
  { model, openSession, onProgress, signal }: StatesCacheOptions,
): AsyncGenerator<string> {
  if (missing.length === 0) return;
  const manifest = withHiddenStates(model.manifest);
  const session = await openSession({ manifest, tensors: model.tensors, readTokenizer: (options) => model.readTokenizer(options) });
  try {
    const embeddings = new EmbeddingTable(manifest, model.tensors);
    const lengthOf = (text: number) => encoded[text]!.ids.length;
    const total = missing.reduce((sum, text) => sum + lengthOf(text), 0);
    let loaded = 0;
    for (let first = 0; first < missing.length; first += FILE_TEXTS) {
      const texts = missing.slice(first, first + FILE_TEXTS);
      const computed: StateText[] = [];
      for (const batch of planBatches(texts.map(lengthOf), session.info.batch)) {
        throwIfAborted(signal);
        const members = batch.map((index) => texts[index]!);
        computed.push(...(await runBatch(members, keys, encoded, manifest, session, embeddings, signal)));
        loaded += members.reduce((sum, text) => sum + lengthOf(text), 0);
        onProgress?.({ phase: "encode", loaded, total, unit: "tokens" });
      }
      const name = createHash("sha256")
        .update(texts.map((text) => keys[text]).join())
        .digest("hex")
        .slice(0, 16);
      const file = path.join(folder, `${name}.states`);
      await writeStatesFile(file, manifest.architecture.hiddenSize, computed);
      yield file;
    }
  } finally {
    await session.dispose();
  }
}

async function runBatch(
  texts: readonly number[],
  keys: readonly string[],
  encoded: readonly EncodedText[],
  manifest: Manifest,
  session: EncoderSession,
  embeddings: EmbeddingTable,
  signal: AbortSignal | undefined,
): Promise<StateText[]> {
  const { hiddenSize } = manifest.architecture;
  const ids = texts.map((text) => encoded[text]!.ids);
  const lengths = ids.map(({ length }) => length);
  const outputs = { dense: true, lexical: false, colbert: true };
  const result = await session.run({ rows: await embeddings.gather(ids, { signal }), lengths, outputs }, { signal });
  const tokens = lengths.reduce((sum, length) => sum + length, 0);
  checkOutputs(result, { manifest, outputs, texts: texts.length, tokens, backend: session.info.backend });
  let start = 0;
  return texts.map((text, index) => {
    const end = start + lengths[index]! * hiddenSize;
    const states = result.colbert!.subarray(start, end);
    start = end;
    return { key: keys[text]!, dense: denseVector(result.pooled!, index, hiddenSize), states };
  });
}

function withHiddenStates(manifest: Manifest): Manifest {
  return { ...manifest, heads: { dense: manifest.heads.dense, lexical: null, colbert: { layers: [], dim: manifest.architecture.hiddenSize } } };
}
