import { describe, expect, it } from "vitest";
import { type Plot, renderPlot } from "#evaluation/plot.ts";

const plot: Plot = {
  title: "A & B <c>",
  axis: "nDCG@10",
  series: ["exact", "int8"],
  rows: [
    {
      label: "dense",
      points: [
        { series: 0, value: 0.8, single: [0.7, 0.9] },
        { series: 1, value: 0.75, single: [0.65, 0.85] },
      ],
    },
    { label: "BM25", points: [{ series: 0, value: 0.9, single: [0.9] }] },
  ],
};

const numbers = (svg: string, pattern: RegExp) => [...svg.matchAll(pattern)].map((match) => Number(match[1]));

describe("a plot", () => {
  const svg = renderPlot(plot);

  it("says in words what it shows", () => {
    expect(svg).toContain('role="img" aria-labelledby="title desc"');
    expect(svg).toContain('<title id="title">A &amp; B &lt;c&gt;</title>');
    expect(svg).toContain('<desc id="desc">nDCG@10. dense: exact 0.800, int8 0.750. BM25: exact 0.900.</desc>');
    expect(svg).not.toContain("B <c>");
  });

  it("puts marks where their values are on the axis", () => {
    const axis = [...svg.matchAll(/class="faint" x="([\d.]+)" y="\d+" text-anchor="middle">(0\.\d+)</g)].map(
      ([, x, value]) => [Number(value), Number(x)] as const,
    );
    expect(axis.map(([value]) => value)).toEqual([0.65, 0.7, 0.75, 0.8, 0.85, 0.9]);
    const at = new Map(axis);
    // The first mark of each kind is the legend's.
    expect(numbers(svg, /<circle class="s0 mark" cx="([\d.]+)"/g).slice(1)).toEqual([at.get(0.8), at.get(0.9)]);
    expect(numbers(svg, /<rect class="s1 mark" x="([\d.]+)"/g).slice(1)).toEqual([at.get(0.75)! - 4]);
    expect(numbers(svg, /single" cx="([\d.]+)"/g)).toEqual([at.get(0.7), at.get(0.9)]);
  });

  it("has room for one value, and for none", () => {
    for (const rows of [[], [{ label: "dense", points: [] }], [{ label: "dense", points: [{ series: 0, value: 0, single: [0] }] }]]) {
      const drawn = renderPlot({ ...plot, rows });
      expect(drawn).not.toMatch(/NaN|Infinity|undefined/);
    }
  });
});
