/**
 * float32 activations to signed 8 bits with one scale and one centre a row (AssemblyScript, relaxed SIMD), in the order in which the products read them:
 * [rows / 4][inputs / 4][4 rows][4]. What is missing of the last four rows is a repetition of the last.
 *
 * The steps lie evenly between a row's smallest and largest number. Rows of this family of models have outliers on one side, so that steps around 0 would be
 * nearly twice as wide. The centre costs nothing in the products: it is multiplied by the sum of each output's weights, which is known at load.
 */
import { maxLanes, round8, storeSteps } from "../math.ts";

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
 * The largest sum of positive, or of negative, distances from the centre that meet in one 16-bit lane of linearColumns: two of each step, two steps.
 */
function largestShared(x: usize, end: usize, middle: v128): f32 {
  const zero = f32x4.splat(0);
  let best = zero;
  for (; x < end; x += 32) {
    const a = f32x4.sub(v128.load(x), middle);
    const b = f32x4.sub(v128.load(x, 16), middle);
    const up = f32x4.add(f32x4.pmax(a, zero), f32x4.pmax(b, zero));
    const down = f32x4.add(f32x4.pmin(a, zero), f32x4.pmin(b, zero));
    // Lanes 0 and 1 share a lane, and 2 and 3.
    best = f32x4.pmax(best, f32x4.add(up, v128.shuffle<i32>(up, up, 1, 0, 3, 2)));
    best = f32x4.pmax(best, f32x4.abs(f32x4.add(down, v128.shuffle<i32>(down, down, 1, 0, 3, 2))));
  }
  return maxLanes(best);
}

/**
 * For weights of 7 bits with one scale a column, which the product reads as 1 to 127 instead of -63 to 63. A row's scale is wide enough that two steps
 * never overflow 16 bits (the guard): with G as largestShared has it, G / scale <= 255, so that a sum is at most 127 * (255 + 4 / 2) < 2^15, rounding included.
 *
 * @param offsets out, i32 [rows filled up to four]: -64 times the sum of a row
 */
export function quantiseColumns(x: usize, xStride: usize, rows: i32, inputs: i32, act: usize, scales: usize, offsets: usize): void {
  const ones = i16x8.splat(1);
  const padded = (rows + 3) & ~3;
  for (let row = 0; row < padded; row++) {
    let at = x + <usize>min(row, rows - 1) * xStride;
    const end = at + <usize>inputs * 4;
    const smallest = smallestOf(at, end);
    const largest = largestOf(at, end);
    const centre = (smallest + largest) * 0.5;
    const middle = f32x4.splat(centre);
    const scale = max<f32>((largest - centre) / LARGEST, largestShared(at, end, middle) / 255);
    const inverse = f32x4.splat(scale < SMALLEST ? 0 : 1 / scale);
    if (row < rows) {
      store<f32>(scales + <usize>row * 8, scale);
      store<f32>(scales + <usize>row * 8, centre, 4);
    }
    let to = act + <usize>(row >> 2) * <usize>inputs * 4 + <usize>(row & 3) * 4;
    let sum = i32x4.splat(0);
    for (; at < end; at += 64) {
      const low = round8(at, middle, inverse);
      const high = round8(at + 32, middle, inverse);
      storeSteps(to, low, high);
      sum = i32x4.add(sum, i32x4.add(i32x4.dot_i16x8_s(low, ones), i32x4.dot_i16x8_s(high, ones)));
      to += 64;
    }
    const pairs = i32x4.add(sum, v128.shuffle<i32>(sum, sum, 1, 0, 3, 2));
    store<i32>(offsets + <usize>row * 4, -64 * (i32x4.extract_lane(pairs, 0) + i32x4.extract_lane(pairs, 2)));
  }
}
