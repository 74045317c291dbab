import { expect, it } from "vitest";
import { groupTexts, isPadded, scatterGroup, startsOf } from "#graph/token-groups.ts";

const outputs = { dense: true, lexical: true, colbert: true };
/** Two columns a token: its text, and its place. */
const rowsOf = (lengths: readonly number[]) =>
  Float32Array.from(lengths.flatMap((length, text) => Array.from({ length }, (_, token) => [text + 1, token + 1]).flat()));

it("takes texts of one length as they are, without a copy", () => {
  const rows = rowsOf([3, 3]);
  const groups = groupTexts({ rows, lengths: [3, 3], outputs }, 2, false);
  expect(groups).toHaveLength(1);
  expect(groups[0]!.rows).toBe(rows);
  expect(isPadded(groups[0]!)).toBe(false);
});

it("makes a group of each length where nothing may be padded", () => {
  const lengths = [2, 1, 2];
  const groups = groupTexts({ rows: rowsOf(lengths), lengths, outputs }, 2, false);
  expect(groups).toMatchObject([
    { texts: [0, 2], lengths: [2, 2], width: 2 },
    { texts: [1], lengths: [1], width: 1 },
  ]);
  expect([...groups[0]!.rows]).toEqual([1, 1, 1, 2, 3, 1, 3, 2]);
  expect([...groups[1]!.rows]).toEqual([2, 1]);
  expect(groups.some(isPadded)).toBe(false);
});

it("pads shorter texts with zeros where that is allowed", () => {
  const lengths = [1, 3];
  const groups = groupTexts({ rows: rowsOf(lengths), lengths, outputs }, 2, true);
  expect(groups).toMatchObject([{ texts: [0, 1], lengths: [1, 3], width: 3 }]);
  expect([...groups[0]!.rows]).toEqual([1, 1, 0, 0, 0, 0, 2, 1, 2, 2, 2, 3]);
  expect(isPadded(groups[0]!)).toBe(true);
});

it.each([true, false])("puts every token back in its place (padding: %s)", (pad) => {
  const lengths = [2, 4, 1, 4, 2, 3];
  const rows = rowsOf(lengths);
  const back = new Float32Array(rows.length);
  for (const group of groupTexts({ rows, lengths, outputs }, 2, pad)) scatterGroup(group.rows, back, group, startsOf(lengths), 2);
  expect(back).toEqual(rows);
});

it("knows where each text starts", () => {
  expect(startsOf([2, 4, 1])).toEqual([0, 2, 6, 7]);
  expect(startsOf([])).toEqual([0]);
});

it("has no groups for no texts", () => {
  expect(groupTexts({ rows: new Float32Array(), lengths: [], outputs }, 2, true)).toEqual([]);
});
