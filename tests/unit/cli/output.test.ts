import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openLines } from "#cli/line-writer.ts";
import { shortFloat32 } from "#cli/number-format.ts";
import { formatProgress, ProgressLine } from "#cli/progress-line.ts";
import { temporaryFolder } from "./fake-surroundings.ts";

describe("shortFloat32", () => {
  it("is short where JavaScript is not", () => {
    expect(shortFloat32(Math.fround(0.1))).toBe(0.1);
    expect(shortFloat32(Math.fround(-0.0625))).toBe(-0.0625);
    expect(shortFloat32(0)).toBe(0);
  });

  it("is read back as the same float32, whatever it is", () => {
    fc.assert(
      fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (value) => {
        // -0 may become 0.
        expect(Math.fround(shortFloat32(value)) === value).toBe(true);
      }),
    );
  });
});

describe("openLines", () => {
  it("waits for a reader that is slow", async () => {
    let taken = 0;
    const stdout = new Writable({
      highWaterMark: 16,
      async write(_chunk, _encoding, done) {
        await sleep(1);
        taken++;
        done();
      },
    });
    const lines = await openLines("-", stdout);
    for (let line = 0; line < 50; line++) {
      await lines.write("0123456789");
      expect(line - taken).toBeLessThanOrEqual(2);
    }
    await lines.commit();
    expect(taken).toBe(51);
  });

  it("shows a file only when it is whole", async () => {
    const folder = await temporaryFolder();
    const file = path.join(folder, "out.jsonl");
    const lines = await openLines(file);
    await lines.write("one");
    expect(await readdir(folder)).not.toContain("out.jsonl");
    await lines.commit();
    await lines.discard();
    expect(await readdir(folder)).toEqual(["out.jsonl"]);
    expect(await readFile(file, "utf8")).toBe("one\n");
  });

  it("writes into what is no ordinary file", async () => {
    const lines = await openLines("/dev/null");
    await lines.write("gone");
    await lines.commit();
  });
});

describe("ProgressLine", () => {
  it("draws share and amount", () => {
    const half = formatProgress({ phase: "encode", loaded: 1_200_000, total: 2_400_000, unit: "bytes" });
    expect(half).toBe(`encode  ${"█".repeat(12)}${"░".repeat(12)}  50 %  1.2 of 2.4 MB`);
    expect(formatProgress({ phase: "encode", loaded: 7, total: 0, unit: "texts" })).toBe("encode  7 texts");
    const left = (remainingMs: number) => formatProgress({ phase: "encode", loaded: 1, total: 2, unit: "texts", remainingMs }).split("  ").at(-1);
    expect([40_000, 170_000, 7_500_000].map(left)).toEqual(["40 s left", "3 min left", "2 h 5 min left"]);
  });

  it("draws on a terminal only, clears what it drew, and keeps to one line", () => {
    const written: string[] = [];
    const terminal = (isTTY: boolean) => ({ isTTY, columns: 20, write: (text: string) => written.push(text) });
    const event = { phase: "build", loaded: 3, total: 3, unit: "bytes", file: "a-very-long-tensor-name" } as const;
    for (const progress of [new ProgressLine(true, terminal(true)), new ProgressLine(false, terminal(false))]) {
      progress.show(event);
      progress.clear();
    }
    expect(written).toEqual([]);
    const progress = new ProgressLine(false, terminal(true));
    progress.show(event);
    progress.clear();
    progress.clear();
    expect(written).toEqual([`\r\x1b[K${"build  ████████████████████████".slice(0, 19)}`, "\r\x1b[K"]);
  });
});
