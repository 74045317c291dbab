/**
 * The file that holds one language's vectors: how `tools/demo/build-corpus.ts` writes it and this page reads it. An arrangement between these two, not
 * the package's index format.
 *
 *     "M3PAGES1"            8 bytes
 *     header length         u32, little endian
 *     header                JSON, padded with spaces so that the sections begin at a multiple of 8
 *     sections              little-endian arrays, one after another, each at a multiple of 8
 *
 * A dense row is int8 times the row's own scale. Lexical weights are an inverted list: pages and 8-bit weights of every token id. A ColBERT vector is
 * the signs of its numbers, bit j of byte b for number 8 b + j, set for 0 and above.
 */

export const MAGIC = "M3PAGES1";
export const ALIGNMENT = 8;

/** Element type of each section, in file order. */
export const sectionTypes = {
  /** [pages, denseDim] */
  dense: Int8Array,
  /** [pages] */
  denseScale: Float32Array,
  /** Token ids that occur, ascending: [ids] */
  lexicalIds: Uint32Array,
  /** Postings of id i are [lexicalStarts[i], lexicalStarts[i + 1]): [ids + 1] */
  lexicalStarts: Uint32Array,
  /** [postings] */
  lexicalPages: Uint16Array,
  /** Times `lexicalScale`: [postings] */
  lexicalWeights: Uint8Array,
  /** Vectors of page p are [colbertStarts[p], colbertStarts[p + 1]): [pages + 1] */
  colbertStarts: Uint32Array,
  /** [vectors, colbertDim / 8] */
  colbertSigns: Uint8Array,
  /** Lines of page p are [lineStarts[p], lineStarts[p + 1]); line 0 is its title, the others those of its body: [pages + 1] */
  lineStarts: Uint32Array,
  /** First vector of each line, counted from the page's own first: [lines]. Lines beyond the model's limit have none: they start where the page ends. */
  lineVectors: Uint16Array,
} as const;

export type SectionName = keyof typeof sectionTypes;
export type Sections = { readonly [Name in SectionName]: InstanceType<(typeof sectionTypes)[Name]> };

export interface Header {
  /** Fingerprint of the model that made the vectors: a question must be encoded by the same. */
  readonly fingerprint: string;
  readonly language: string;
  /** Ids of the pages, in the order of the rows. */
  readonly pages: readonly string[];
  /** Numbers of the pages of which the model did not read the end. */
  readonly truncated: readonly number[];
  readonly denseDim: number;
  readonly colbertDim: number;
  readonly lexicalScale: number;
  /** What a product with signs is multiplied by, so that it is on average the product with the vector itself. */
  readonly colbertScale: number;
  /** Length of each section, in elements. */
  readonly lengths: Readonly<Record<SectionName, number>>;
}

export const sectionNames = Object.keys(sectionTypes) as SectionName[];

export function align(offset: number): number {
  return Math.ceil(offset / ALIGNMENT) * ALIGNMENT;
}
