/** IEEE 754 binary16 ("half") to numbers and back. */

const scratch = new DataView(new ArrayBuffer(4));

/** All 65,536 numbers: a look-up takes a tenth of the time of the arithmetic. */
let table: Float32Array | undefined;

/** The number that 16 bits mean; exact. */
export function float16ToNumber(bits: number): number {
  table ??= Float32Array.from({ length: 0x10000 }, (_, index) => interpret(index));
  return table[bits]!;
}

/** Many halves at once. */
export function decodeFloat16(halves: Uint16Array): Float32Array<ArrayBuffer> {
  const numbers = new Float32Array(halves.length);
  for (let index = 0; index < halves.length; index++) numbers[index] = float16ToNumber(halves[index]!);
  return numbers;
}

/** Many numbers to the nearest halves. */
export function encodeFloat16(numbers: Float32Array): Uint16Array<ArrayBuffer> {
  const halves = new Uint16Array(numbers.length);
  for (let index = 0; index < numbers.length; index++) halves[index] = numberToFloat16(numbers[index]!);
  return halves;
}

function interpret(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

/** The nearest half, ties to even; the number is rounded to float32 first. Beyond 65504 (and a half step) it becomes infinite. */
export function numberToFloat16(value: number): number {
  scratch.setFloat32(0, value);
  const bits = scratch.getUint32(0);
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  if (magnitude >= 0x47800000) return sign | 0x7c00;
  if (magnitude >= 0x38800000) return sign | roundShift(magnitude - 0x38000000, 13);
  if (magnitude < 0x33000000) return sign;
  const shift = 126 - (magnitude >>> 23);
  return sign | roundShift((magnitude & 0x7fffff) | 0x800000, shift);
}

/** Shifts right by `shift` bits, rounding to nearest, ties to even. A carry into the exponent is what rounding up to the next power of two needs. */
function roundShift(value: number, shift: number): number {
  const quotient = value >>> shift;
  const remainder = value & ((1 << shift) - 1);
  const half = 1 << (shift - 1);
  return remainder > half || (remainder === half && (quotient & 1) === 1) ? quotient + 1 : quotient;
}
