/** Reads many small records of one section with few reads: neighbours are read together. Every record ends in the xxh32 of what comes before. */
import type { ByteRange } from "#core/byte-store.ts";
import { joinRanges } from "#core/join-ranges.ts";
import type { ByteCache } from "./byte-cache.ts";
import { xxh32 } from "./checksum.ts";
import type { SectionFile } from "./section-file.ts";

export const RECORD_CHECKSUM_BYTES = 4;

/** Reading this much that nobody asked for is cheaper than another read. Not more: what is read before the first answer is counted in bytes. */
const GAP_BYTES = 1024;
/** @param ranges checksums included @returns the records without their checksums, in the order asked for @throws CorruptIndexError */
export async function readRecords(file: SectionFile, section: string, ranges: readonly ByteRange[]): Promise<Uint8Array<ArrayBuffer>[]> {
  const records = new Array<Uint8Array<ArrayBuffer>>(ranges.length);
  const runs = joinRanges(ranges, GAP_BYTES);
  const parts = await file.readRanges(
    section,
    runs.map(({ offset, end }) => ({ offset, length: end - offset })),
  );
  for (const [index, run] of runs.entries()) {
    for (const place of run.places) {
      const { offset, length } = ranges[place]!;
      records[place] = checkedRecord(file, section, parts[index]!.subarray(offset - run.offset, offset - run.offset + length));
    }
  }
  return records;
}

/**
 * The same by numbers of documents, and without reading what is kept.
 *
 * @param rangesOf where the records of some of the documents are, checksums included
 */
export async function readKeptRecords(
  cache: ByteCache,
  file: SectionFile,
  section: string,
  documents: ArrayLike<number>,
  rangesOf: (documents: readonly number[]) => readonly ByteRange[] | Promise<readonly ByteRange[]>,
): Promise<Uint8Array[]> {
  const keyOf = (place: number) => `${file.name} ${section} ${documents[place]!}`;
  const records = Array.from({ length: documents.length }, (_, place): Uint8Array | undefined => cache.get(keyOf(place)));
  const missing = records.flatMap((record, place) => (record ? [] : [place]));
  const ranges = await rangesOf(missing.map((place) => documents[place]!));
  for (const [index, record] of (await readRecords(file, section, ranges)).entries()) {
    const place = missing[index]!;
    records[place] = record;
    // A copy where the record is a part of what was read together with it, which would be kept as a whole.
    cache.set(keyOf(place), record.buffer.byteLength > record.length + RECORD_CHECKSUM_BYTES ? record.slice() : record);
  }
  return records as Uint8Array[];
}

/** @throws CorruptIndexError */
export function checkedRecord(file: SectionFile, section: string, record: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const end = record.length - RECORD_CHECKSUM_BYTES;
  const body = record.subarray(0, end);
  if (end < 0 || new DataView(record.buffer, record.byteOffset + end).getUint32(0, true) !== xxh32(body)) {
    throw file.corrupt(`a record of its section "${section}" is damaged.`);
  }
  return body;
}

/** Fills in the checksum at the end of a record. */
export function sealRecord(record: Uint8Array): void {
  const end = record.length - RECORD_CHECKSUM_BYTES;
  new DataView(record.buffer, record.byteOffset + end).setUint32(0, xxh32(record.subarray(0, end)), true);
}
