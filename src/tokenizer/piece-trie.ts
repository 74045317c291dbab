/**
 * All pieces as a trie over UTF-16 units, its nodes numbered level by level and sorted within a level.
 *
 * In that order the children of a node are neighbours, and begin where those of the node before end; so one number a node tells both ends, and the parent is
 * found by bisection. It is built front to back from the sorted pieces, every level written in order, which is several times faster than filling a hash
 * table or finding room in a double array. The root's thousands of children have a table by unit; everywhere else bisection is short.
 */
import { corruptVocabulary } from "./byte-reader.ts";

const ROOT = 0;
const MAX_PIECE_UNITS = 255;
/** Up to so many children are looked through one by one. */
const FEW_CHILDREN = 8;
const MISFIT = "its pieces do not fit together.";

export interface SortedPieces {
  /** Per piece, in sorted order: units that it shares with the one before, and units of its own. */
  readonly shared: Uint8Array;
  readonly own: Uint8Array;
  /** The own units of all pieces: low bytes, then high bytes. */
  readonly units: Uint8Array;
  /** Id of each piece: three planes of bytes. */
  readonly ids: Uint8Array;
}

export class PieceTrie {
  readonly root = ROOT;
  /** By node: the unit that leads to it, the id of the piece that ends there or -1, and its first child (where its children would be if it had some). */
  private readonly units: Uint16Array;
  private readonly ids: Int32Array;
  private readonly firstChild: Int32Array;
  /** The root's child by unit, 0 for none. */
  private readonly rootChild = new Int32Array(0x10000);
  private readonly nodeOfId: Int32Array;

  /** @throws CorruptShardError when the lists do not fit together */
  constructor(pieces: SortedPieces) {
    const nodes = (pieces.units.length >> 1) + 1;
    this.units = new Uint16Array(nodes);
    this.ids = new Int32Array(nodes).fill(-1);
    this.firstChild = new Int32Array(nodes + 1);
    this.nodeOfId = new Int32Array(pieces.shared.length).fill(-1);
    this.build(pieces, countLevels(pieces), nodes);
    for (let node = this.firstChild[ROOT]!; node < this.firstChild[ROOT + 1]!; node++) this.rootChild[this.units[node]!] = node;
  }

  private build({ shared, own, units: ownUnits, ids: pieceIds }: SortedPieces, levels: Int32Array, nodes: number): void {
    const { units, ids, firstChild, nodeOfId } = this;
    const count = shared.length;
    const ownCount = ownUnits.length >> 1;
    // Where each level's next node goes; the root is level 0.
    const next = new Int32Array(levels.length + 1);
    next[1] = 1;
    for (let level = 1; level < levels.length; level++) next[level + 1] = next[level]! + levels[level]!;
    firstChild[ROOT] = 1;
    firstChild[nodes] = nodes;
    let at = 0;
    for (let rank = 0; rank < count; rank++) {
      const length = shared[rank]! + own[rank]!;
      for (let level = shared[rank]! + 1; level <= length; level++, at++) {
        const node = next[level]!;
        next[level] = node + 1;
        units[node] = ownUnits[at]! | (ownUnits[ownCount + at]! << 8);
        firstChild[node] = next[level + 1]!;
      }
      const id = pieceIds[rank]! | (pieceIds[count + rank]! << 8) | (pieceIds[2 * count + rank]! << 16);
      if (id >= count || nodeOfId[id] !== -1) throw corruptVocabulary("its ids are not those of its pieces.");
      const node = next[length]! - 1;
      ids[node] = id;
      nodeOfId[id] = node;
    }
  }

  /** The node reached from a node by a unit, or -1. */
  child(node: number, unit: number): number {
    if (node === ROOT) return this.rootChild[unit]! || -1;
    const { units } = this;
    let low = this.firstChild[node]!;
    let high = this.firstChild[node + 1]!;
    while (high - low > FEW_CHILDREN) {
      const middle = (low + high) >> 1;
      if (units[middle]! <= unit) low = middle;
      else high = middle;
    }
    for (; low < high; low++) if (units[low] === unit) return low;
    return -1;
  }

  /** The id of the piece that ends at a node, or -1. */
  idAt(node: number): number {
    return this.ids[node]!;
  }

  /** The piece of an id in [0, pieces). */
  piece(id: number): string {
    let piece = "";
    for (let node = this.nodeOfId[id]!; node !== ROOT; node = this.parent(node)) piece = String.fromCharCode(this.units[node]!) + piece;
    return piece;
  }

  /** The last node whose children begin at or before this node. */
  private parent(node: number): number {
    let low = 0;
    let high = node;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.firstChild[middle]! <= node) low = middle;
      else high = middle;
    }
    return low;
  }
}

/** How many nodes each level has; checks that every piece goes on from the one before. */
function countLevels({ shared, own, units }: SortedPieces): Int32Array {
  const levels = new Int32Array(MAX_PIECE_UNITS + 2);
  let last = 0;
  let total = 0;
  for (let rank = 0; rank < shared.length; rank++) {
    const length = shared[rank]! + own[rank]!;
    if (shared[rank]! > last || own[rank] === 0 || length > MAX_PIECE_UNITS) throw corruptVocabulary(MISFIT);
    levels[shared[rank]! + 1]!++;
    levels[length + 1]!--;
    total += own[rank]!;
    last = length;
  }
  if (2 * total !== units.length) throw corruptVocabulary(MISFIT);
  // So far: how many more nodes a level has than the one above.
  for (let level = 1; level < levels.length; level++) levels[level]! += levels[level - 1]!;
  return levels;
}
