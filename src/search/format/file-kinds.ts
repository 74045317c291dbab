/** Which files an index has, and how each tells what it is. docs/index-format.md describes the bytes. */

/** The version that this package writes, and the newest that it reads. */
export const FORMAT_VERSION = 1;

/** Numbers stand in the files: never change one. */
export const FILE_KINDS = { meta: 1, documents: 2, dense: 3, lexical: 4, words: 5, tokens: 6, deletions: 7 } as const;

export type FileKind = keyof typeof FILE_KINDS;

/** "M3WEBIDX", the last eight bytes of each file. */
export const MAGIC = Uint8Array.of(0x4d, 0x33, 0x57, 0x45, 0x42, 0x49, 0x44, 0x58);
