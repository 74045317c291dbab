/** int8 with one scale per row: value = int8 * scale, scale = largest magnitude / 127. */

/** A [rows, cols] matrix in the encoding `rows8`. */
export interface Rows8 {
  /** [rows, cols] */
  readonly values: Int8Array<ArrayBuffer>;
  /** [rows]; 0 for a row of zeros. */
  readonly scales: Float32Array<ArrayBuffer>;
}

/** Rounds each row to int8: every element is off by at most half of its row's scale. */
export function quantiseRows8(matrix: Float32Array, rows: number, cols: number): Rows8 {
  const values = new Int8Array(rows * cols);
  const scales = new Float32Array(rows);
  for (let row = 0; row < rows; row++) {
    const start = row * cols;
    let largest = 0;
    for (let index = start; index < start + cols; index++) largest = Math.max(largest, Math.abs(matrix[index]!));
    const scale = Math.fround(largest / 127);
    if (scale === 0) continue;
    scales[row] = scale;
    for (let index = start; index < start + cols; index++) values[index] = Math.max(-127, Math.min(127, Math.round(matrix[index]! / scale)));
  }
  return { values, scales };
}

/** The numbers that the encoding stands for. */
export function dequantiseRows8({ values, scales }: Rows8): Float32Array<ArrayBuffer> {
  const cols = values.length / scales.length;
  const numbers = new Float32Array(values.length);
  for (let row = 0, at = 0; row < scales.length; row++) {
    const scale = scales[row]!;
    for (const end = at + cols; at < end; at++) numbers[at] = values[at]! * scale;
  }
  return numbers;
}
