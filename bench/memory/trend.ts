/** Does a series of looks at memory rise? The first quarter is warm-up: caches fill, code is compiled. */
import { sum } from "../harness/statistics.ts";

export interface Growth {
  /** Means of the second and of the last quarter, MB. */
  readonly quarters: readonly [second: number, last: number];
  readonly megabytes: number;
}

export function growth(looks: readonly number[]): Growth {
  const quarter = Math.max(1, Math.floor(looks.length / 4));
  const mean = (values: readonly number[]) => sum(values) / values.length;
  const second = mean(looks.slice(quarter, 2 * quarter));
  const last = mean(looks.slice(-quarter));
  return { quarters: [second, last], megabytes: last - second };
}
