/** Trains a model's heads on pairs: from texts through hidden states to a file of heads. In a chunk of its own, which only who adapts downloads. */
import type { ByteStore } from "#core/byte-store.ts";
import { readBlob, writeBlob } from "#core/byte-store.ts";
import { InvalidInputError, M3Error, UnsupportedModelError } from "#core/errors.ts";
import type { LoadedModel } from "#core/loaded-model.ts";
import type { ProgressEvent, ProgressListener, ProgressNotice } from "#core/progress.ts";
import { sha256Hex } from "#core/sha256.ts";
import type { EncoderParts } from "#encoder/encoder.ts";
import { FirstStates } from "#encoder/first-states.ts";
import { hiddenStates, tokenizeKinds } from "#encoder/hidden-states.ts";
import { packHeads } from "#model/adapted-heads.ts";
import { blobNames } from "#model/model-storage.ts";
import { MemoryStore } from "#storage/memory.ts";
import type { TextDocument } from "#texts/types.ts";
import { adaptHeads } from "#training/adaptation.ts";
import { decodeCheckpoint, encodeCheckpoint } from "#training/checkpoint.ts";
import { makePairs } from "#training/curation/make-pairs.ts";
import type { Page } from "#training/curation/page.ts";
import { judge } from "#training/evaluate-heads.ts";
import { readHeads } from "#training/model-heads.ts";
import { headTensors } from "#training/new-heads.ts";
import { checkPair, distinctPairs, type PairTexts } from "#training/pair-texts.ts";
import { splitPairs } from "#training/split.ts";
import { openStatesCache, type StatesCache, type StatesCacheParts, type StatesText } from "#training/states-cache.ts";
import { tabulate } from "#training/text-table.ts";
import type { TrainingState } from "#training/trainer.ts";
import type { AdaptReport, AdaptSettings } from "./adapt-protocol.ts";

/** What heads are adapted with. */
export interface AdaptParts {
  /** With its own heads, at which training begins. */
  readonly base: LoadedModel;
  /** A place in the queue behind everybody's questions. */
  readonly encoder: Pick<EncoderParts, "tokenizer" | "embeddings" | "session">;
  /** Where hidden states and checkpoints are kept; null for nowhere but memory. */
  readonly store: ByteStore | null;
  readonly signal: AbortSignal;
  readonly onProgress: ProgressListener | undefined;
}

/** Texts to learn from. */
export type AdaptTexts = { readonly pairs: readonly unknown[] } | { readonly documents: readonly TextDocument[] };

export interface TrainedHeads {
  /** As `packHeads` makes it. */
  readonly file: Uint8Array<ArrayBuffer>;
  readonly isBetter: boolean;
  readonly report: Omit<AdaptReport, "adopted" | "stored">;
}

const DEFAULTS = { maxLength: 128, heldOut: 0.2, maxPairs: 2000, languageField: "lang", seed: 1 } as const;
/** As `make-pairs` has them. */
const PAIRS = { kinds: ["title", "section", "lead"], crossShare: 0, leastQuery: 3, leastPassage: 60 } as const;
/** Texts whose states an interrupted run loses at most: some seconds. */
const FILE_TEXTS = 256;

/**
 * @throws InvalidInputError for pairs, documents or options; UnsupportedModelError for a model without hidden states or heads; what computing throws; the signal's
 *   reason: the same call goes on from there
 */
export async function trainOnTexts(texts: AdaptTexts, settings: AdaptSettings, parts: AdaptParts): Promise<TrainedHeads> {
  const { base, encoder, signal, onProgress = () => {} } = parts;
  const { manifest } = base;
  if (manifest.onnx) throw new UnsupportedModelError("it is an ONNX file, whose heads cannot be adapted.", { kind: manifest.kind });
  if (!manifest.heads.lexical && !manifest.heads.colbert) throw new UnsupportedModelError("it has no lexical or ColBERT head to adapt.");
  const seed = settings.seed ?? DEFAULTS.seed;
  const maxLength = Math.min(settings.maxLength ?? DEFAULTS.maxLength, manifest.maxTokens);
  const { pairs, dropped } = "pairs" in texts ? checkPairs(texts.pairs) : pairsOf(texts.documents, settings, seed);
  const table = tabulate(pairs);
  const split = splitPairs(table.pairs, settings.heldOut ?? DEFAULTS.heldOut, seed, "pairs" in texts ? "pairs" : "index");
  const encoded = await tokenizeKinds(table.texts, encoder.tokenizer, manifest, { maxLength, path: "options.maxLength", signal });

  const run = await sha256Hex(new TextEncoder().encode(JSON.stringify([manifest.fingerprint, maxLength, settings, pairs])));
  const place = new TrainingPlace(parts.store, manifest.fingerprint, `${maxLength}-`, run, (notice) => onProgress({ ...NOTHING, notice }));
  await place.removeOthers();
  const firstStates = new FirstStates(manifest, base.tensors, encoder.embeddings);
  const source = await place.openStates(
    table.texts.map((text, number) => ({ ...text, ...encoded[number]! })),
    {
      hiddenSize: manifest.architecture.hiddenSize,
      first: (ids) => firstStates.of(ids),
      async compute(numbers, done, total) {
        const startedAt = performance.now();
        return await hiddenStates(
          numbers.map((number) => encoded[number]!),
          { ...encoder, manifest },
          { signal, onTokens: (tokens) => onProgress(encodeProgress(done + tokens, total, (performance.now() - startedAt) / tokens)) },
        );
      },
    },
  );
  try {
    const { bosId, eosId, padId, unkId } = encoder.tokenizer;
    const heads = await readHeads(manifest, base.tensors, { signal });
    const state = await place.readCheckpoint();
    const { epochs, learningRate, batchPairs } = settings;
    const { before, after, training } = await adaptHeads({
      source,
      split,
      heads,
      specialIds: new Set([bosId, eosId, padId, unkId].filter((id) => id !== undefined)),
      training: { epochs, learningRate, batchPairs, seed },
      state,
      onCheckpoint: (now) => place.writeCheckpoint(now),
      onProgress,
      signal,
    });
    const { steps, dev, bestStep } = training;
    return {
      file: packHeads(headTensors(heads)),
      isBetter: judge(after) > judge(before),
      report: {
        pairs: { train: split.train.length, dev: split.dev.length, heldOut: split.heldOut.length, dropped },
        before,
        after,
        curves: { steps, dev },
        bestStep,
        resumedAt: state?.step ?? 0,
      },
    };
  } finally {
    source.close();
    base.tensors.release();
  }
}

const NOTHING: ProgressEvent = { phase: "encode", loaded: 0, total: 0, unit: "tokens" };

function encodeProgress(loaded: number, total: number, msPerToken: number): ProgressEvent {
  return { phase: "encode", loaded, total, unit: "tokens", remainingMs: msPerToken * (total - loaded) };
}

function checkPairs(given: readonly unknown[]): { pairs: PairTexts[]; dropped: number } {
  const pairs = distinctPairs(
    given.map((pair, index) => checkPair(pair, `pairs[${index}]`)),
    "pairs",
    "a list of",
  );
  return { pairs, dropped: given.length - pairs.length };
}

/** Title → text, heading → section, first paragraph → the rest. */
function pairsOf(documents: readonly TextDocument[], settings: AdaptSettings, seed: number): { pairs: PairTexts[]; dropped: number } {
  const { languages, languageField = DEFAULTS.languageField, maxPairs = DEFAULTS.maxPairs } = settings;
  if (documents.length === 0) throw new InvalidInputError("index", "an index of documents with titles and texts", "empty");
  const pages = documents.map(({ id, title = "", text, fields = {} }): Page => ({ id, lang: String(fields[languageField] ?? ""), title, body: text }));
  const { pairs, report } = makePairs(pages, { ...PAIRS, languages, languagesPath: "options.languages", maxPairs, seed });
  return { pairs, dropped: Object.values(report.dropped).reduce((sum, count) => sum + count, 0) };
}

/** Where a run's hidden states and checkpoint lie. Where nothing can be stored they are in memory, and a notice says so once. */
class TrainingPlace {
  readonly #prefix: string;
  readonly #states: string;
  readonly #checkpoint: string;
  readonly #run: string;
  readonly #onNotice: (notice: ProgressNotice) => void;
  #store: ByteStore;
  #isLasting: boolean;

  constructor(store: ByteStore | null, fingerprint: string, states: string, run: string, onNotice: (notice: ProgressNotice) => void) {
    this.#prefix = blobNames.training(fingerprint);
    this.#states = `${this.#prefix}${states}`;
    this.#checkpoint = `${this.#prefix}run-${run.slice(0, 16)}`;
    this.#run = run;
    this.#onNotice = onNotice;
    this.#store = store ?? new MemoryStore();
    this.#isLasting = store !== null;
  }

  /** Removes what earlier runs left, but for states that this one may use. */
  async removeOthers(): Promise<void> {
    for (const { name } of await this.#store.list(this.#prefix).catch(() => [])) {
      if (name !== this.#checkpoint && !name.startsWith(this.#states)) await this.#store.remove(name).catch(() => {});
    }
  }

  async openStates(texts: readonly StatesText[], parts: Pick<StatesCacheParts, "hiddenSize" | "compute" | "first">): Promise<StatesCache> {
    const open = () => openStatesCache(texts, { ...parts, store: this.#store, prefix: this.#states, fileTexts: FILE_TEXTS });
    try {
      return await open();
    } catch (error) {
      if (!this.#giveUp(error)) throw error;
      return await open();
    }
  }

  /** Undefined where there is none that can be used. */
  async readCheckpoint(): Promise<TrainingState | undefined> {
    try {
      const { run, state } = decodeCheckpoint(await readBlob(this.#store, this.#checkpoint));
      return run === this.#run ? state : undefined;
    } catch {
      return undefined;
    }
  }

  async writeCheckpoint(state: TrainingState): Promise<void> {
    try {
      await writeBlob(this.#store, this.#checkpoint, encodeCheckpoint({ run: this.#run, state }));
    } catch (error) {
      // The states that are being read stay where they are.
      if (!isOfStorage(error)) throw error;
    }
  }

  /** @returns whether there was anything to give up */
  #giveUp(error: unknown): boolean {
    if (!isOfStorage(error) || !this.#isLasting) return false;
    const code = (error as M3Error).code === "storage-full" ? "storage-full" : "storage-unavailable";
    this.#onNotice({ code, message: `Training keeps its hidden states in memory: ${(error as M3Error).message}` });
    this.#store = new MemoryStore();
    this.#isLasting = false;
    return true;
  }
}

function isOfStorage(error: unknown): boolean {
  return error instanceof M3Error && (error.code === "storage-full" || error.code === "storage-failed");
}
