/** The exact GELU, x/2 (1 + erf(x / sqrt 2)), in place (AssemblyScript). erf: Abramowitz and Stegun 7.1.26, absolute error 1.5e-7. */
import { exp4, madd } from "../math.ts";

/** @param x f32 [count]; count a multiple of 4 */
export function gelu(x: usize, count: i32): void {
  const end = x + <usize>count * 4;
  for (; x < end; x += 16) {
    const value = v128.load(x);
    const z = f32x4.mul(f32x4.abs(value), f32x4.splat(<f32>Math.SQRT1_2));
    const t = f32x4.div(f32x4.splat(1), madd(z, f32x4.splat(0.3275911), f32x4.splat(1)));
    let p = madd(t, f32x4.splat(1.061405429), f32x4.splat(-1.453152027));
    p = madd(p, t, f32x4.splat(1.421413741));
    p = madd(p, t, f32x4.splat(-0.284496736));
    p = madd(p, t, f32x4.splat(0.254829592));
    // The complement of erf(|x| / sqrt 2): the share that a negative value keeps, and a positive one loses, twice over.
    const rest = f32x4.mul(f32x4.mul(p, t), exp4(f32x4.neg(f32x4.mul(z, z))));
    const half = f32x4.mul(f32x4.abs(value), f32x4.splat(0.5));
    // x >= 0: x - |x|/2 rest; x < 0: -|x|/2 rest.
    v128.store(x, f32x4.sub(f32x4.pmax(value, f32x4.splat(0)), f32x4.mul(half, rest)));
  }
}

/** Where the error function is taken for 1. */
const FAR: f32 = 4.75;

/**
 * The same to 5e-6, absolute, without a division: erf is |x| times a polynomial of x² (least maximum, degree 10, fitted so that it ends at 1). For activations that are
 * rounded to 8 or 11 bits next.
 *
 * @param x f32 [count]; count a multiple of 8
 */
export function geluRounded(x: usize, count: i32): void {
  const end = x + <usize>count * 4;
  for (; x < end; x += 32) {
    const v = v128.load(x);
    const w = v128.load(x, 16);
    const a = f32x4.abs(v);
    const b = f32x4.abs(w);
    const near = f32x4.pmin(a, f32x4.splat(FAR));
    const nearB = f32x4.pmin(b, f32x4.splat(FAR));
    // x² from 0 to FAR², laid on -1 to 1: polynomials of smaller numbers round less.
    const u = madd(f32x4.mul(near, near), f32x4.splat(2 / (FAR * FAR)), f32x4.splat(-1));
    const t = madd(f32x4.mul(nearB, nearB), f32x4.splat(2 / (FAR * FAR)), f32x4.splat(-1));
    let p = madd(u, f32x4.splat(0.0012780758552), f32x4.splat(-0.0037708843593));
    let q = madd(t, f32x4.splat(0.0012780758552), f32x4.splat(-0.0037708843593));
    p = madd(p, u, f32x4.splat(0.0050275367685));
    q = madd(q, t, f32x4.splat(0.0050275367685));
    p = madd(p, u, f32x4.splat(-0.0071737738326));
    q = madd(q, t, f32x4.splat(-0.0071737738326));
    p = madd(p, u, f32x4.splat(0.0133926859125));
    q = madd(q, t, f32x4.splat(0.0133926859125));
    p = madd(p, u, f32x4.splat(-0.0216435883194));
    q = madd(q, t, f32x4.splat(-0.0216435883194));
    p = madd(p, u, f32x4.splat(0.0304076857865));
    q = madd(q, t, f32x4.splat(0.0304076857865));
    p = madd(p, u, f32x4.splat(-0.0405702032149));
    q = madd(q, t, f32x4.splat(-0.0405702032149));
    p = madd(p, u, f32x4.splat(0.053234715014));
    q = madd(q, t, f32x4.splat(0.053234715014));
    p = madd(p, u, f32x4.splat(-0.0736673921347));
    q = madd(q, t, f32x4.splat(-0.0736673921347));
    p = madd(p, u, f32x4.splat(0.1487483084202));
    q = madd(q, t, f32x4.splat(0.1487483084202));
    // Half of erf: at FAR a half but for rounding, which must not grow with x.
    const half = f32x4.pmin(f32x4.mul(near, p), f32x4.splat(0.5));
    const halfB = f32x4.pmin(f32x4.mul(nearB, q), f32x4.splat(0.5));
    v128.store(x, madd(a, half, f32x4.mul(v, f32x4.splat(0.5))));
    v128.store(x, madd(b, halfB, f32x4.mul(w, f32x4.splat(0.5))), 16);
  }
}
