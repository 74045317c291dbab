import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bm25List } from "#search/bm25.ts";
import { ByteCache } from "#search/format/byte-cache.ts";
import { IMPACT_WEIGHTS, impactOf, SMALLEST_WEIGHT } from "#search/postings/impact.ts";
import { LIST_END, ListCursor } from "#search/postings/list-cursor.ts";
import { encodeList, type PostingList } from "#search/postings/list-format.ts";
import { maxScore, type ScoredList, scoreDocuments } from "#search/postings/max-score.ts";
import { PostingsFile, writePostings } from "#search/postings/postings-file.ts";
import { MemoryStore } from "#storage/memory.ts";

const code = (value: string) => expect.objectContaining({ code: value });

/** Lists of every density: from each document to gaps of millions. */
const list: fc.Arbitrary<PostingList> = fc
  .tuple(fc.integer({ min: 0, max: 24 }), fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })), { maxLength: 500 }))
  .map(([bits, postings]) => {
    let document = -1;
    const documents = postings.map(([gap]) => {
      document += 1 + (gap % 2 ** bits);
      return document;
    });
    return { documents, values: postings.map(([, value]) => value) };
  });

const cursorOf = ({ documents, values }: PostingList) => new ListCursor(encodeList({ documents, values }), documents.length, "file");

function walk(cursor: ListCursor): PostingList {
  const documents: number[] = [];
  const values: number[] = [];
  for (; cursor.document !== LIST_END; cursor.next()) {
    documents.push(cursor.document);
    values.push(cursor.value);
  }
  return { documents, values };
}

describe("an inverted list", () => {
  it("comes back as it was", () => {
    fc.assert(
      fc.property(list, (wanted) => {
        expect(walk(cursorOf(wanted))).toEqual(wanted);
      }),
    );
  });

  it("holds the widest gaps", () => {
    const wanted = { documents: [0, 1, 0x7fff_ffff, 0xffff_fffd, 0xffff_fffe], values: [1, 2, 3, 4, 255] };
    expect(walk(cursorOf(wanted))).toEqual(wanted);
  });

  it("seeks to the first document from a target on, never back", () => {
    fc.assert(
      fc.property(list, fc.array(fc.nat(2 ** 26), { maxLength: 30 }), (wanted, targets) => {
        const cursor = cursorOf(wanted);
        let reached = 0;
        for (const target of targets.sort((a, b) => a - b)) {
          cursor.seek(target);
          reached = Math.max(reached, target);
          const place = Array.from(wanted.documents).findIndex((document) => document >= reached);
          expect([cursor.document, cursor.value]).toEqual(place < 0 ? [LIST_END, 0] : [wanted.documents[place], wanted.values[place]]);
        }
      }),
    );
  });

  it("knows the largest value of each block without decoding it", () => {
    fc.assert(
      fc.property(list, fc.nat(2 ** 25), (wanted, target) => {
        const cursor = cursorOf(wanted);
        const block = cursor.blockAt(target);
        const place = Array.from(wanted.documents).findIndex((document) => document >= target);
        if (place < 0) {
          expect(block).toBeNull();
          return;
        }
        const from = place - (place % 128);
        expect(block?.largest).toBe(Math.max(...Array.from(wanted.values).slice(from, from + 128)));
        expect(block?.last).toBe(wanted.documents[Math.min(from + 127, wanted.documents.length - 1)]);
        expect(cursor.bounds().largest).toBe(Math.max(...Array.from(wanted.values)));
      }),
    );
  });

  it("notices any changed byte", () => {
    const bytes = encodeList({
      documents: Array.from({ length: 300 }, (_, index) => index * 3),
      values: Array.from({ length: 300 }, (_, index) => 1 + (index % 255)),
    });
    for (let at = 0; at < bytes.length; at++) {
      const damaged = bytes.slice();
      damaged[at]! ^= 0x10;
      expect(() => new ListCursor(damaged, 300, "file"), `byte ${at}`).toThrow(code("corrupt-index"));
    }
    expect(() => new ListCursor(bytes, 299, "file")).toThrow(code("corrupt-index"));
    expect(() => new ListCursor(bytes.subarray(0, 5), 300, "file")).toThrow(code("corrupt-index"));
  });
});

describe("impacts", () => {
  it("err by at most 1.6 %, and not at all when they are read and written again", () => {
    for (let weight = 0.005; weight < 8; weight *= 1.001) expect(Math.abs(IMPACT_WEIGHTS[impactOf(weight)]! / weight - 1)).toBeLessThan(0.016);
    for (let impact = 1; impact <= 255; impact++) expect(impactOf(IMPACT_WEIGHTS[impact]!)).toBe(impact);
  });

  it("leave out what is too small, and cut what is too large", () => {
    expect([impactOf(0), impactOf(SMALLEST_WEIGHT * 0.99), impactOf(SMALLEST_WEIGHT), impactOf(100)]).toEqual([0, 0, 1, 255]);
  });
});

describe("MaxScore", () => {
  const lists = fc.array(fc.tuple(list, fc.double({ min: 0.01, max: 2, noNaN: true })), { maxLength: 8 });
  const scored = (given: readonly (readonly [PostingList, number])[]): ScoredList[] =>
    given.map(([postings, weight]) => ({ cursor: cursorOf(postings), score: (_document, value) => weight * value, bound: (largest) => weight * largest }));

  it("gives what adding up everything gives", () => {
    fc.assert(
      fc.property(lists, fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 5 }), (given, count, every) => {
        const accept = (document: number) => document % every === 0;
        const sums = new Map<number, number>();
        for (const [{ documents, values }, weight] of given) {
          for (let place = 0; place < documents.length; place++) sums.set(documents[place]!, (sums.get(documents[place]!) ?? 0) + weight * values[place]!);
        }
        const expected = [...sums]
          .filter(([document]) => accept(document))
          .sort(([a, x], [b, y]) => y - x || a - b)
          .slice(0, count);
        const best = maxScore(scored(given), count, accept);
        expect(best.scores.length).toBe(expected.length);
        // Sums of another order differ in the last bits, so documents of nearly equal scores may change places.
        for (const [place, [, score]] of expected.entries()) expect(best.scores[place]).toBeCloseTo(score, 3);
        for (const [place, document] of best.places.entries()) expect(sums.get(document)).toBeCloseTo(best.scores[place]!, 3);
      }),
      { numRuns: 300 },
    );
  });

  it("reads little of a long list that adds little", () => {
    const common = { documents: Array.from({ length: 50_000 }, (_, index) => index), values: Array.from({ length: 50_000 }, () => 1) };
    const rare = { documents: [10, 20_000, 49_999], values: [200, 255, 100] };
    let looks = 0;
    const given = scored([
      [common, 1],
      [rare, 1],
    ]).map(
      (one): ScoredList => ({
        ...one,
        score: (document, value) => {
          looks++;
          return one.score(document, value);
        },
      }),
    );
    expect([...maxScore(given, 2, () => true).places]).toEqual([20_000, 10]);
    expect(looks).toBeLessThan(200);
  });

  it("scores chosen documents", () => {
    const given = scored([
      [{ documents: [1, 5, 9], values: [1, 2, 3] }, 1],
      [{ documents: [5, 6], values: [10, 20] }, 2],
    ]);
    expect([...scoreDocuments(given, [0, 5, 6, 9, 100])]).toEqual([0, 22, 40, 3, 0]);
  });

  it("bounds BM25 from above", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer({ min: 1, max: 255 }), fc.integer({ min: 1, max: 500 })), { minLength: 1, maxLength: 300 }), (postings) => {
        const lengths = postings.map(([, length]) => length);
        const bytes = encodeList({ documents: postings.map((_, index) => index), values: postings.map(([value]) => value) }, (document) => lengths[document]!);
        const cursor = new ListCursor(bytes, postings.length, "file");
        const bm25 = bm25List(cursor, 1.7, lengths, { documents: 1000, averageLength: 80 });
        const block = cursor.blockAt(0)!;
        for (const [document, [value]] of postings.slice(0, 128).entries()) {
          expect(bm25.score(document, value)).toBeLessThanOrEqual(bm25.bound(block.largest, block.shortest) + 1e-12);
        }
      }),
    );
  });
});

describe("a file of lists", () => {
  it("finds each term, also across pages of the dictionary, and no others", async () => {
    const store = new MemoryStore();
    const terms = Array.from({ length: 700 }, (_, index) => 3 + index * 350);
    const lists = terms.map((term, index) => [term, { documents: [index, index + 1], values: [1 + (index % 255), 7] }] as const);
    await writePostings(store, "lists", "lexical", { documents: 800, lists });
    const file = await PostingsFile.open(store, "lists", "lexical", new ByteCache(1000));
    expect([file.documents, file.terms]).toEqual([800, 700]);
    for (const [index, term] of terms.entries()) {
      const cursor = (await file.cursors([term])).get(term);
      expect(cursor && walk(cursor)).toEqual({ documents: [index, index + 1], values: [1 + (index % 255), 7] });
    }
    expect((await file.cursors([0, 4, 2, 244_653 + 1, 0xffff_fffe])).size).toBe(0);
    expect([await file.frequency(3), await file.frequency(4)]).toEqual([2, 0]);
    const all: number[] = [];
    for await (const [term] of file.lists()) all.push(term);
    expect(all).toEqual(terms);
  });

  it("may be empty", async () => {
    const store = new MemoryStore();
    await writePostings(store, "lists", "words", { documents: 2, lists: [], lengths: Uint32Array.of(0, 70_000) });
    const file = await PostingsFile.open(store, "lists", "words", new ByteCache(1000));
    expect((await file.cursors([1])).size).toBe(0);
    expect([...(await file.lengths()), file.totalTokens]).toEqual([0, 65_535, 70_000]);
  });
});
