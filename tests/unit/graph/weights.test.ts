/** The repackings of stored matrices, each against its definition. */
import { describe, expect, it } from "vitest";
import { decodeFloat16, encodeFloat16, float16ToNumber, numberToFloat16 } from "#core/float16.ts";
import type { WeightEncoding } from "#core/manifest.ts";
import type { StoredTensor, TensorDtype } from "#core/tensor-source.ts";
import { rowDecoder } from "#graph/weights/decode-rows.ts";
import { packFloatColumns } from "#graph/weights/float-columns.ts";
import { packInt8Columns } from "#graph/weights/int8-columns.ts";
import { nbitsOf, packNbitsHalfScales, packNbitsScales, packNbitsValues } from "#graph/weights/nbits-blocks.ts";
import { type StoredMatrix, sourcesOf } from "#graph/weights/weight-binding.ts";

const ROWS = 70;
const COLS = 64;

function stored(dtype: TensorDtype, shape: number[], data: ArrayBufferView<ArrayBuffer>): StoredTensor {
  return { dtype, shape, bytes: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) };
}

/** Some number in [-1, 1) that depends on the index only. */
const someNumber = (index: number) => ((Math.imul(index + 1, 0x9e3779b1) >>> 0) / 2 ** 31 - 1) * (index % 7 === 0 ? 0.1 : 1);

const matrix = (encoding: WeightEncoding): StoredMatrix => ({ name: "m", rows: ROWS, cols: COLS, encoding });
const floats = Float32Array.from({ length: ROWS * COLS }, (_, index) => someNumber(index));
const bytes = Int8Array.from({ length: ROWS * COLS }, (_, index) => Math.round(someNumber(index) * 127));
const rowScales = Float32Array.from({ length: ROWS }, (_, row) => 0.01 + row / 1000);
const pairs = Uint8Array.from({ length: (ROWS * COLS) / 2 }, (_, index) => Math.imul(index, 37) & 255);
const halves = Uint16Array.from({ length: (ROWS * COLS) / 32 }, (_, block) => numberToFloat16(0.5 + block / 256));

const FLOAT = { matrix: matrix({ kind: "float" }), tensors: [stored("F32", [ROWS, COLS], floats)] };
const FLOAT16 = { matrix: matrix({ kind: "float16" }), tensors: [stored("F16", [ROWS, COLS], Uint16Array.from(floats, numberToFloat16))] };
const ROWS8 = { matrix: matrix({ kind: "rows8" }), tensors: [stored("I8", [ROWS, COLS], bytes), stored("F32", [ROWS], rowScales)] };
const BLOCKS4 = {
  matrix: matrix({ kind: "blocks4", blockSize: 32 }),
  tensors: [stored("U8", [ROWS, COLS / 2], pairs), stored("F16", [ROWS, COLS / 32], halves)],
};

/** The number in row and column of a matrix, by the definition of its encoding in the manifest. */
const definitions: [string, typeof FLOAT, (row: number, col: number) => number][] = [
  ["float", FLOAT, (row, col) => floats[row * COLS + col]!],
  ["float16", FLOAT16, (row, col) => float16ToNumber(numberToFloat16(floats[row * COLS + col]!))],
  ["rows8", ROWS8, (row, col) => Math.fround(bytes[row * COLS + col]! * rowScales[row]!)],
  [
    "blocks4",
    BLOCKS4,
    (row, col) => {
      const pair = pairs[(row * COLS + col) >> 1]!;
      return ((col % 2 === 0 ? pair & 15 : pair >> 4) - 8) * (0.5 + Math.floor((row * COLS + col) / 32) / 256);
    },
  ],
];

describe.each(definitions)("%s", (_, { matrix: description, tensors }, value) => {
  it("has as many stored tensors as its encoding says", () => {
    expect(sourcesOf(description)).toHaveLength(tensors.length);
  });

  it("is decoded row by row", () => {
    const decode = rowDecoder(description, tensors);
    const row = new Float32Array(COLS);
    for (let r = 0; r < ROWS; r++) {
      decode(r, row);
      expect([...row]).toEqual(Array.from({ length: COLS }, (_unused, col) => Math.fround(value(r, col))));
    }
  });

  it("is decoded from bytes that are not aligned", () => {
    const shifted = tensors.map(({ dtype, shape, bytes: own }) => {
      const copy = new Uint8Array(own.length + 1);
      copy.set(own, 1);
      return { dtype, shape, bytes: copy.subarray(1) };
    });
    const [aligned, unaligned] = [new Float32Array(COLS), new Float32Array(COLS)];
    rowDecoder(description, tensors)(3, aligned);
    rowDecoder(description, shifted)(3, unaligned);
    expect(unaligned).toEqual(aligned);
  });

  it("becomes float columns", () => {
    const columns = new Float32Array(packFloatColumns(description, tensors).slice().buffer);
    for (let r = 0; r < ROWS; r++) for (let c = 0; c < COLS; c++) expect(columns[c * ROWS + r]).toBe(Math.fround(value(r, c)));
  });

  it("becomes int8 columns that are half a step off at most, and use all of the range", () => {
    const [values, scales] = packInt8Columns(description, tensors);
    const columns = new Int8Array(values.buffer);
    const steps = new Float32Array(scales.slice().buffer);
    for (let r = 0; r < ROWS; r++) {
      let largest = 0;
      for (let c = 0; c < COLS; c++) {
        const rounded = columns[c * ROWS + r]!;
        largest = Math.max(largest, Math.abs(rounded));
        expect(Math.abs(rounded * steps[r]! - value(r, c))).toBeLessThanOrEqual(steps[r]! * 0.50001);
      }
      expect(largest).toBe(127);
    }
  });

  it("becomes unsigned columns that are the signed ones plus 128", () => {
    const [signed, scales] = packInt8Columns(description, tensors);
    const [unsigned, sameScales] = packInt8Columns(description, tensors, true);
    expect(unsigned).toEqual(Uint8Array.from(new Int8Array(signed.buffer), (number) => number + 128));
    expect(sameScales).toEqual(scales);
  });
});

it("rows of zeros stay zeros in int8", () => {
  const [values, scales] = packInt8Columns(FLOAT.matrix, [stored("F32", [ROWS, COLS], new Float32Array(ROWS * COLS))]);
  expect(values.every((value) => value === 0)).toBe(true);
  expect(new Float32Array(scales.slice().buffer).every((scale) => scale === 0)).toBe(true);
});

describe.each([
  ["rows8", ROWS8, 8, definitions[2]![2]],
  ["blocks4", BLOCKS4, 4, definitions[3]![2]],
] as const)("MatMulNBits of %s", (_, { matrix: description, tensors }, bits, value) => {
  it("means the same numbers", () => {
    expect(nbitsOf(description)).toBe(bits);
    const [values, scaleBytes] = [packNbitsValues(description, tensors[0]!), packNbitsScales(description, tensors[1]!)];
    const scales = new Float32Array(scaleBytes.slice().buffer);
    expect(scales).toHaveLength((ROWS * COLS) / 32);
    const halves = packNbitsHalfScales(description, tensors[1]!);
    expect(halves).toHaveLength(scales.length * 2);
    expect(decodeFloat16(new Uint16Array(halves.slice().buffer))).toEqual(decodeFloat16(encodeFloat16(scales)));
    for (let r = 0; r < ROWS; r++) {
      for (let c = 0; c < COLS; c++) {
        const at = r * COLS + c;
        const code = bits === 8 ? values[at]! : c % 2 === 0 ? values[at >> 1]! & 15 : values[at >> 1]! >> 4;
        expect(Math.fround((code - 2 ** (bits - 1)) * scales[at >> 5]!)).toBe(Math.fround(value(r, c)));
      }
    }
  });
});

it("MatMulNBits does not take floats, nor inputs that are no whole blocks", () => {
  expect([nbitsOf(FLOAT.matrix), nbitsOf(FLOAT16.matrix)]).toEqual([null, null]);
  expect(() => nbitsOf({ ...ROWS8.matrix, cols: 48 })).toThrow(expect.objectContaining({ code: "unsupported-model" }));
});
