/**
 * Hidden states of some texts in a file: written once, whole or not at all.
 *
 * Layout, little-endian: "M3HS", u32 version, u32 bytes of the header, the header (JSON: {keys, lengths, hiddenSize}), zeros up to a multiple of 4; then the
 * dense vectors (float32 [texts, hiddenSize]) and the hidden states (float16 [tokens, hiddenSize], text after text).
 */
import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { numberToFloat16 } from "#core/float16.ts";

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

/** Where the numbers of a text lie in its file. */
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

export async function writeStatesFile(file: string, hiddenSize: number, texts: readonly StateText[]): Promise<void> {
  const header: Header = { keys: texts.map(({ key }) => key), lengths: texts.map(({ states }) => states.length / hiddenSize), hiddenSize };
  const json = new TextEncoder().encode(JSON.stringify(header));
  const prefix = new Uint8Array(dataStart(json.length));
  new Uint32Array(prefix.buffer, 0, 3).set([MAGIC, VERSION, json.length]);
  prefix.set(json, PREFIX_BYTES);
  const temporary = `${file}.${process.pid}.tmp`;
  const handle = await open(temporary, "w");
  try {
    await handle.write(prefix);
    for (const { dense } of texts) await handle.write(new Uint8Array(dense.buffer, dense.byteOffset, dense.byteLength));
    for (const { states } of texts) await handle.write(new Uint8Array(Uint16Array.from(states, numberToFloat16).buffer));
    await handle.sync();
    await handle.close();
    await rename(temporary, file);
  } catch (error) {
    await handle.close().catch(() => {});
    await rm(temporary, { force: true });
    throw error;
  }
}

/** Which texts a file has, by key; null for a file that is cut, of another version, or not such a file: it is to be made anew. */
export async function readStatesIndex(handle: FileHandle): Promise<Map<string, StoredText> | null> {
  const { size } = await handle.stat();
  if (size < PREFIX_BYTES) return null;
  const prefix = new DataView(await readBytes(handle, 0, PREFIX_BYTES));
  const headerBytes = prefix.getUint32(8, true);
  if (prefix.getUint32(0, true) !== MAGIC || prefix.getUint32(4, true) !== VERSION || PREFIX_BYTES + headerBytes > size) return null;
  const { keys, lengths, hiddenSize }: Header = JSON.parse(new TextDecoder().decode(await readBytes(handle, PREFIX_BYTES, headerBytes)));
  const texts = new Map<string, StoredText>();
  const denseStart = dataStart(headerBytes);
  let statesOffset = denseStart + 4 * keys.length * hiddenSize;
  for (const [index, key] of keys.entries()) {
    const tokens = lengths[index]!;
    texts.set(key, { tokens, denseOffset: denseStart + 4 * index * hiddenSize, statesOffset });
    statesOffset += 2 * tokens * hiddenSize;
  }
  return statesOffset === size ? texts : null;
}

export async function readBytes(handle: FileHandle, offset: number, length: number): Promise<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let done = 0; done < length; ) {
    const { bytesRead } = await handle.read(bytes, done, length - done, offset + done);
    if (bytesRead === 0) throw new Error(`The hidden states end at byte ${offset + done}: the file was cut while it was read.`);
    done += bytesRead;
  }
  return bytes.buffer;
}

function dataStart(headerBytes: number): number {
  return Math.ceil((PREFIX_BYTES + headerBytes) / 4) * 4;
}
