/**
 * The best documents of several inverted lists without scoring them all: MaxScore (Turtle & Flood 1995) with the bound of the block at hand (Ding & Suel 2011).
 *
 * Lists are ordered by the most that they can add. Those that together cannot lift a document over the bar (the worst score of the best so far) are looked
 * into only for documents that one of the others has.
 */
import { BoundedHeap, type Ranked } from "#scoring/top-k.ts";
import { LIST_END, type ListCursor } from "./list-cursor.ts";

/** What a list adds to the score of its documents. Never negative. */
export interface ScoredList {
  readonly cursor: ListCursor;
  /** For the posting at hand. */
  score(document: number, value: number): number;
  /** At least what any posting of a block (or list) with these bounds adds. */
  bound(largest: number, shortest: number): number;
}

/**
 * The `count` documents with the highest sums; documents with a sum of 0 are never among them. Moves the cursors to their ends or anywhere.
 * @param accept leaves documents out: filters, deletions
 */
export function maxScore(lists: readonly ScoredList[], count: number, accept: (document: number) => boolean): Ranked {
  const heap = new BoundedHeap(count);
  const ordered = lists
    .map((list) => {
      const { largest, shortest } = list.cursor.bounds();
      return { ...pick(list), most: list.bound(largest, shortest) };
    })
    .filter(({ cursor, most }) => cursor.document !== LIST_END && most > 0)
    .sort((a, b) => a.most - b.most);
  if (ordered.length === 0 || count <= 0) return heap.drain();

  /** reach[i]: the most that lists 0 to i add together. */
  const reach = new Float64Array(ordered.length);
  for (const [index, { most }] of ordered.entries()) reach[index] = most + (index > 0 ? reach[index - 1]! : 0);
  /** Lists from here on must have a document for it to come in question. */
  let essential = 0;
  for (;;) {
    const bar = Math.max(heap.bar, 0);
    while (essential < ordered.length && reach[essential]! <= bar) essential++;
    if (essential === ordered.length) break;
    let document = LIST_END;
    for (let index = essential; index < ordered.length; index++) document = Math.min(document, ordered[index]!.cursor.document);
    if (document === LIST_END) break;

    const accepted = accept(document);
    let score = 0;
    for (let index = essential; index < ordered.length; index++) {
      const { cursor, list } = ordered[index]!;
      if (cursor.document !== document) continue;
      if (accepted) score += list.score(document, cursor.value);
      cursor.next();
    }
    if (!accepted) continue;
    for (let index = essential - 1; index >= 0; index--) {
      if (score + reach[index]! <= bar) break;
      const { cursor, list } = ordered[index]!;
      if (cursor.document < document) {
        // The block's own bound is often far below the list's: then the block need not be decoded.
        const block = cursor.blockAt(document);
        const others = index > 0 ? reach[index - 1]! : 0;
        if (block === null || score + others + list.bound(block.largest, block.shortest) <= bar) {
          if (score + others <= bar) break;
          continue;
        }
        cursor.seek(document);
      }
      if (cursor.document === document) score += list.score(document, cursor.value);
    }
    if (score > bar) heap.push(document, score);
  }
  return heap.drain();
}

function pick(list: ScoredList): { readonly list: ScoredList; readonly cursor: ListCursor } {
  return { list, cursor: list.cursor };
}

/** The sum of all lists for each of some documents, in rising order. The cursors must stand at the beginning. */
export function scoreDocuments(lists: readonly ScoredList[], documents: ArrayLike<number>): Float32Array {
  const scores = new Float32Array(documents.length);
  for (const list of lists) {
    const { cursor } = list;
    for (let place = 0; place < documents.length; place++) {
      const document = documents[place]!;
      cursor.seek(document);
      if (cursor.document === document) scores[place]! += list.score(document, cursor.value);
    }
  }
  return scores;
}
