/** What every writer lock must do. */
import { describe, expect, it } from "vitest";
import type { WriterLock } from "#core/writer-lock.ts";

const pause = () => new Promise((resolve) => setTimeout(resolve, 5));

/** @param open two holders of the same locks, as two tabs have them */
export function describeWriterLock(kind: string, open: () => readonly [WriterLock, WriterLock]): void {
  describe(`${kind} as a writer lock`, () => {
    it("lets one action run at a time, in the order of asking", async () => {
      const locks = open();
      const name = crypto.randomUUID();
      const events: string[] = [];
      const work = (label: string, lock: WriterLock) =>
        lock.withLock(name, async () => {
          events.push(`${label} in`);
          await pause();
          events.push(`${label} out`);
          return label;
        });
      const results = await Promise.all([work("a", locks[0]), work("b", locks[1]), work("c", locks[0])]);
      expect(results).toEqual(["a", "b", "c"]);
      expect(events).toEqual(["a in", "a out", "b in", "b out", "c in", "c out"]);
    });

    it("keeps locks of different names apart", async () => {
      const [lock] = open();
      const [outer, inner] = [crypto.randomUUID(), crypto.randomUUID()];
      expect(await lock.withLock(outer, () => lock.withLock(inner, async () => "both"))).toBe("both");
    });

    it("passes on what the action throws, and the turn", async () => {
      const [lock] = open();
      const name = crypto.randomUUID();
      await expect(lock.withLock(name, () => Promise.reject(new RangeError("no")))).rejects.toThrow(RangeError);
      expect(await lock.withLock(name, async () => "next")).toBe("next");
    });

    it("stops waiting when told to, and lets those behind go on in turn", async () => {
      const [lock, other] = open();
      const name = crypto.randomUUID();
      const events: string[] = [];
      const abort = new AbortController();
      const first = lock.withLock(name, async () => {
        await pause();
        events.push("first");
      });
      const waiting = other.withLock(name, async () => events.push("never"), { signal: abort.signal });
      const last = lock.withLock(name, async () => events.push("last"));
      abort.abort(new Error("enough"));
      await expect(waiting).rejects.toThrow("enough");
      await Promise.all([first, last]);
      expect(events).toEqual(["first", "last"]);
      await expect(lock.withLock(name, async () => "x", { signal: abort.signal })).rejects.toThrow("enough");
    });
  });
}
