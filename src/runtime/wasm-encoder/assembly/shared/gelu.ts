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
