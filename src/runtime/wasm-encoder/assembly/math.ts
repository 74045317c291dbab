/** What several kernels use (AssemblyScript). Everything here is inlined by the compiler itself, for binaryen is told to leave the kernels alone. */

/** a * b + c, in one instruction where relaxed SIMD is there. */
@inline
export function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

/** Sum of four lanes. */
@inline
export function sumLanes(v: v128): f32 {
  return f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 1) + (f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3));
}

/** Largest of four lanes. */
@inline
export function maxLanes(v: v128): f32 {
  return max<f32>(max<f32>(f32x4.extract_lane(v, 0), f32x4.extract_lane(v, 1)), max<f32>(f32x4.extract_lane(v, 2), f32x4.extract_lane(v, 3)));
}

/** 1.5 * 2^23: added to a number of less than 22 bits, it leaves the nearest whole number in the low bits. One addition instead of two conversions. */
export const WHOLE: f32 = 12582912;

/** Numbers smaller than this are zeros: the inverse of their step would be infinite. */
export const SMALLEST: f32 = 1e-30;

/** Below every score in whole numbers, and near enough that differences fit into 32 bits. */
export const NO_SCORE: i32 = -0x40000000;

/**
 * e^x for x <= 0, relative error 2e-7: e^x = 2^n e^r with |r| <= ln(2) / 2, and a polynomial for e^r (least maximum, degree 5, fitted for this range).
 * Below -87 it is as for -87 (1.6e-38).
 */
@inline
export function exp4(x: v128): v128 {
  const bounded = f32x4.pmax(x, f32x4.splat(-87));
  const shifted = madd(bounded, f32x4.splat(<f32>Math.LOG2E), f32x4.splat(WHOLE));
  const n = f32x4.sub(shifted, f32x4.splat(WHOLE));
  // ln 2 in two parts, the first of few bits, so that n times it is exact.
  let r = madd(n, f32x4.splat(-0.693359375), bounded);
  r = madd(n, f32x4.splat(2.12194440054690583e-4), r);
  let p = madd(r, f32x4.splat(0.0083125), f32x4.splat(0.04189033));
  p = madd(p, r, f32x4.splat(0.16667115));
  p = madd(p, r, f32x4.splat(0.4999923));
  p = madd(p, r, f32x4.splat(1));
  p = madd(p, r, f32x4.splat(1));
  // 2^n is an addition to the exponent; the shift drops all of `shifted` but n.
  return i32x4.add(p, i32x4.shl(shifted, 23));
}

/** Sixteen rounded values of a row to four places, 16 bytes apart. */
@inline
export function storeSteps(to: usize, low: v128, high: v128): void {
  const bytes = i8x16.narrow_i16x8_s(low, high);
  v128.store_lane<i32>(to, bytes, 0);
  v128.store_lane<i32>(to, bytes, 1, 16);
  v128.store_lane<i32>(to, bytes, 2, 32);
  v128.store_lane<i32>(to, bytes, 3, 48);
}

/** Eight distances from the middle, rounded to steps. */
@inline
export function round8(at: usize, middle: v128, inverse: v128): v128 {
  const whole = f32x4.splat(WHOLE);
  const low = i32x4.sub(f32x4.add(f32x4.mul(f32x4.sub(v128.load(at), middle), inverse), whole), whole);
  return i16x8.narrow_i32x4_s(low, i32x4.sub(f32x4.add(f32x4.mul(f32x4.sub(v128.load(at, 16), middle), inverse), whole), whole));
}

/** Four numbers, rounded to steps. Less than 2^22 of them. */
@inline
export function round4(x: v128, inverse: v128): v128 {
  const whole = f32x4.splat(WHOLE);
  return i32x4.sub(f32x4.add(f32x4.mul(x, inverse), whole), whole);
}

/** Sum of four whole numbers. */
@inline
export function sumWhole(v: v128): i32 {
  return i32x4.extract_lane(v, 0) + i32x4.extract_lane(v, 1) + (i32x4.extract_lane(v, 2) + i32x4.extract_lane(v, 3));
}

/** Largest of four whole numbers. */
@inline
export function maxWhole(v: v128): i32 {
  return max<i32>(max<i32>(i32x4.extract_lane(v, 0), i32x4.extract_lane(v, 1)), max<i32>(i32x4.extract_lane(v, 2), i32x4.extract_lane(v, 3)));
}

/** 2^x in steps of 2^-15, as whole numbers, for x = steps * step <= 0. The polynomial (least maximum, degree 3) has a relative error of 7.5e-5, about a step. */
@inline
export function power15(steps: v128, step: v128): v128 {
  const whole = f32x4.splat(WHOLE);
  const x = f32x4.pmax(madd(f32x4.convert_i32x4_s(steps), step, f32x4.splat(15)), f32x4.splat(-4));
  const shifted = f32x4.add(x, whole);
  const r = f32x4.sub(x, f32x4.sub(shifted, whole));
  let p = madd(r, f32x4.splat(0.05517166852), f32x4.splat(0.2426111251));
  p = madd(p, r, f32x4.splat(0.6932609677));
  p = madd(p, r, f32x4.splat(0.9999280572));
  // 2^n is an addition to the exponent; the shift drops all of `shifted` but n.
  return i32x4.sub(f32x4.add(i32x4.add(p, i32x4.shl(shifted, 23)), whole), whole);
}

/** 2^x for x <= 0, relative error 2e-7. */
@inline
export function exp2(x: f32): f32 {
  return f32x4.extract_lane(exp4(f32x4.splat(x * <f32>Math.LN2)), 0);
}

/** -64 times the sums of eight values, by place modulo 4: of 0 and 1 in the first lane, of 2 and 3 in the second. */
@inline
export function pairOffset(h: v128): v128 {
  const sum = i32x4.dot_i16x8_s(h, i16x8.splat(-64));
  return i32x4.add(sum, v128.shuffle<i32>(sum, sum, 2, 3, 0, 1));
}

/** Eight numbers, rounded to steps from the middles of their channels. */
@inline
export function roundChannels(x: usize, middles: usize, inverses: usize): v128 {
  const low = round4(f32x4.sub(v128.load(x), v128.load(middles)), v128.load(inverses));
  const high = round4(f32x4.sub(v128.load(x, 16), v128.load(middles, 16)), v128.load(inverses, 16));
  return i16x8.narrow_i32x4_s(low, high);
}

/** Eight sums times `shrink`, and whole numbers times `grow` added. */
@inline
export function addScaled(sums: usize, low: v128, high: v128, shrink: v128, grow: v128): void {
  v128.store(sums, madd(v128.load(sums), shrink, f32x4.mul(f32x4.convert_i32x4_s(low), grow)));
  v128.store(sums, madd(v128.load(sums, 16), shrink, f32x4.mul(f32x4.convert_i32x4_s(high), grow)), 16);
}
