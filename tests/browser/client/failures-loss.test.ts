/** Devices and workers that are lost while they work: the calls at hand are made again, once, and give what they would have given. */
import { afterEach, expect, it } from "vitest";
import { type LoadOptions, M3, type ProgressEvent } from "../../../src/index.ts";
import { sabotagedWorkers } from "./saboteur.ts";

const base = { baseUrl: "/", threads: 1, storage: "memory" } as const;
const TEXTS = ["one", "two words", "three little words", "and four of them", "How do I print a page on both sides of the paper?"];

/** WebGPU is software here. */
const SHALLOW = "/faulty-models/shallow/";

const models: M3[] = [];
afterEach(async () => {
  for (const m3 of models.splice(0)) await m3.dispose();
});

async function load(options: Partial<LoadOptions>, model = "m3-mini") {
  const saboteur = sabotagedWorkers();
  const m3 = await M3.load(model, { ...base, ...options, worker: saboteur.worker });
  models.push(m3);
  return { m3, ...saboteur };
}

const encode = (m3: M3) => m3.encode(TEXTS, { returnSparse: true, returnColbertVecs: true });

it("a GPU device that is destroyed during a run is opened again, in the same worker", async () => {
  const { m3, started, order } = await load({ device: "webgpu" }, SHALLOW);
  const before = await encode(m3);
  await order("destroy-device");
  expect(await encode(m3)).toEqual(before);
  expect(started).toHaveLength(1);
  expect(m3.device.backend).toBe("webgpu");
  expect(await encode(m3)).toEqual(before);
});

it("a worker that ends without an event during a run is noticed and replaced; each call is answered once, and a list has each text once", async () => {
  const { m3, started, kill } = await load({ device: "wasm" });
  const before = await encode(m3);
  let answers = 0;
  const count = <T>(value: T): T => {
    answers++;
    return value;
  };
  // The first batch is done when the worker ends, others are not.
  const events: ProgressEvent[] = [];
  const onProgress = (event: ProgressEvent) => {
    events.push(event);
    if (event.loaded > 0 && started.length === 1) kill();
  };
  const list = m3.encode(TEXTS, { returnSparse: true, returnColbertVecs: true, onProgress }).then(count);
  const query = m3.encodeQueries(TEXTS[0]!).then(count);
  expect(await list).toEqual(before);
  await query;
  expect(started).toHaveLength(2);
  expect(answers).toBe(2);
  expect(events.at(-1)).toMatchObject({ phase: "encode", loaded: events.at(-1)!.total });
});

it("a worker that ends while nobody waits is replaced at the next call", async () => {
  const { m3, started, kill } = await load({ device: "wasm" });
  const before = await m3.encode("text");
  kill();
  expect(await m3.encode("text")).toEqual(before);
  expect(started).toHaveLength(2);
});

it("a worker that gets no more memory makes its batches smaller, or gives way to one that does", async () => {
  const { m3, order } = await load({ device: "wasm" });
  const texts = Array.from({ length: 16 }, (_, index) => `number ${index % 10} `.repeat(20));
  const alone = await m3.encode(texts[3]!);
  await order("no-more-memory");
  const { denseVecs } = await m3.encode(texts);
  expect(denseVecs).toHaveLength(16);
  expect(denseVecs![3]).toEqual(alone.denseVecs);
  expect(denseVecs![13]).toEqual(alone.denseVecs);
});
