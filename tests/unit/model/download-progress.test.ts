import { describe, expect, it } from "vitest";
import type { ProgressEvent } from "#core/progress.ts";
import { DownloadProgress } from "#model/download-progress.ts";
import { limit } from "#model/limit.ts";
import { bytesOf, entryOf } from "./fake-server.ts";

const [a, b] = [entryOf("a", bytesOf(1000)), entryOf("b", bytesOf(3000))];

function recorded() {
  const events: ProgressEvent[] = [];
  return { events, progress: new DownloadProgress((event) => events.push(event)) };
}

describe("DownloadProgress", () => {
  it("adds up files, and ends at the total", () => {
    const { events, progress } = recorded();
    progress.expect(a);
    progress.expect(b);
    progress.advance(a, 500);
    progress.advance(b, 3000);
    progress.advance(a, 1000);
    expect(events.map(({ loaded, total, file }) => [loaded, total, file])).toEqual([
      [500, 4000, "a"],
      [3500, 4000, "b"],
      [4000, 4000, "a"],
    ]);
  });

  it("never goes back when a file is fetched again", () => {
    const { events, progress } = recorded();
    for (const loaded of [400, 900, 100, 800, 1000]) progress.advance(a, loaded);
    expect(events.map(({ loaded }) => loaded)).toEqual([400, 900, 1000]);
  });

  it("tells the rate of the last seconds, of what came over the network", () => {
    let now = 0;
    const events: ProgressEvent[] = [];
    const progress = new DownloadProgress(
      (event) => events.push(event),
      () => now,
    );
    const large = entryOf("large", bytesOf(100_000));
    progress.expect(large);
    const rateAt = (ms: number, loaded: number, wereHere = false) => {
      now = ms;
      progress.advance(large, loaded, wereHere);
      return events.at(-1)!.bytesPerSecond;
    };
    // What lay in the store came in no time.
    expect(rateAt(0, 20_000, true)).toBeUndefined();
    expect(rateAt(0, 21_000)).toBeUndefined();
    expect(rateAt(1000, 24_000)).toBe(4000);
    expect(rateAt(2000, 28_000)).toBe(4000);
    // The line gets slower, and what was before is forgotten.
    for (let second = 3; second < 8; second++) rateAt(second * 1000, 28_000 + (second - 2) * 1000);
    expect(rateAt(8000, 34_000)).toBe(1000);
    // A pause in which nobody asked for anything is no slow line.
    expect(rateAt(60_000, 36_000)).toBeUndefined();
    expect(rateAt(61_000, 40_000)).toBe(6000);
  });

  it("does not report every byte", () => {
    const { events, progress } = recorded();
    for (let loaded = 1; loaded <= 1000; loaded++) progress.advance(a, loaded);
    expect(events).toHaveLength(100);
    expect(events.at(-1)).toEqual({ phase: "download", loaded: 1000, total: 1000, unit: "bytes", file: "a" });
  });

  it("counts a file once", () => {
    const { events, progress } = recorded();
    progress.expect(a);
    progress.expect(a);
    progress.advance(a, 1000);
    expect(events.at(-1)?.total).toBe(1000);
  });
});

describe("limit", () => {
  it("runs so many at a time, in order, and goes on after a failure", async () => {
    const inTurn = limit(2);
    const log: string[] = [];
    let running = 0;
    const task = (name: string) =>
      inTurn(async () => {
        log.push(name);
        running++;
        expect(running).toBeLessThanOrEqual(2);
        await new Promise((resolve) => setTimeout(resolve, 1));
        running--;
        if (name === "b") throw new Error(name);
        return name;
      });
    const results = await Promise.allSettled(["a", "b", "c", "d", "e"].map(task));
    expect(log).toEqual(["a", "b", "c", "d", "e"]);
    expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled", "fulfilled", "fulfilled"]);
  });
});
