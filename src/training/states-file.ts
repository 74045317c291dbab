/**
 * Hidden states of some texts in a blob: written once, whole or not at all.
 *
 * Layout, little-endian: "M3HS", u32 version, u32 bytes of the header, the header (JSON: {keys, lengths, hiddenSize}), zeros up to a multiple of 4; then the
 * dense vectors (float32 [texts, hiddenSize]) and the hidden states (float16 [tokens, hiddenSize], text after text).
 */
import type { BlobReader, ByteStore } from "#core/byte-store.ts";
import { encodeFloat16 } from "#core/float16.ts";

const MAGIC = 0x5348334d;
const VERSION = 1;
const PREFIX_BYTES = 12;

interface Header {
  /** What each text is known by. */
  readonly keys: readonly string[];
  /** Tokens of each text. */
  readonly lengths: readonly number[];
  readonly hiddenSize: number;
}

/** Where the numbers of a text lie in its blob. */
export interface StoredText {
  readonly tokens: number;
  readonly denseOffset: number;
  readonly statesOffset: number;
}

export interface StateText {
  readonly key: string;
  /** Unit vector. */
  readonly dense: Float32Array;
  /** [tokens, hiddenSize] */
  readonly states: Float32Array;
}

/** @throws StorageFullError; StorageError: then there is no such blob */
export async function writeStatesFile(store: ByteStore, name: string, hiddenSize: number, texts: readonly StateText[]): Promise<void> {
  const header: Header = { keys: texts.map(({ key }) => key), lengths: texts.map(({ states }) => states.length / hiddenSize), hiddenSize };
  const json = new TextEncoder().encode(JSON.stringify(header));
  const prefix = new Uint8Array(dataStart(json.length));
  new Uint32Array(prefix.buffer, 0, 3).set([MAGIC, VERSION, json.length]);
  prefix.set(json, PREFIX_BYTES);
  const writer = await store.create(name);
  try {
    await writer.append(prefix);
    for (const { dense } of texts) await writer.append(new Uint8Array(dense.buffer, dense.byteOffset, dense.byteLength));
    for (const { states } of texts) await writer.append(new Uint8Array(encodeFloat16(states).buffer));
    await writer.commit();
  } catch (error) {
    await writer.abort();
    throw error;
  }
}

/** Which texts a blob has, by key; null for one that is cut, of another version, or not such a blob: it is to be made anew. */
export async function readStatesIndex(reader: BlobReader): Promise<Map<string, StoredText> | null> {
  if (reader.bytes < PREFIX_BYTES) return null;
  const prefix = new DataView((await reader.read(0, PREFIX_BYTES)).buffer);
  const headerBytes = prefix.getUint32(8, true);
  if (prefix.getUint32(0, true) !== MAGIC || prefix.getUint32(4, true) !== VERSION || PREFIX_BYTES + headerBytes > reader.bytes) return null;
  const { keys, lengths, hiddenSize }: Header = JSON.parse(new TextDecoder().decode(await reader.read(PREFIX_BYTES, headerBytes)));
  const texts = new Map<string, StoredText>();
  const denseStart = dataStart(headerBytes);
  let statesOffset = denseStart + 4 * keys.length * hiddenSize;
  for (const [index, key] of keys.entries()) {
    const tokens = lengths[index]!;
    texts.set(key, { tokens, denseOffset: denseStart + 4 * index * hiddenSize, statesOffset });
    statesOffset += 2 * tokens * hiddenSize;
  }
  return statesOffset === reader.bytes ? texts : null;
}

function dataStart(headerBytes: number): number {
  return Math.ceil((PREFIX_BYTES + headerBytes) / 4) * 4;
}
