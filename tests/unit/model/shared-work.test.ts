import { describe, expect, it, vi } from "vitest";
import { SharedWork } from "#model/shared-work.ts";

function controlled() {
  let resolve!: (value: string) => void;
  let reject!: (reason: unknown) => void;
  const promise = new Promise<string>((...settle) => {
    [resolve, reject] = settle;
  });
  let signal!: AbortSignal;
  const onFailure = vi.fn();
  const work = new SharedWork((given) => {
    signal = given;
    given.addEventListener("abort", () => reject(given.reason));
    return promise;
  }, onFailure);
  return { work, resolve, reject, signal, onFailure };
}

describe("SharedWork", () => {
  it("gives one result to all", async () => {
    const { work, resolve } = controlled();
    const all = Promise.all([work.wait(), work.wait(), work.wait()]);
    resolve("done");
    expect(await all).toEqual(["done", "done", "done"]);
    expect(await work.wait()).toBe("done");
  });

  it("goes on while anybody waits, and stops when the last gives up", async () => {
    const { work, signal, onFailure } = controlled();
    const [first, second] = [new AbortController(), new AbortController()];
    const results = [work.wait(first.signal), work.wait(second.signal)].map((result) => result.catch((error: Error) => error.message));
    first.abort(new Error("one"));
    expect(await results[0]).toBe("one");
    expect(signal.aborted).toBe(false);
    expect(work.abandoned).toBe(false);
    second.abort(new Error("two"));
    expect(await results[1]).toBe("two");
    expect(signal.aborted).toBe(true);
    expect(work.abandoned).toBe(true);
    await vi.waitFor(() => expect(onFailure).toHaveBeenCalledOnce());
  });

  it("is not abandoned by those who have their result", async () => {
    const { work, resolve, onFailure } = controlled();
    resolve("done");
    await work.wait();
    expect(work.abandoned).toBe(false);
    expect(onFailure).not.toHaveBeenCalled();
  });

  it("gives the failure to all", async () => {
    const { work, reject, onFailure } = controlled();
    const results = Promise.allSettled([work.wait(), work.wait()]);
    reject(new Error("broken"));
    expect((await results).map((result) => result.status)).toEqual(["rejected", "rejected"]);
    expect(onFailure).toHaveBeenCalledOnce();
  });
});
