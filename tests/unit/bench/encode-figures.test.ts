import { expect, test } from "vitest";
import { paddedTokens } from "../../../bench/encode/lists.ts";
import { summariseProfile } from "../../../bench/encode/profile-events.ts";
import { benchTexts, TEXT_COUNT } from "../../../bench/encode/texts.ts";
import { printRatio, printTable } from "../../../bench/harness/print.ts";
import { median } from "../../../bench/harness/statistics.ts";

test("the encode bench always takes the same 400 different texts", () => {
  const texts = benchTexts();
  expect(new Set(texts).size).toBe(TEXT_COUNT);
  expect(texts).toEqual(benchTexts());
  expect(texts.slice(0, 40).some((text) => /[가-힣]/.test(text)) && texts.slice(0, 40).some((text) => /[α-ω]/.test(text))).toBe(true);
});

test("lists are padded to their longest text", () => {
  expect(paddedTokens([5, 1, 3, 4], 2)).toBe(5 * 2 + 4 * 2);
  expect(paddedTokens([5, 1, 3], 2)).toBe(5 * 2 + 3);
  expect(paddedTokens([5, 1, 3], 1)).toBe(9);
});

test("a profile is summed by operator over the runs after the warm-up", () => {
  const node = (ts: number, dur: number, name: string, op: string) => JSON.stringify({ cat: "Node", ts, dur, name, args: { op_name: op } });
  const run = (ts: number, dur: number) => JSON.stringify({ cat: "Session", ts, dur, name: "model_run", args: {} });
  const lines = [
    node(10, 999, "a_kernel_time", "MatMul"),
    run(9, 1001),
    node(2001, 300, "a_kernel_time", "MatMul"),
    node(2400, 100, "b_kernel_time", "Gelu"),
    node(2400, 7, "b_fence_before", "Gelu"),
    run(2000, 600),
    node(3001, 500, "a_kernel_time", "MatMul"),
    node(3600, 100, "b_kernel_time", "Gelu"),
    run(3000, 800),
  ];
  expect(summariseProfile(`[\n${lines.join(",\n")}\n]\nother output`, 1)).toEqual({
    operators: [
      { operator: "MatMul", nodes: 1, ms: 0.4 },
      { operator: "Gelu", nodes: 1, ms: 0.1 },
    ],
    runs: 2,
    runMs: 0.7,
  });
});

test("medians and prints", () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 2, 3])).toBe(2.5);
  expect(printRatio({ name: "speed", value: 3.456, aim: 3 })).toBe("speed: 3.46× (aim ≥ 3×: met)");
  expect(printRatio({ name: "size", value: 0.5, aim: 0.3, atMost: true })).toBe("size: 0.5× (aim ≤ 0.3×: NOT met)");
  expect(
    printTable({
      title: "T",
      columns: ["side", "n"],
      rows: [
        ["a", 12.345],
        ["bb", null],
      ],
    }),
  ).toBe("T\nside     n\n────  ────\na     12.3\nbb       –");
});
