/** An index on the main thread against a fake worker: what is checked at the door, what is sent, what a lost worker and a closed index mean. */
import { describe, expect, it, vi } from "vitest";
import { M3 } from "#client/m3.ts";
import { WorkerLostError } from "#core/errors.ts";
import type { IndexOperation, IndexRequest } from "#worker/protocol.ts";
import { never, type Script, workers } from "./fake-worker.ts";

const wrong = (value: unknown) => value as never;
const invalid = (path: string) => expect.objectContaining({ code: "invalid-input", fields: expect.objectContaining({ path }) });
const document = { id: "a", text: "text" };

/** A model and an index, and every operation that the worker was asked for. */
async function opened(answer: (operation: IndexOperation) => unknown = () => undefined, ...later: Partial<Script>[]) {
  const asked: { readonly request: IndexRequest; readonly operation: IndexOperation; readonly urgency: string }[] = [];
  const index: Script["index"] = async (_, { urgency }, request, operation) => {
    asked.push({ request, operation, urgency });
    return (await answer(operation)) as undefined;
  };
  const { started, spawn } = workers({ index }, ...later.map((script) => ({ index, ...script })));
  const m3 = await M3.load("fake", { worker: spawn, baseUrl: "https://site.example/", abortGraceMs: 600_000 });
  return { m3, started, asked, index: await m3.openIndex("help", { storage: "memory", colbert: "bits", passageTokens: 100 }) };
}

describe("an index on the main thread", () => {
  it("sends what it is asked with the name, the shape and a handle of its own", async () => {
    const { m3, asked, index } = await opened(({ kind }) => (kind === "remove" ? 1 : undefined));
    const filter = { lang: "en", year: { min: 2000 }, tag: { in: ["a"] } };
    await index.add([document]);
    await index.update([{ ...document, title: "t", url: "u", fields: { lang: "en", tags: ["a", "b"], year: 1, draft: false } }]);
    expect(await index.remove(["a"])).toBe(1);
    await index.search("question", { limit: 0, weights: "long", fusion: "rrf", filter, explain: true });
    await index.get([]);
    await index.info();
    await index.optimize();
    await index.close();
    await index.close();
    expect(asked.map(({ operation, urgency }) => `${operation.kind} ${urgency}`)).toEqual([
      "open query",
      "add corpus",
      "update corpus",
      "remove query",
      "search query",
      "get query",
      "info query",
      "optimize query",
      "close query",
    ]);
    const { request } = asked[0]!;
    expect(request).toMatchObject({ name: "help", storage: "memory", shape: { colbert: "bits", passageTokens: 100 } });
    expect(new Set(asked.map((one) => one.request.handle)).size).toBe(1);
    expect(asked[4]!.operation).toEqual({ kind: "search", query: "question", options: { limit: 0, weights: "long", fusion: "rrf", filter, explain: true } });
    const [first, second] = asked.slice(1, 3).map(({ operation }) => (operation as { readonly key: string }).key);
    expect(first).not.toBe(second);
    const other = await m3.openIndex("other");
    expect(asked.at(-1)!.request).toMatchObject({ name: "other", storage: "persistent" });
    expect(asked.at(-1)!.request.handle).not.toBe(request.handle);
    await other.close();
    await m3.dispose();
  });

  it("sends an addition again with the same key when its worker was lost", async () => {
    let lose = true;
    const { m3, started, asked, index } = await opened(({ kind }) => (kind === "add" && lose ? never() : undefined), {});
    const adding = index.add([document]);
    await vi.waitFor(() => expect(asked).toHaveLength(2), { interval: 1 });
    lose = false;
    started[0]!.die("Uncaught");
    await adding;
    expect(started).toHaveLength(2);
    expect(asked[2]).toEqual(asked[1]);
    await m3.dispose();
  });

  it("passes on what the worker throws, with its class", async () => {
    const { m3, index } = await opened(({ kind }) => (kind === "info" ? Promise.reject(new WorkerLostError("it was in its memory.")) : undefined));
    await expect(index.info()).rejects.toMatchObject({ code: "worker-lost", name: "WorkerLostError" });
    await m3.dispose();
  });

  it("rejects at once when it is aborted, closed, or its model disposed of", async () => {
    const { m3, started, index } = await opened(({ kind }) => (kind === "add" ? never() : undefined));
    const controller = new AbortController();
    const reason = new Error("stop");
    const adding = index.add([document], { signal: controller.signal });
    controller.abort(reason);
    await expect(adding).rejects.toBe(reason);
    await expect(index.search("late", { signal: controller.signal })).rejects.toBe(reason);
    await vi.waitFor(() => expect(started[0]!.cancelled).toHaveLength(1), { interval: 1 });
    const other = await m3.openIndex("other");
    await index.close();
    for (const call of [() => index.add([document]), () => index.search("x"), () => index.remove(["a"]), () => index.get(["a"]), () => index.info()])
      await expect(call()).rejects.toMatchObject({ code: "disposed", fields: { what: "index" } });
    await m3.dispose();
    await expect(other.search("x")).rejects.toMatchObject({ code: "disposed", fields: { what: "model" } });
    await other.close();
    await expect(m3.openIndex("help")).rejects.toMatchObject({ code: "disposed" });
  });

  it("lists and removes", async () => {
    const { m3, started } = await opened();
    expect(await m3.listIndexes()).toEqual(["help"]);
    await m3.removeIndex("help");
    expect(started[0]!.removed).toEqual(["help"]);
    await expect(m3.removeIndex(wrong("../x"))).rejects.toEqual(invalid("name"));
    await m3.dispose();
  });

  it.each<[string, unknown, unknown]>([
    ["name", "", {}],
    ["name", "a/b", {}],
    ["name", 7, {}],
    ["options.storage", "a", { storage: "auto" }],
    ["options.colbert", "a", { colbert: true }],
    ["options.pooling", "a", { pooling: 0.5 }],
    ["options.bm25", "a", { bm25: "yes" }],
    ["options.passageTokens", "a", { passageTokens: 0 }],
    ["options.overlapTokens", "a", { overlapTokens: -1 }],
    ["options.store", "a", { store: "memory" }],
    ["options", "a", null],
  ])("refuses to open with a wrong %s", async (path, name, options) => {
    const { m3, asked } = await opened();
    await expect(m3.openIndex(wrong(name), wrong(options))).rejects.toEqual(invalid(path));
    expect(asked).toHaveLength(1);
    await m3.dispose();
  });

  it("refuses documents, ids, questions and options that are wrong, and sends nothing", async () => {
    const { m3, asked, index } = await opened();
    const cases: [string, () => Promise<unknown>][] = [
      ["documents", () => index.add(wrong(document))],
      ["documents[1]", () => index.add([document, wrong(null)])],
      ["documents[0].id", () => index.add([{ ...document, id: "" }])],
      ["documents[0].id", () => index.update([{ ...document, id: wrong(7) }])],
      ["documents[0].text", () => index.add([{ ...document, text: wrong(undefined) }])],
      ["documents[0].title", () => index.add([{ ...document, title: wrong(1) }])],
      ["documents[0].body", () => index.add([wrong({ ...document, body: "x" })])],
      ["documents[0].fields", () => index.add([{ ...document, fields: wrong([]) }])],
      ["documents[0].fields.f", () => index.add([{ ...document, fields: { f: wrong(() => 1) } }])],
      ["documents[0].fields.f", () => index.add([{ ...document, fields: { f: Number.NaN } }])],
      ["documents[0].fields.f", () => index.add([{ ...document, fields: { f: wrong(["a", 1]) } }])],
      ["options.onprogress", () => index.add([document], wrong({ onprogress: () => {} }))],
      ["ids", () => index.remove(wrong("a"))],
      ["ids", () => index.get(wrong([""]))],
      ["query", () => index.search(wrong(undefined))],
      ["options.limit", () => index.search("x", { limit: -1 })],
      ["options.limit", () => index.search("x", { limit: 1.5 })],
      ["options.weights", () => index.search("x", { weights: [0, 0, 0] })],
      ["options.weights", () => index.search("x", { weights: wrong([1, 1]) })],
      ["options.fusion", () => index.search("x", { fusion: wrong("sum") })],
      ["options.filter", () => index.search("x", { filter: wrong([]) })],
      ["options.filter.f", () => index.search("x", { filter: { f: wrong(() => true) } })],
      ["options.filter.f", () => index.search("x", { filter: { f: wrong({ from: 1 }) } })],
      ["options.candidates", () => index.search("x", { candidates: 0 })],
      ["options.explain", () => index.search("x", { explain: wrong(1) })],
      ["options.signal", () => index.search("x", { signal: wrong({}) })],
    ];
    for (const [path, call] of cases) await expect(call(), path).rejects.toEqual(invalid(path));
    expect(asked).toHaveLength(1);
    await m3.dispose();
  });
});
