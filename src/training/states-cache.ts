/** Hidden states of texts by the frozen encoder, computed once and kept in half precision in a byte store: a StatesSource for training. */
import type { BlobReader, ByteStore } from "#core/byte-store.ts";
import type { TextKind } from "#core/embedding.ts";
import { decodeFloat16 } from "#core/float16.ts";
import { sha256Hex } from "#core/sha256.ts";
import { readStatesIndex, type StateText, type StoredText, writeStatesFile } from "./states-file.ts";
import type { StatesSource, TextTokens } from "./text-states.ts";

/** Texts of one blob: what an interrupted run loses at most, and enough to find equal lengths among. */
const FILE_TEXTS = 2048;
/** Names of blobs end so. */
export const STATES_ENDING = ".states";

/** A text with its tokens as the model reads them. */
export interface StatesText extends TextTokens {
  readonly text: string;
  readonly kind: TextKind;
}

/** What the encoder makes of a text. */
export type ComputedStates = Omit<StateText, "key">;

export interface StatesCacheParts {
  readonly store: ByteStore;
  readonly hiddenSize: number;
  /** Put before the names of blobs. States of another model, or of texts cut elsewhere, must have another one. Default "". */
  readonly prefix?: string | undefined;
  /** Computes the states of texts, by their numbers, in the order given. @param done tokens of earlier calls @param total tokens of all calls */
  readonly compute: (texts: readonly number[], done: number, total: number) => Promise<ComputedStates[]>;
  /** First hidden states of a text, [tokens, hiddenSize]: computed when they are asked for, as they cost next to nothing. */
  readonly first: (ids: Int32Array) => Promise<Float32Array>;
  /** Texts of one blob. Default 2,048. */
  readonly fileTexts?: number | undefined;
}

export interface StatesCache extends StatesSource {
  /** Texts that had to be computed. */
  readonly computed: number;
  close(): void;
}

interface Place extends StoredText {
  readonly reader: BlobReader;
}

/** Finds or computes the states of all texts. @throws what computing throws; StorageFullError; StorageError */
export async function openStatesCache(texts: readonly StatesText[], parts: StatesCacheParts): Promise<StatesCache> {
  const { store, hiddenSize, prefix = "" } = parts;
  const keys = await Promise.all(texts.map(async ({ text, kind }) => (await digest(`${kind}\0${text}`)).slice(0, 32)));
  const places = new Map<string, Place>();
  const readers: BlobReader[] = [];
  let missing: number[];
  const close = () => {
    for (const reader of readers) reader.close();
  };
  const add = async (name: string) => {
    const reader = await store.open(name);
    const index = await readStatesIndex(reader);
    if (!index) {
      reader.close();
      return await store.remove(name);
    }
    readers.push(reader);
    for (const [key, place] of index) places.set(key, { ...place, reader });
  };
  try {
    for (const { name } of await store.list(prefix)) if (name.endsWith(STATES_ENDING)) await add(name);
    missing = [...keys.keys()].filter((text) => places.get(keys[text]!)?.tokens !== texts[text]!.ids.length);
    for await (const name of computeMissing(missing, keys, texts, parts)) await add(name);
  } catch (error) {
    close();
    throw error;
  }
  const placeOf = (text: number) => places.get(keys[text]!)!;
  return {
    computed: missing.length,
    hiddenSize,
    tokens: (text) => texts[text]!,
    async read(text) {
      const { reader, statesOffset, tokens } = placeOf(text);
      return decodeFloat16(new Uint16Array((await reader.read(statesOffset, 2 * tokens * hiddenSize)).buffer));
    },
    first: (text) => parts.first(texts[text]!.ids),
    async dense(text) {
      const { reader, denseOffset } = placeOf(text);
      return new Float32Array((await reader.read(denseOffset, 4 * hiddenSize)).buffer);
    },
    close,
  };
}

async function* computeMissing(
  missing: readonly number[],
  keys: readonly string[],
  texts: readonly StatesText[],
  { store, hiddenSize, prefix = "", compute, fileTexts = FILE_TEXTS }: StatesCacheParts,
): AsyncGenerator<string> {
  const tokensOf = (numbers: readonly number[]) => numbers.reduce((sum, text) => sum + texts[text]!.ids.length, 0);
  const total = tokensOf(missing);
  let done = 0;
  for (let first = 0; first < missing.length; first += fileTexts) {
    const numbers = missing.slice(first, first + fileTexts);
    const computed = await compute(numbers, done, total);
    done += tokensOf(numbers);
    const name = `${prefix}${(await digest(numbers.map((text) => keys[text]).join())).slice(0, 16)}${STATES_ENDING}`;
    await writeStatesFile(
      store,
      name,
      hiddenSize,
      computed.map((states, index) => ({ ...states, key: keys[numbers[index]!]! })),
    );
    yield name;
  }
}

async function digest(text: string): Promise<string> {
  return await sha256Hex(new TextEncoder().encode(text));
}
