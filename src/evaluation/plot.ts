/** A dot plot as SVG: one line a system, one kind of mark a form, and faint dots for the single sets of the first form. It reads in light and dark, and to a screen reader. */

export interface PlotRow {
  readonly label: string;
  readonly points: readonly PlotPoint[];
}

export interface PlotPoint {
  /** Place in {@link Plot.series}. */
  readonly series: number;
  readonly value: number;
  /** The values that it is the mean of. */
  readonly single: readonly number[];
}

export interface Plot {
  readonly title: string;
  /** What the axis shows: "nDCG@10". */
  readonly axis: string;
  /** At most three. */
  readonly series: readonly string[];
  readonly rows: readonly PlotRow[];
}

const WIDTH = 720;
const LABELS = 150;
const VALUES = 64;
const ROW = 34;
const TOP = 84;
const BOTTOM = 46;
const LEFT = LABELS + 12;
const RIGHT = WIDTH - VALUES - 16;

/** Colours that differ in lightness too, and marks that differ in shape. */
const STYLE = `
  svg { color-scheme: light dark; font: 13px system-ui, sans-serif; }
  .paper { fill: #fff } .text { fill: #1c1e21 } .faint { fill: #5c6370 } .grid { stroke: #d9dce1; stroke-width: 1 }
  .s0 { fill: #0b5cad; stroke: #0b5cad } .s1 { fill: #b45309; stroke: #b45309 } .s2 { fill: #7a2e8e; stroke: #7a2e8e }
  .single.single { stroke: none; fill-opacity: .3 } .s1.mark, .s2.mark { fill: #fff; stroke-width: 2 }
  .title { font-size: 16px; font-weight: 600 } .value { font-variant-numeric: tabular-nums }
  @media (prefers-color-scheme: dark) {
    .paper { fill: #15181d } .text { fill: #e8eaed } .faint { fill: #a3abb8 } .grid { stroke: #343a44 }
    .s0 { fill: #6fb3ff; stroke: #6fb3ff } .s1 { fill: #f5a44a; stroke: #f5a44a } .s2 { fill: #d79bea; stroke: #d79bea }
    .s1.mark, .s2.mark { fill: #15181d }
  }`;

/** @returns a whole SVG document */
export function renderPlot({ title, axis, series, rows }: Plot): string {
  const height = TOP + rows.length * ROW + BOTTOM;
  const { low, high, tick } = scaleOf(rows);
  const x = (value: number) => round(LEFT + ((value - low) / (high - low)) * (RIGHT - LEFT));
  const bottom = TOP + rows.length * ROW;
  const ticks = Array.from({ length: Math.round((high - low) / tick) + 1 }, (_, index) => low + index * tick);
  const grid = ticks.map(
    (value) =>
      `<line class="grid" x1="${x(value)}" x2="${x(value)}" y1="${TOP - 8}" y2="${bottom}"/><text class="faint" x="${x(value)}" y="${bottom + 18}" text-anchor="middle">${value.toFixed(2)}</text>`,
  );
  const legend = series.map((name, index) => {
    const at = LEFT + index * 130;
    return `${mark(index, at, 54)}<text class="text" x="${at + 12}" y="58">${escapeXml(name)}</text>`;
  });
  const hasSingles = rows.some(({ points }) => points.some(({ single }) => single.length > 1));
  const note = hasSingles ? `<text class="faint" x="${LEFT + series.length * 130}" y="58">faint: single sets</text>` : "";
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-labelledby="title desc">`,
    `<title id="title">${escapeXml(title)}</title>`,
    `<desc id="desc">${escapeXml(inWords(axis, series, rows))}</desc>`,
    `<style>${STYLE}</style>`,
    `<rect class="paper" width="${WIDTH}" height="${height}"/>`,
    `<text class="text title" x="16" y="28">${escapeXml(title)}</text>`,
    ...legend,
    note,
    ...grid,
    `<text class="faint" x="${(LEFT + RIGHT) / 2}" y="${bottom + 38}" text-anchor="middle">${escapeXml(axis)}</text>`,
    ...rows.map((row, index) => renderRow(row, TOP + index * ROW + ROW / 2, x)),
    "</svg>",
    "",
  ].join("\n");
}

function renderRow({ label, points }: PlotRow, y: number, x: (value: number) => number): string {
  // A form lies a little below the one before, or equal values would hide one another.
  const shift = (series: number) => y + (series - 1) * 7;
  // Those of one form only: the others' would lie on top of them.
  const singles = points.flatMap(({ series, single }) =>
    series === 0 && single.length > 1 ? single.map((value) => `<circle class="s0 single" cx="${x(value)}" cy="${shift(0)}" r="2.5"/>`) : [],
  );
  const marks = points.map(({ series, value }) => mark(series, x(value), shift(series)));
  const [first] = points;
  const value = first ? `<text class="text value" x="${WIDTH - 16}" y="${y + 4}" text-anchor="end">${first.value.toFixed(3)}</text>` : "";
  return `<g><text class="text" x="${LABELS}" y="${y + 4}" text-anchor="end">${escapeXml(label)}</text>${singles.join("")}${marks.join("")}${value}</g>`;
}

function mark(series: number, x: number, y: number): string {
  if (series === 0) return `<circle class="s0 mark" cx="${x}" cy="${y}" r="5"/>`;
  if (series === 1) return `<rect class="s1 mark" x="${round(x - 4)}" y="${round(y - 4)}" width="8" height="8"/>`;
  return `<path class="s2 mark" d="M${x} ${round(y - 5)}L${round(x + 5)} ${round(y + 4)}H${round(x - 5)}Z"/>`;
}

/** From the tick below the smallest value to the one above the largest. */
function scaleOf(rows: readonly PlotRow[]): { readonly low: number; readonly high: number; readonly tick: number } {
  const values = rows.flatMap(({ points }) => points.flatMap(({ value, single }) => [value, ...single]));
  if (values.length === 0) return { low: 0, high: 1, tick: 0.2 };
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const tick = [0.01, 0.02, 0.05, 0.1].find((step) => (most - least) / step <= 8) ?? 0.2;
  const low = Math.floor(round(least / tick)) * tick;
  return { low, high: Math.max(Math.ceil(round(most / tick)) * tick, low + tick), tick };
}

function inWords(axis: string, series: readonly string[], rows: readonly PlotRow[]): string {
  const lines = rows.map(({ label, points }) => `${label}: ${points.map(({ series: at, value }) => `${series[at]} ${value.toFixed(3)}`).join(", ")}`);
  return `${axis}. ${lines.join(". ")}.`;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
