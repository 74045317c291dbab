import { describe, expect, it } from "vitest";
import type { EncoderSession, TokenBatch, TokenBatchResult } from "#core/session.ts";
import { BatchQueue } from "#worker/batch-queue.ts";

const result: TokenBatchResult = { pooled: null, lexical: null, colbert: null, computedTokens: 0 };

/** A batch is told apart by the number of its tokens. */
const batch = (tokens: number): TokenBatch => ({ rows: new Float32Array(0), lengths: [tokens], outputs: { dense: true, lexical: false, colbert: false } });

function fakeSession(onRun: (tokens: number) => void = () => {}) {
  const ran: number[] = [];
  let running = 0;
  const session: EncoderSession = {
    info: { backend: "wasm", engine: "fake", precision: "fp32", threads: 1, batch: { tokenBudget: 1, maxTexts: 1, maxPadding: 0 } },
    async run({ lengths }) {
      expect(++running).toBe(1);
      ran.push(lengths[0]!);
      onRun(lengths[0]!);
      await null;
      running--;
      if (lengths[0] === 13) throw new Error("unlucky");
      return result;
    },
    async dispose() {},
  };
  return { ran, queue: new BatchQueue(session) };
}

/** Runs batches one after another, as an encoder does. */
async function list(session: EncoderSession, tokens: readonly number[]): Promise<void> {
  for (const count of tokens) await session.run(batch(count));
}

describe("BatchQueue", () => {
  it("lets a question that comes while a list runs pass before its next batch", async () => {
    let asked: Promise<unknown> | undefined;
    const { ran, queue } = fakeSession((tokens) => {
      // As from another thread: a message that arrives while a batch blocks the worker.
      if (tokens === 2) {
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = () => {
          port1.close();
          asked = queue.session("query").run(batch(100));
        };
        port2.postMessage(null);
      }
    });
    await list(queue.session("corpus"), [1, 2, 3, 4]);
    await asked;
    expect(ran).toEqual([1, 2, 100, 3, 4]);
  });

  it("serves two lists in turn", async () => {
    const { ran, queue } = fakeSession();
    await Promise.all([list(queue.session("corpus"), [1, 2, 3]), list(queue.session("corpus"), [11, 12, 14])]);
    expect(ran).toEqual([1, 11, 2, 12, 3, 14]);
  });

  it("serves two lists in turn also when they ask for all their batches at once", async () => {
    const { ran, queue } = fakeSession();
    const [first, second] = [queue.session("corpus"), queue.session("corpus")];
    await Promise.all([...[1, 2, 3].map((tokens) => first.run(batch(tokens))), ...[11, 12, 14].map((tokens) => second.run(batch(tokens)))]);
    expect(ran).toEqual([1, 11, 2, 12, 3, 14]);
  });

  it("does not let questions starve a list", async () => {
    const { ran, queue } = fakeSession();
    const questions = Array.from({ length: 20 }, (_, index) => queue.session("query").run(batch(100 + index)));
    await Promise.all([...questions, list(queue.session("corpus"), [1, 2])]);
    expect(ran.indexOf(1)).toBe(8);
    expect(ran.indexOf(2)).toBe(17);
    expect(ran).toHaveLength(22);
  });

  it("takes an aborted batch out of the queue, and rejects it with the reason at once", async () => {
    const { ran, queue } = fakeSession();
    const controller = new AbortController();
    const reason = new Error("stop");
    const running = list(queue.session("corpus"), [1, 2]);
    const aborted = queue.session("corpus").run(batch(50), { signal: controller.signal });
    controller.abort(reason);
    await expect(aborted).rejects.toBe(reason);
    await expect(queue.session("query").run(batch(51), { signal: controller.signal })).rejects.toBe(reason);
    await running;
    expect(ran).toEqual([1, 2]);
  });

  it("rests and wakes up again when its only batch is taken out", async () => {
    const { ran, queue } = fakeSession();
    const controller = new AbortController();
    const aborted = queue.session("query").run(batch(1), { signal: controller.signal });
    controller.abort(new Error("stop"));
    await expect(aborted).rejects.toThrow("stop");
    await queue.session("query").run(batch(2));
    await queue.session("query").run(batch(3));
    expect(ran).toEqual([2, 3]);
  });

  it("goes on after a batch that fails", async () => {
    const { ran, queue } = fakeSession();
    const results = await Promise.allSettled([13, 1, 2].map((tokens) => queue.session("query").run(batch(tokens))));
    expect(results.map(({ status }) => status)).toEqual(["rejected", "fulfilled", "fulfilled"]);
    expect(ran).toEqual([13, 1, 2]);
  });
});
