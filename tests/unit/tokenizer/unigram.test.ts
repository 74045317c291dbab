import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PieceTrie, type SortedPieces } from "#tokenizer/piece-trie.ts";
import { Unigram } from "#tokenizer/unigram.ts";

const UNK = 0;

/** The lists that a vocabulary file holds. */
function sorted(pieces: readonly string[]): SortedPieces {
  const order = [...pieces.keys()].sort((a, b) => (pieces[a]! < pieces[b]! ? -1 : 1));
  const [shared, own, units, ids]: number[][] = [[], [], [], []];
  let last = "";
  for (const id of order) {
    const piece = pieces[id]!;
    let common = 0;
    while (common < last.length && last[common] === piece[common]) common++;
    shared!.push(common);
    own!.push(piece.length - common);
    for (let at = common; at < piece.length; at++) units!.push(piece.charCodeAt(at));
    ids!.push(id);
    last = piece;
  }
  const planes = (values: readonly number[], count: number) =>
    Uint8Array.from(Array.from({ length: count }, (_, plane) => values.map((value) => value >> (8 * plane))).flat());
  return { shared: Uint8Array.from(shared!), own: Uint8Array.from(own!), units: planes(units!, 2), ids: planes(ids!, 3) };
}

function model(vocabulary: readonly (readonly [string, number])[]) {
  const trie = new PieceTrie(sorted(vocabulary.map(([piece]) => piece)));
  const unigram = new Unigram(
    trie,
    Float64Array.from(vocabulary, ([, score]) => score),
    UNK,
  );
  const segment = (word: string) => {
    unigram.reserve(word.length + 1);
    for (let i = 0; i < word.length; i++) unigram.units[i + 1] = word.charCodeAt(i);
    unigram.segment(word.length + 1);
    const marked = `▁${word}`;
    const ends = [...unigram.ends.subarray(0, unigram.count)];
    return ends.map((end, token) => marked.slice(token === 0 ? 0 : ends[token - 1], end));
  };
  return { trie, unigram, segment };
}

describe("Unigram", () => {
  it("takes the best sum of scores", () => {
    const { segment } = model([
      ["<unk>", 0],
      ["▁", -1],
      ["a", -2],
      ["b", -2],
      ["c", -2],
      ["ab", -3],
      ["bc", -5],
      ["abc", -5.5],
      ["▁a", -2.5],
    ]);
    expect(segment("abc")).toEqual(["▁", "ab", "c"]);
    expect(segment("aab")).toEqual(["▁a", "ab"]);
  });

  it("makes neighbouring unknown characters one token, pairs of surrogates too", () => {
    const { segment, unigram } = model([
      ["<unk>", 0],
      ["▁", -1],
      ["a", -2],
    ]);
    expect(segment("x🙂ya🙂")).toEqual(["▁", "x🙂y", "a", "🙂"]);
    expect([...unigram.ids.subarray(0, 4)]).toEqual([1, UNK, 2, UNK]);
  });

  it("keeps the first of equally good ways, as Rust does", () => {
    // ▁|ab|c and ▁a|bc and ▁|a|bc: all -6; the end is first reached from the earlier start.
    const { segment } = model([
      ["<unk>", 0],
      ["▁", -1],
      ["ab", -3],
      ["c", -2],
      ["bc", -2],
      ["a", -3],
      ["▁a", -4],
    ]);
    expect(segment("abc")).toEqual(["▁a", "bc"]);
  });

  it("finds a way as good as the best of all ways", () => {
    const letters = ["a", "b", "c", "🙂"];
    const piece = fc.array(fc.constantFrom(...letters), { minLength: 1, maxLength: 4 }).map((parts) => parts.join(""));
    const pieces = fc.uniqueArray(piece, { maxLength: 15 });
    const word = fc.array(fc.constantFrom(...letters), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(pieces, fc.array(fc.integer({ min: -20, max: -1 }), { minLength: 20, maxLength: 20 }), word, (list, scores, parts) => {
        const vocabulary = ["<unk>", "▁", ...list, "▁a", "▁ab"].map((text, id) => [text, scores[id % 20]!] as const);
        const scoreOf = new Map(vocabulary);
        const unknown = Math.min(...vocabulary.map(([, score]) => score)) - 10;
        const characters = ["▁", ...parts];
        const best = (from: number): number => {
          if (from === characters.length) return 0;
          let highest = Number.NEGATIVE_INFINITY;
          for (let to = from + 1; to <= characters.length; to++) {
            const score = scoreOf.get(characters.slice(from, to).join("")) ?? (to === from + 1 ? unknown : Number.NEGATIVE_INFINITY);
            highest = Math.max(highest, score + best(to));
          }
          return highest;
        };
        const found = model(vocabulary).segment(parts.join(""));
        const sum = found.reduce((total, text) => total + (scoreOf.get(text) ?? [...text].length * unknown), 0);
        expect(found.join("")).toBe(characters.join(""));
        expect(sum).toBe(best(0));
      }),
      { numRuns: 1000 },
    );
  });
});

describe("PieceTrie", () => {
  it("gives back every piece", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string({ unit: "binary", minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 30 }), (pieces) => {
        const trie = new PieceTrie(sorted(pieces));
        pieces.forEach((piece, id) => {
          expect(trie.piece(id)).toBe(piece);
          let node = trie.root;
          for (let at = 0; at < piece.length; at++) node = trie.child(node, piece.charCodeAt(at));
          expect(trie.idAt(node)).toBe(id);
        });
      }),
    );
  });

  it("knows what is no piece", () => {
    const { trie } = model([
      ["ab", 0],
      ["abcd", 0],
    ]);
    const ab = trie.child(trie.child(trie.root, 97), 98);
    expect([trie.child(trie.root, 98), trie.child(ab, 97), trie.child(ab, 0)]).toEqual([-1, -1, -1]);
    expect(trie.idAt(trie.child(trie.root, 97))).toBe(-1);
    expect(trie.idAt(trie.child(ab, 99))).toBe(-1);
  });
});
