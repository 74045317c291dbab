/**
 * The file of dense vectors.
 *
 *     rows      a record a document: i8 [dim filled up to 16], f32 scale, u32 xxh32 (see scoring/scan: the kernels read them as they lie)
 *     centre    f32 [dim]: mean of all rows
 *     sketch    1 bit a number around the centre, in blocks of 32 rows (see scoring/scan/sketch.ts)
 *
 * Attributes: documents, dim.
 */
import type { ByteStore } from "#core/byte-store.ts";
import { quantizeInt8 } from "#scoring/quantize/int8.ts";
import { paddedDim } from "#scoring/quantize/padding.ts";
import { SketchBuilder } from "#scoring/scan/sketch.ts";
import { RECORD_CHECKSUM_BYTES, sealRecord } from "../format/read-records.ts";
import { SectionWriter } from "../format/section-file.ts";

/** Bytes of a row's record. */
export function rowBytes(dim: number): number {
  return paddedDim(dim) + 4 + RECORD_CHECKSUM_BYTES;
}

/** One vector as a record. */
export function encodeRow(vector: Float32Array): Uint8Array<ArrayBuffer> {
  const width = paddedDim(vector.length);
  const record = new Uint8Array(rowBytes(vector.length));
  const scale = quantizeInt8(vector, new Int8Array(record.buffer, 0, width));
  new DataView(record.buffer).setFloat32(width, scale, true);
  sealRecord(record);
  return record;
}

/** The vector that a record stands for, into `target`. */
export function decodeRow(record: Uint8Array, target: Float32Array): void {
  const view = new DataView(record.buffer, record.byteOffset, record.byteLength);
  const scale = view.getFloat32(paddedDim(target.length), true);
  for (let index = 0; index < target.length; index++) target[index] = view.getInt8(index) * scale;
}

/**
 * @param rows all records in order of document, in chunks of whole records; asked for twice
 * @returns the file's size
 */
export async function writeDense(store: ByteStore, name: string, dim: number, documents: number, rows: () => AsyncIterable<Uint8Array>): Promise<number> {
  const writer = await SectionWriter.create(store, name, "dense");
  try {
    const stride = rowBytes(dim);
    const vector = new Float32Array(dim);
    const sums = new Float64Array(dim);
    await writer.begin("rows");
    for await (const chunk of rows()) {
      await writer.append(chunk);
      for (let at = 0; at < chunk.length; at += stride) {
        decodeRow(chunk.subarray(at, at + stride), vector);
        for (let index = 0; index < dim; index++) sums[index]! += vector[index]!;
      }
    }
    const centre = Float32Array.from(sums, (sum) => (documents > 0 ? sum / documents : 0));
    await writer.section("centre", float32Bytes(centre));
    const sketch = new SketchBuilder(documents, dim, centre);
    for await (const chunk of rows()) {
      for (let at = 0; at < chunk.length; at += stride) {
        decodeRow(chunk.subarray(at, at + stride), vector);
        sketch.add(vector);
      }
    }
    await writer.section("sketch", sketch.sketch);
    return await writer.finish({ documents, dim });
  } catch (error) {
    await writer.abort();
    throw error;
  }
}

export function float32Bytes(values: Float32Array): Uint8Array {
  const bytes = new Uint8Array(values.length * 4);
  const view = new DataView(bytes.buffer);
  for (const [index, value] of values.entries()) view.setFloat32(index * 4, value, true);
  return bytes;
}

export function float32From(bytes: Uint8Array): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Float32Array.from({ length: bytes.length / 4 }, (_, index) => view.getFloat32(index * 4, true));
}
