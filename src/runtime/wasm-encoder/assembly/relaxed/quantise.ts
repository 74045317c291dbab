/**
 * float32 activations to signed 8 bits with one scale and one centre a row (AssemblyScript, relaxed SIMD), in the order in which the products read them:
 * [rows / 4][inputs / 4][4 rows][4]. What is missing of the last four rows is a repetition of the last.
 *
 * The steps lie evenly between a row's smallest and largest number. Rows of this family of models have outliers on one side, so that steps around 0 would be
 * nearly twice as wide. The centre costs nothing in the products: it is multiplied by the sum of each output's weights, which is known at load.
 */
import { maxLanes, pairOffset, round8, storeSteps } from "../math.ts";

const LARGEST: f32 = 127;
/** Rows that reach no further than this are taken for constant: the inverse of their scale would be infinite. */
const SMALLEST: f32 = 1e-30;

/** The smallest number of a row. */
function smallestOf(x: usize, end: usize): f32 {
  let m = v128.load(x);
  for (; x < end; x += 16) m = f32x4.pmin(v128.load(x), m);
  return -maxLanes(f32x4.neg(m));
}

/** The largest number of a row. */
function largestOf(x: usize, end: usize): f32 {
  let m = v128.load(x);
  for (; x < end; x += 16) m = f32x4.pmax(v128.load(x), m);
  return maxLanes(m);
}

/**
 * For weights in blocks, which the product reads as 0 to 15 instead of -8 to 7.
 *
 * @param x f32 [rows], rows xStride bytes apart
 * @param inputs a multiple of 32
 * @param scales out, f32 [rows][2]: what one step of a row is, and its centre
 * @param offsets out, [rows / 4][inputs / 32][4] pairs of i16: -8 times the sums of a block's values whose places are 0 or 1, and 2 or 3, modulo 4
 */
export function quantiseBlocks(x: usize, xStride: usize, rows: i32, inputs: i32, act: usize, scales: usize, offsets: usize): void {
  const ones = i16x8.splat(1);
  const padded = (rows + 3) & ~3;
  const blocks = <usize>(inputs >> 5);
  for (let row = 0; row < padded; row++) {
    let at = x + <usize>min(row, rows - 1) * xStride;
    const end = at + <usize>inputs * 4;
    const smallest = smallestOf(at, end);
    const largest = largestOf(at, end);
    const centre = (smallest + largest) * 0.5;
    const reach = largest - centre;
    const inverse = f32x4.splat(reach < SMALLEST ? 0 : LARGEST / reach);
    const middle = f32x4.splat(centre);
    if (row < rows) {
      store<f32>(scales + <usize>row * 8, reach / LARGEST);
      store<f32>(scales + <usize>row * 8, centre, 4);
    }
    let to = act + <usize>(row >> 2) * <usize>inputs * 4 + <usize>(row & 3) * 4;
    let offset = offsets + <usize>(row >> 2) * blocks * 16 + <usize>(row & 3) * 4;
    for (; at < end; at += 128) {
      const h0 = round8(at, middle, inverse);
      const h1 = round8(at + 32, middle, inverse);
      storeSteps(to, h0, h1);
      let sum = i32x4.add(i32x4.dot_i16x8_s(h0, ones), i32x4.dot_i16x8_s(h1, ones));
      const h2 = round8(at + 64, middle, inverse);
      const h3 = round8(at + 96, middle, inverse);
      storeSteps(to + 64, h2, h3);
      sum = i32x4.add(sum, i32x4.add(i32x4.dot_i16x8_s(h2, ones), i32x4.dot_i16x8_s(h3, ones)));
      store<i16>(offset, <i16>(-8 * (i32x4.extract_lane(sum, 0) + i32x4.extract_lane(sum, 2))));
      store<i16>(offset, <i16>(-8 * (i32x4.extract_lane(sum, 1) + i32x4.extract_lane(sum, 3))), 2);
      to += 128;
      offset += 16;
    }
  }
}

/**
 * For weights of 7 bits in blocks, which the product reads as 1 to 127 instead of -63 to 63.
 *
 * @param offsets out, [rows / 4][inputs / 32] of 80 bytes: [4 pairs of steps][4 rows] pairs of i16, -64 times the sums of eight values whose places are 0 or 1, and 2 or 3,
 *   modulo 4; then i32 [4 rows], the sums of these
 */
export function quantiseBytes(x: usize, xStride: usize, rows: i32, inputs: i32, act: usize, scales: usize, offsets: usize): void {
  const padded = (rows + 3) & ~3;
  const blocks = <usize>(inputs >> 5);
  for (let row = 0; row < padded; row++) {
    let at = x + <usize>min(row, rows - 1) * xStride;
    const end = at + <usize>inputs * 4;
    const smallest = smallestOf(at, end);
    const largest = largestOf(at, end);
    const centre = (smallest + largest) * 0.5;
    const reach = largest - centre;
    const inverse = f32x4.splat(reach < SMALLEST ? 0 : LARGEST / reach);
    const middle = f32x4.splat(centre);
    if (row < rows) {
      store<f32>(scales + <usize>row * 8, reach / LARGEST);
      store<f32>(scales + <usize>row * 8, centre, 4);
    }
    let to = act + <usize>(row >> 2) * <usize>inputs * 4 + <usize>(row & 3) * 4;
    let offset = offsets + <usize>(row >> 2) * blocks * 80 + <usize>(row & 3) * 4;
    for (; at < end; at += 128) {
      const h0 = round8(at, middle, inverse);
      const h1 = round8(at + 32, middle, inverse);
      storeSteps(to, h0, h1);
      const h2 = round8(at + 64, middle, inverse);
      const h3 = round8(at + 96, middle, inverse);
      storeSteps(to + 64, h2, h3);
      const o0 = pairOffset(h0);
      const o1 = pairOffset(h1);
      const o2 = pairOffset(h2);
      const o3 = pairOffset(h3);
      const low = i16x8.narrow_i32x4_s(o0, o1);
      const high = i16x8.narrow_i32x4_s(o2, o3);
      v128.store_lane<i32>(offset, low, 0);
      v128.store_lane<i32>(offset, low, 2, 16);
      v128.store_lane<i32>(offset, high, 0, 32);
      v128.store_lane<i32>(offset, high, 2, 48);
      const all = i32x4.add(i32x4.add(o0, o1), i32x4.add(o2, o3));
      store<i32>(offset, i32x4.extract_lane(all, 0) + i32x4.extract_lane(all, 1), 64);
      to += 128;
      offset += 80;
    }
  }
}
