import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { buildVocabulary } from "#builder/vocabulary.ts";
import { CorruptShardError, M3Error, UnsupportedModelError } from "#core/errors.ts";
import { CHECKSUM_END, checksum, HEADER_BYTES, HEADER_FIELDS, MAGIC } from "#tokenizer/vocabulary-format.ts";
import { XlmRobertaTokenizer } from "#tokenizer/xlm-roberta.ts";
import { readTokenizerJson, type TokenizerJson } from "./m3-mini.ts";

const json = readTokenizerJson();

/** A small vocabulary with the real character map: the special pieces and the first thousand others. */
function small(change: (part: TokenizerJson["model"]) => void = () => undefined): Uint8Array {
  const model = { ...json.model, vocab: [...json.model.vocab.slice(0, 1000)] };
  change(model);
  return buildVocabulary({ ...json, model });
}

const good = small();
const load = (bytes: Uint8Array) => () => XlmRobertaTokenizer.fromBytes(bytes);

function withField(field: (typeof HEADER_FIELDS)[number], value: number): Uint8Array {
  const bytes = good.slice();
  new DataView(bytes.buffer).setUint32(MAGIC.length + 4 * HEADER_FIELDS.indexOf(field), value, true);
  return sealed(bytes);
}

/** With a checksum that fits, so that the parts behind it are tried. */
function sealed(bytes: Uint8Array): Uint8Array {
  if (bytes.length >= HEADER_BYTES) new DataView(bytes.buffer, bytes.byteOffset).setUint32(CHECKSUM_END - 4, checksum(bytes.subarray(CHECKSUM_END)), true);
  return bytes;
}

describe("a vocabulary file", () => {
  it("is read", () => {
    expect([...XlmRobertaTokenizer.fromBytes(good).encode("de, la").ids]).toEqual([0, 8, 4, 21, 2]);
  });

  it("is read from a view at an odd place", () => {
    const shifted = new Uint8Array(good.length + 3);
    shifted.set(good, 3);
    expect([...XlmRobertaTokenizer.fromBytes(shifted.subarray(3)).encode("de, la").ids]).toEqual([0, 8, 4, 21, 2]);
  });

  it.each([0, 1, 7, 8, 11, 12, HEADER_BYTES - 1, HEADER_BYTES, HEADER_BYTES + 1, good.length >> 1, good.length - 1])("cut to %d bytes is refused", (length) => {
    expect(load(good.slice(0, length))).toThrow(CorruptShardError);
  });

  it("that is longer, or something else, is refused", () => {
    const longer = new Uint8Array(good.length + 1);
    longer.set(good);
    expect(load(longer)).toThrow(CorruptShardError);
    expect(load(new TextEncoder().encode(JSON.stringify(json).slice(0, 5000)))).toThrow(CorruptShardError);
    expect(load(new Uint8Array(1000))).toThrow(CorruptShardError);
  });

  it("of another version says so", () => {
    expect(load(withField("version", 2))).toThrow(UnsupportedModelError);
    expect(load(withField("version", 2))).toThrow("format version 2");
  });

  it("with any one bit changed is refused", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 8 * good.length - 1 }), (bit) => {
        const bytes = good.slice();
        bytes[bit >> 3]! ^= 1 << (bit & 7);
        expect(load(bytes)).toThrow(M3Error);
      }),
      { numRuns: 300 },
    );
  });

  it("that is damaged but fits its checksum either works or is refused by type", () => {
    const damage = fc.array(fc.tuple(fc.integer({ min: CHECKSUM_END, max: good.length - 1 }), fc.integer({ min: 0, max: 255 })), {
      minLength: 1,
      maxLength: 4,
    });
    const atTheEnds = fc.array(
      fc.tuple(
        fc.oneof(fc.integer({ min: CHECKSUM_END, max: HEADER_BYTES + 20 }), fc.integer({ min: good.length - 100, max: good.length - 1 })),
        fc.integer({ min: 0, max: 255 }),
      ),
      {
        minLength: 1,
        maxLength: 4,
      },
    );
    fc.assert(
      fc.property(fc.oneof(damage, atTheEnds), (changes) => {
        const bytes = good.slice();
        for (const [at, value] of changes) bytes[at] = value;
        try {
          XlmRobertaTokenizer.fromBytes(sealed(bytes)).encode("de, la ½ ﷺ <mask> e\u0301");
        } catch (error) {
          expect(error).toBeInstanceOf(M3Error);
        }
      }),
      { numRuns: 600 },
    );
  });

  it("with any byte of its special tokens changed comes to an end: it works, or is refused by type", () => {
    const at = MAGIC.length + 4 * HEADER_FIELDS.indexOf("specialBytes");
    const specialBytes = new DataView(good.buffer).getUint32(at, true);
    const bytes = good.slice();
    for (let changed = good.length - specialBytes; changed < good.length; changed++) {
      for (const value of [0, 1, 2, 0x7f, 0x80, 0xff, good[changed]! - 1, good[changed]! + 1]) {
        bytes[changed] = value;
        try {
          XlmRobertaTokenizer.fromBytes(sealed(bytes)).encode("de, la <mask> <s>");
        } catch (error) {
          expect(error).toBeInstanceOf(M3Error);
        }
      }
      bytes[changed] = good[changed]!;
    }
  });

  it("with an empty added token, which would be found everywhere, is refused", () => {
    // The last text of the file is "<mask>": its length and six letters, a byte each.
    const bytes = good.slice();
    const length = good.length - "<mask>".length - 1;
    expect(bytes[length]).toBe("<mask>".length);
    bytes[length] = 0;
    expect(load(sealed(bytes))).toThrow("an added token is empty");
  });

  it("keeps scores that are no float32 numbers", () => {
    const bytes = small((model) => {
      model.vocab = model.vocab.map(([piece, score]) => [piece, score === 0 ? 0 : score - 1e-12]);
    });
    expect(bytes.length).toBeGreaterThan(good.length + 4 * 1000);
    expect([...XlmRobertaTokenizer.fromBytes(bytes).encode("de, la").ids]).toEqual([0, 8, 4, 21, 2]);
  });
});
