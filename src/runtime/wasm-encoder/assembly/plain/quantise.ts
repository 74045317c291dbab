/**
 * float32 activations to signed 11 bits with one scale a row (AssemblyScript, plain SIMD), in the order in which the products read them:
 * i16 [rows / 4][inputs / 2][4 rows][2]. What is missing of the last four rows is a repetition of the last. The product multiplies 16 bits anyway, so
 * that three bits more than in the relaxed module cost nothing.
 */
import { maxLanes, round8 } from "../math.ts";

/** 16,384 inputs times 127 times this is less than 2^31. */
const LARGEST: f32 = 1023;
/** Rows smaller than this are zeros: the inverse of their scale would be infinite. */
const SMALLEST: f32 = 1e-30;

/**
 * @param x f32 [rows], rows xStride bytes apart
 * @param inputs a multiple of 32
 * @param scales out, f32 [rows][2]: what one step of a row is, and 0, for the steps lie around it
 * @param _offsets not used: the weights are signed
 */
export function quantiseBlocks(x: usize, xStride: usize, rows: i32, inputs: i32, act: usize, scales: usize, _offsets: usize): void {
  const padded = (rows + 3) & ~3;
  for (let row = 0; row < padded; row++) {
    let at = x + <usize>min(row, rows - 1) * xStride;
    const end = at + <usize>inputs * 4;
    let m = f32x4.splat(0);
    for (let from = at; from < end; from += 16) m = f32x4.pmax(f32x4.abs(v128.load(from)), m);
    const largest = maxLanes(m);
    const inverse = f32x4.splat(largest < SMALLEST ? 0 : LARGEST / largest);
    if (row < rows) {
      store<f32>(scales + <usize>row * 8, largest / LARGEST);
      store<f32>(scales + <usize>row * 8, 0, 4);
    }
    let to = act + <usize>(row >> 2) * <usize>inputs * 8 + <usize>(row & 3) * 4;
    for (; at < end; at += 32) {
      const values = round8(at, f32x4.splat(0), inverse);
      v128.store_lane<i32>(to, values, 0);
      v128.store_lane<i32>(to, values, 1, 16);
      v128.store_lane<i32>(to, values, 2, 32);
      v128.store_lane<i32>(to, values, 3, 48);
      to += 64;
    }
  }
}

/** The same: sums have 32 bits from the first product on, and need no guard. */
export function quantiseBytes(x: usize, xStride: usize, rows: i32, inputs: i32, act: usize, scales: usize, offsets: usize): void {
  quantiseBlocks(x, xStride, rows, inputs, act, scales, offsets);
}
