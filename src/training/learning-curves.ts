/** Learning curves as an SVG picture: the loss over the steps, and the dev scores. */
import type { DevRecord, StepRecord } from "./trainer.ts";

const WIDTH = 720;
const LABEL_HEIGHT = 13;
const HEIGHT = 260;
const MARGIN = { left: 48, right: 96, top: 24, bottom: 32 };
/** Points of a smoothed line. */
const POINTS = 120;
const COLOURS = ["#4269d0", "#efb118", "#ff725c", "#6cc5b0"];

interface Line {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

/** One SVG document with two panels. */
export function learningCurves(steps: readonly StepRecord[], dev: readonly DevRecord[]): string {
  const losses = smooth(steps);
  const devLine = (name: string, value: (record: DevRecord) => number | null): Line => ({
    name,
    points: dev.flatMap((record) => (value(record) === null ? [] : [[record.step, value(record)!] as const])),
  });
  const scores = [
    devLine("dense", ({ dense }) => dense),
    devLine("lexical", ({ lexical }) => lexical),
    devLine("ColBERT", ({ colbert }) => colbert),
    devLine("all", ({ ensemble }) => ensemble),
  ].filter(({ points }) => points.length > 0);
  const panels = [panel("loss", [{ name: "loss", points: losses }], 0), ...(scores.length > 0 ? [panel("mean reciprocal rank, dev set", scores, HEIGHT)] : [])];
  const height = HEIGHT * panels.length;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" font-family="sans-serif" font-size="12" role="img" aria-label="Learning curves by training step">`,
    "<title>Learning curves by training step</title>",
    `<rect width="${WIDTH}" height="${height}" fill="#fff"/>`,
    ...panels,
    "</svg>",
    "",
  ].join("\n");
}

/** Means of equal stretches of the run. */
function smooth(steps: readonly StepRecord[]): (readonly [number, number])[] {
  const stretch = Math.max(1, Math.ceil(steps.length / POINTS));
  const points: (readonly [number, number])[] = [];
  for (let start = 0; start < steps.length; start += stretch) {
    const part = steps.slice(start, start + stretch);
    points.push([part.at(-1)!.step, part.reduce((sum, { loss }) => sum + loss, 0) / part.length]);
  }
  return points;
}

function panel(title: string, lines: readonly Line[], top: number): string {
  const all = lines.flatMap(({ points }) => points);
  const right = Math.max(1, ...all.map(([x]) => x));
  const low = Math.min(...all.map(([, y]) => y));
  const high = Math.max(...all.map(([, y]) => y), low + 1e-6);
  const x = (value: number) => MARGIN.left + (value / right) * (WIDTH - MARGIN.left - MARGIN.right);
  const y = (value: number) => top + MARGIN.top + (1 - (value - low) / (high - low)) * (HEIGHT - MARGIN.top - MARGIN.bottom);
  const text = (at: [number, number], content: string, more = "") => `<text x="${at[0].toFixed(1)}" y="${at[1].toFixed(1)}" ${more}>${content}</text>`;
  const grid = [low, (low + high) / 2, high].flatMap((value) => [
    `<line x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${y(value).toFixed(1)}" y2="${y(value).toFixed(1)}" stroke="#ddd"/>`,
    text([MARGIN.left - 6, y(value) + 4], value.toFixed(3), 'text-anchor="end" fill="#555"'),
  ]);
  const labels = apart(lines.map(({ points }) => y(points.at(-1)![1]) + 4));
  const drawn = lines.flatMap(({ name, points }, index) => {
    const colour = COLOURS[index % COLOURS.length]!;
    const last = points.at(-1)!;
    const path = points.map(([px, py]) => `${x(px).toFixed(1)},${y(py).toFixed(1)}`).join(" ");
    return [
      `<polyline fill="none" stroke="${colour}" stroke-width="2" points="${path}"/>`,
      text([x(last[0]) + 6, labels[index]!], `${name} ${last[1].toFixed(3)}`, `fill="${colour}"`),
    ];
  });
  const foot = top + HEIGHT - MARGIN.bottom + 16;
  return [
    text([MARGIN.left, top + 16], title, 'font-weight="bold"'),
    ...grid,
    ...drawn,
    text([MARGIN.left, foot], "step 0", 'fill="#555"'),
    text([WIDTH - MARGIN.right, foot], String(right), 'text-anchor="end" fill="#555"'),
  ].join("\n");
}

/** Heights of labels, moved down as far as they would cover one another. */
function apart(heights: readonly number[]): number[] {
  const moved = [...heights];
  let below = Number.NEGATIVE_INFINITY;
  for (const index of [...heights.keys()].sort((a, b) => heights[a]! - heights[b]!)) {
    moved[index] = Math.max(heights[index]!, below);
    below = moved[index]! + LABEL_HEIGHT;
  }
  return moved;
}
