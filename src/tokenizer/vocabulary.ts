/** Reads a vocabulary file (README.md: the layout) into the tables that tokenizing needs. Knows nothing about text. */
import { UnsupportedModelError } from "#core/errors.ts";
import { ByteReader, corruptVocabulary } from "./byte-reader.ts";
import { PieceTrie } from "./piece-trie.ts";
import { CHECKSUM_END, checksum, FORMAT_VERSION, HEADER_FIELDS, type Header, type HeaderField, MAGIC, ScoreKind } from "./vocabulary-format.ts";

/** Replacements by the normalizer: what is not listed stays as it is. */
export interface CharsmapRules {
  /** Ascending code points and their replacement, which may be empty. */
  readonly singles: readonly (readonly [codePoint: number, replacement: string])[];
  /** Two characters of one grapheme cluster and what they become together. */
  readonly pairs: readonly (readonly [first: number, second: number, replacement: string])[];
}

/** A token that is found in the text before anything else is done with it. */
export interface AddedToken {
  readonly id: number;
  readonly content: string;
  /** {@link AddedTokenFlag}s: whether it takes the white space beside it with it. */
  readonly flags: number;
}

export interface Vocabulary {
  readonly pieces: number;
  readonly trie: PieceTrie;
  /** Log-probability of each id's piece. */
  readonly scores: Float64Array;
  readonly charsmap: CharsmapRules;
  /** One of {@link SpaceHandling}. */
  readonly spaceHandling: number;
  readonly unkId: number;
  /** Ids put before and after a text when special tokens are asked for. */
  readonly prefixIds: readonly number[];
  readonly suffixIds: readonly number[];
  readonly added: readonly AddedToken[];
}

/**
 * @throws CorruptShardError when the bytes are cut, damaged or something else
 * @throws UnsupportedModelError when they are of a newer format version
 */
export function readVocabulary(bytes: Uint8Array): Vocabulary {
  const reader = new ByteReader(bytes);
  const header = readHeader(reader, bytes);
  const { pieces } = header;
  const trie = new PieceTrie({
    shared: reader.take(pieces),
    own: reader.take(pieces),
    units: reader.take(2 * header.suffixUnits),
    ids: reader.take(3 * pieces),
  });
  const scores = readScores(new ByteReader(reader.take(header.scoreBytes)), pieces);
  const charsmap = readCharsmap(new ByteReader(reader.take(header.charsmapBytes)));
  const special = readSpecial(new ByteReader(reader.take(header.specialBytes)));
  if (special.unkId >= pieces) throw corruptVocabulary("its unknown token is not among its pieces.");
  return { pieces, trie, scores, charsmap, ...special };
}

function readHeader(reader: ByteReader, bytes: Uint8Array): Header {
  if (String.fromCharCode(...reader.take(Math.min(MAGIC.length, reader.remaining))) !== MAGIC) throw corruptVocabulary("it is not a vocabulary file.");
  const header = Object.fromEntries(HEADER_FIELDS.map((field) => [field, field === "version" || reader.remaining >= 4 ? reader.uint32() : 0])) as Record<
    HeaderField,
    number
  >;
  if (header.version !== FORMAT_VERSION) {
    throw new UnsupportedModelError(`its vocabulary file has format version ${header.version}, and this package reads version ${FORMAT_VERSION}.`);
  }
  if (header.fileBytes !== bytes.length) throw corruptVocabulary(`it has ${bytes.length} bytes instead of ${header.fileBytes}.`);
  if (header.checksum !== checksum(bytes.subarray(CHECKSUM_END))) throw corruptVocabulary("its checksum does not match.");
  return header;
}

function readScores(reader: ByteReader, pieces: number): Float64Array {
  const kind = reader.byte();
  if (kind === ScoreKind.float64) return Float64Array.from({ length: pieces }, () => reader.float64());
  if (kind !== ScoreKind.float32Differences) throw corruptVocabulary("its scores are of an unknown kind.");
  // By hand rather than by reader.varint: a quarter of a million numbers, read once, before anything is compiled.
  const bytes = reader.take(reader.remaining);
  const bits = new Int32Array(pieces);
  let at = 0;
  let last = 0;
  for (let id = 0; id < pieces; id++) {
    let folded = 0;
    let shift = 0;
    let byte = 0x80;
    for (; byte > 0x7f && shift < 35; shift += 7) {
      byte = bytes[at++] ?? 0;
      folded |= (byte & 0x7f) << shift;
    }
    last = (last + ((folded >>> 1) ^ -(folded & 1))) | 0;
    bits[id] = last;
  }
  if (at !== bytes.length) throw corruptVocabulary("its scores are not as many as its pieces.");
  return new Float64Array(new Float32Array(bits.buffer));
}

function readCharsmap(reader: ByteReader): CharsmapRules {
  const singles: [number, string][] = [];
  const pairs: [number, number, string][] = [];
  let codePoint = 0;
  for (let count = reader.varint(); count > 0; count--) {
    codePoint += reader.varint();
    if (codePoint > 0x10ffff) throw corruptVocabulary("a character in it does not exist.");
    singles.push([codePoint, reader.text()]);
  }
  for (let count = reader.varint(); count > 0; count--) pairs.push([reader.codePoint(), reader.codePoint(), reader.text()]);
  return { singles, pairs };
}

function readSpecial(reader: ByteReader): Pick<Vocabulary, "spaceHandling" | "unkId" | "prefixIds" | "suffixIds" | "added"> {
  const spaceHandling = reader.byte();
  const unkId = reader.varint();
  const readIds = () => Array.from({ length: Math.min(reader.varint(), 255) }, () => reader.varint());
  const prefixIds = readIds();
  const suffixIds = readIds();
  const added: AddedToken[] = [];
  for (let count = reader.varint(); count > 0; count--) added.push({ id: reader.varint(), flags: reader.byte(), content: reader.text() });
  // An empty one would be found everywhere, without end.
  if (added.some(({ content }) => content === "")) throw corruptVocabulary("an added token is empty.");
  if (reader.remaining > 0) throw corruptVocabulary("its special tokens are longer than they say.");
  return { spaceHandling, unkId, prefixIds, suffixIds, added };
}
