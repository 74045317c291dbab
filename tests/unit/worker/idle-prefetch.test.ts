/** When pages are read ahead, and when not. */
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { IdlePrefetch, mayPrefetch } from "#worker/idle-prefetch.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const settle = async () => {
  for (let turn = 0; turn < 10; turn++) await null;
};

/** Reads that end when the test says so. */
function pendingReads() {
  const asked: number[] = [];
  const ends: ((error?: Error) => void)[] = [];
  const read = (page: number) => {
    asked.push(page);
    return new Promise<void>((resolve, reject) => ends.push((error) => (error ? reject(error) : resolve())));
  };
  const end = async (error?: Error) => {
    ends.shift()!(error);
    await settle();
  };
  return { asked, read, end };
}

it("reads one page at a time, when it was quiet for a while after a call", async () => {
  const { asked, read, end } = pendingReads();
  const prefetch = new IdlePrefetch({ pages: [3, 5, 8], read, isBusy: () => false });
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked).toEqual([]);
  prefetch.callEnded();
  await vi.advanceTimersByTimeAsync(999);
  prefetch.callEnded();
  await vi.advanceTimersByTimeAsync(999);
  expect(asked).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  expect(asked).toEqual([3]);
  await end();
  expect(asked).toEqual([3, 5]);
  await end();
  await end();
  prefetch.callEnded();
  expect(vi.getTimerCount()).toBe(0);
  expect(asked).toEqual([3, 5, 8]);
});

it("stops for a call, and goes on with the next page after it", async () => {
  const { asked, read, end } = pendingReads();
  let isBusy = false;
  const prefetch = new IdlePrefetch({ pages: [0, 1], read, isBusy: () => isBusy, quietMs: 0 });
  prefetch.callEnded();
  await vi.advanceTimersByTimeAsync(0);
  isBusy = true;
  await end();
  expect(asked).toEqual([0]);
  // One of two calls has ended.
  prefetch.callEnded();
  expect(vi.getTimerCount()).toBe(0);
  isBusy = false;
  prefetch.callEnded();
  await vi.advanceTimersByTimeAsync(0);
  expect(asked).toEqual([0, 1]);
});

it("does not read twice at a time, and ends without a word when a page cannot be had", async () => {
  const { asked, read, end } = pendingReads();
  const prefetch = new IdlePrefetch({ pages: [0, 1, 2], read, isBusy: () => false, quietMs: 0 });
  prefetch.callEnded();
  await vi.advanceTimersByTimeAsync(0);
  prefetch.callEnded();
  await vi.advanceTimersByTimeAsync(0);
  expect(asked).toEqual([0]);
  await end(new Error("no network"));
  prefetch.callEnded();
  expect(vi.getTimerCount()).toBe(0);
  expect(asked).toEqual([0]);
});

it("honours the wish to save data, and leaves slow lines alone", () => {
  expect(mayPrefetch(undefined)).toBe(true);
  expect(mayPrefetch({})).toBe(true);
  expect(mayPrefetch({ connection: { saveData: false, effectiveType: "4g" } })).toBe(true);
  expect(mayPrefetch({ connection: { saveData: true } })).toBe(false);
  expect(mayPrefetch({ connection: { effectiveType: "slow-2g" } })).toBe(false);
});
