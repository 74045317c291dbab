import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { loadTokenizer } from "./m3-mini.ts";

const tokenizer = loadTokenizer();

/** Any UTF-16, lone surrogates included. */
const anyUnits = fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 60 }).map((units) => String.fromCharCode(...units));
/** Characters at which rules turn, and literal special tokens. */
const edges = fc
  .array(
    fc.constantFrom(
      "a",
      "e",
      "\u0301",
      "\u0338",
      " ",
      "\u3000",
      "\r",
      "\n",
      "\u200d",
      "\u094d",
      "क",
      "क़",
      "\u0600",
      "©",
      "🇰",
      "가",
      "ﷺ",
      "™",
      "\x01",
      "\x1e",
      "<mask>",
      "<s>",
      "▁",
      "\ud800",
      "\udc00",
      "\u0085",
    ),
    { maxLength: 30 },
  )
  .map((parts) => parts.join(""));
const texts = fc.oneof(anyUnits, edges, fc.string({ unit: "grapheme", maxLength: 60 }), fc.lorem());

describe("for any string", () => {
  it("offsets lie in the text, do not fall, and cover at least one unit", () => {
    fc.assert(
      fc.property(texts, (text) => {
        const { ids, offsets } = tokenizer.encode(text, { addSpecialTokens: false });
        expect(offsets.length).toBe(2 * ids.length);
        for (let token = 0; token < ids.length; token++) {
          const [start, end] = [offsets[2 * token]!, offsets[2 * token + 1]!];
          expect(start).toBeLessThan(end);
          expect(end).toBeLessThanOrEqual(text.length);
          expect(start).toBeGreaterThanOrEqual(token === 0 ? 0 : offsets[2 * token - 2]!);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it("offsets cut no surrogate pair", () => {
    fc.assert(
      fc.property(texts, (text) => {
        for (const offset of tokenizer.encode(text).offsets) {
          expect(/[\uD800-\uDBFF]$/.test(text.slice(0, offset)) && /^[\uDC00-\uDFFF]/.test(text.slice(offset))).toBe(false);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it("ids are ids, and the same the second time", () => {
    fc.assert(
      fc.property(texts, (text) => {
        const { ids } = tokenizer.encode(text);
        expect(ids.every((id) => id >= 0 && id < tokenizer.vocabSize)).toBe(true);
        expect(tokenizer.encode(text).ids).toEqual(ids);
      }),
      { numRuns: 500 },
    );
  });

  it("two texts with a line break between them have the ids of both", () => {
    const inner = (text: string) => [...tokenizer.encode(text, { addSpecialTokens: false }).ids];
    fc.assert(
      fc.property(texts, texts, (a, b) => {
        expect(inner(`${a}\n${b}`)).toEqual([...inner(a), ...inner(b)]);
      }),
      { numRuns: 1000 },
    );
  });

  it("a cut text has the first ids of the whole one", () => {
    fc.assert(
      fc.property(texts, fc.integer({ min: 2, max: 20 }), (text, maxLength) => {
        const whole = tokenizer.encode(text);
        const cut = tokenizer.encode(text, { maxLength });
        expect(cut.untruncatedLength).toBe(whole.ids.length);
        expect(cut.truncated).toBe(whole.ids.length > maxLength);
        expect(cut.ids.length).toBe(Math.min(whole.ids.length, maxLength));
        expect(cut.ids.subarray(0, -1)).toEqual(whole.ids.subarray(0, cut.ids.length - 1));
        expect(cut.ids.at(-1)).toBe(tokenizer.eosId);
      }),
      { numRuns: 500 },
    );
  });

  it("plain words keep their ids when they are cut out by their offsets", () => {
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[a-zA-Zäöüßéñçа-яα-ω]{1,12}$/), { minLength: 1, maxLength: 8 }), (words) => {
        const text = words.join(" ");
        const { ids, offsets } = tokenizer.encode(text, { addSpecialTokens: false });
        let from = 0;
        for (const word of words) {
          const tokens = [...ids.keys()].filter((token) => offsets[2 * token]! >= from && offsets[2 * token + 1]! <= from + word.length);
          const slice = text.slice(offsets[2 * tokens[0]!]!, offsets[2 * tokens.at(-1)! + 1]!);
          expect(slice).toBe(word);
          expect([...tokenizer.encode(slice, { addSpecialTokens: false }).ids]).toEqual(tokens.map((token) => ids[token]));
          from += word.length + 1;
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe("work grows with the length, no faster", () => {
  const kinds: [name: string, unit: string][] = [
    ["one letter", "a"],
    ["letters without a space", "abcdefghij"],
    ["unknown characters", "\u{10ffff}"],
    ["Chinese", "人人生而自由在尊严和权利上一律平等"],
    ["one cluster of combining marks", "\u0301"],
    ["conjuncts", "क्"],
    ["joined pictures", "👩\u200d"],
    ["added tokens", "<mask>"],
    ["almost added tokens", "<mas"],
    ["spaces before nothing", " "],
    ["characters that become many", "ﷺ"],
    ["removed characters", "\x01"],
  ];

  it.each(kinds)("%s", (_, unit) => {
    const stepsFor = (units: number) => {
      const before = tokenizer.steps;
      tokenizer.encode(unit.repeat(Math.ceil(units / unit.length)));
      return tokenizer.steps - before;
    };
    const [once, tenTimes] = [stepsFor(2_000), stepsFor(20_000)];
    expect(tenTimes).toBeLessThanOrEqual(10.1 * once + 100);
  });

  it("a million characters without a space are one word, and no call stack", () => {
    const text = "ab".repeat(500_000);
    const { ids, offsets } = tokenizer.encode(text);
    expect(offsets.at(-3)).toBe(text.length);
    expect(ids.length).toBeGreaterThan(100_000);
    // After it the big arrays are gone and all goes on as before.
    expect([...tokenizer.encode("Hello").ids]).toEqual([0, 35378, 2]);
  });
});
