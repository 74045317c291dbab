import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { SearchController, type SearchState } from "#element/search-controller.ts";
import type { SearchPage, SearchSource } from "#element/search-source.ts";

const marked = (text: string) => ({ text, marks: [] });
const page = (stage: SearchPage["stage"], ...ids: string[]): SearchPage => ({
  stage,
  results: ids.map((id) => ({ id, url: `${id}.html`, title: marked(id), snippet: marked(id) })),
});

/** Answers when told to. */
class ToldSource extends EventTarget implements SearchSource {
  readonly model = { kind: "waiting" } as const;
  readonly asked: { query: string; limit: number; signal: AbortSignal; answer: (page: SearchPage) => void; end: () => void; fail: (error: Error) => void }[] =
    [];
  loadModel() {}

  async *search(query: string, { limit, signal }: { limit: number; signal: AbortSignal }) {
    const stream = new TransformStream<SearchPage, SearchPage>();
    const writer = stream.writable.getWriter();
    const ignore = () => {};
    this.asked.push({
      query,
      limit,
      signal,
      answer: (one) => void writer.write(one).catch(ignore),
      end: () => void writer.close().catch(ignore),
      fail: (error) => void writer.abort(error).catch(ignore),
    });
    const reader = stream.readable.getReader();
    for (let step = await reader.read(); !step.done; step = await reader.read()) yield step.value;
  }
}

function start() {
  const source = new ToldSource();
  const states: SearchState[] = [];
  const controller = new SearchController(source, (state) => states.push(state), { limit: 5, debounceMs: 100 });
  const ids = () => controller.state.results.map(({ id }) => id);
  return { source, states, controller, ids };
}

const settle = () => vi.advanceTimersByTimeAsync(0);

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

describe("SearchController", () => {
  it("asks when typing pauses, and shows only what was asked last", async () => {
    const { source, controller, ids } = start();
    controller.input("p");
    await vi.advanceTimersByTimeAsync(99);
    controller.input("pr");
    await vi.advanceTimersByTimeAsync(99);
    expect(source.asked).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(source.asked).toMatchObject([{ query: "pr", limit: 5 }]);
    controller.input(" print ");
    expect(source.asked[0]!.signal.aborted).toBe(true);
    await vi.advanceTimersByTimeAsync(100);
    source.asked[1]!.answer(page("words", "b"));
    source.asked[0]!.answer(page("words", "a"));
    await settle();
    expect(ids()).toEqual(["b"]);
    source.asked[1]!.end();
    await settle();
    expect(controller.state).toMatchObject({ query: "print", status: "done", stage: "words", active: -1 });
    controller.input("print");
    controller.submit();
    await vi.advanceTimersByTimeAsync(200);
    expect(source.asked).toHaveLength(2);
    controller.input("  ");
    expect(controller.state).toMatchObject({ query: "", status: "idle", results: [] });
  });

  it("keeps the results before until the next ones are there", async () => {
    const { source, controller, ids } = start();
    controller.input("a");
    controller.submit();
    source.asked[0]!.answer(page("meaning", "x"));
    await settle();
    controller.input("ab");
    expect(ids()).toEqual(["x"]);
    expect(controller.state.status).toBe("searching");
  });

  it("improves the ranking in place", async () => {
    const { source, controller, ids } = start();
    controller.input("a");
    controller.submit();
    source.asked[0]!.answer(page("words", "x", "y"));
    await settle();
    source.asked[0]!.answer(page("meaning", "y", "z"));
    await settle();
    expect(ids()).toEqual(["y", "z"]);
    expect(controller.state).toMatchObject({ stage: "meaning", held: false });
  });

  it("does not move the list under a pointer, and shows the better one when it leaves", async () => {
    const { source, controller, ids } = start();
    controller.input("a");
    controller.submit();
    source.asked[0]!.answer(page("words", "x", "y"));
    await settle();
    controller.use(true);
    source.asked[0]!.answer(page("meaning", "y", "x"));
    await settle();
    expect(ids()).toEqual(["x", "y"]);
    expect(controller.state).toMatchObject({ stage: "words", held: true });
    controller.use(false);
    expect(ids()).toEqual(["y", "x"]);
    expect(controller.state).toMatchObject({ stage: "meaning", held: false });
  });

  it("does not move it under the keyboard either, unless asked; the chosen result stays chosen", async () => {
    const { source, controller, ids } = start();
    controller.input("a");
    controller.submit();
    source.asked[0]!.answer(page("words", "x", "y"));
    await settle();
    controller.move(1);
    source.asked[0]!.answer(page("meaning", "y", "x"));
    await settle();
    expect([ids(), controller.state.held]).toEqual([["x", "y"], true]);
    controller.showBetter();
    expect([ids(), controller.state.active, controller.state.held]).toEqual([["y", "x"], 1, false]);
  });

  it("takes over an order that is the same at once: nothing moves", async () => {
    const { source, controller } = start();
    controller.input("a");
    controller.submit();
    source.asked[0]!.answer(page("words", "x", "y"));
    await settle();
    controller.move(1);
    source.asked[0]!.answer(page("meaning", "x", "y"));
    await settle();
    expect(controller.state).toMatchObject({ stage: "meaning", held: false, active: 0 });
  });

  it("goes round and round", async () => {
    const { source, controller } = start();
    controller.move(1);
    expect(controller.state.active).toBe(-1);
    controller.input("a");
    controller.submit();
    source.asked[0]!.answer(page("words", "x", "y"));
    await settle();
    const places = [1, 1, 1, 1, -1, -1].map((step) => {
      controller.move(step as 1 | -1);
      return controller.state.active;
    });
    expect(places).toEqual([0, 1, -1, 0, -1, 1]);
  });

  it("tells a failure, and tries again", async () => {
    const { source, controller, ids } = start();
    controller.input("a");
    controller.submit();
    source.asked[0]!.fail(new Error("no network"));
    await settle();
    expect(controller.state).toMatchObject({ status: "failed", error: "no network" });
    controller.submit();
    expect(controller.state.status).toBe("searching");
    source.asked[1]!.answer(page("words", "x"));
    await settle();
    expect(ids()).toEqual(["x"]);
  });

  it("asks for nothing more after dispose", async () => {
    const { source, controller } = start();
    controller.input("a");
    controller.dispose();
    await vi.advanceTimersByTimeAsync(1000);
    expect(source.asked).toEqual([]);
  });
});
