import { describe, expect, it } from "vitest";
import { numberToFloat16 } from "#core/float16.ts";
import { pageTensorName } from "#core/tensor-layout.ts";
import type { StoredTensor } from "#core/tensor-source.ts";
import { EmbeddingTable } from "#encoder/embedding-table.ts";
import { readRows } from "#encoder/stored-rows.ts";
import { fakeManifest, fakeTensors, HIDDEN, positionValue, wordValue } from "./fake-model.ts";

const expectedRow = (id: number, place: number) =>
  Array.from({ length: HIDDEN }, (_, column) => wordValue(id, column) + positionValue(2 + place, column) + 0.25);

function expectRow(rows: Float32Array, token: number, expected: number[]) {
  const row = rows.subarray(token * HIDDEN, (token + 1) * HIDDEN);
  for (const [column, value] of expected.entries()) expect(row[column]).toBeCloseTo(value, 5);
}

describe("EmbeddingTable", () => {
  it("adds word, position and type row; positions begin at the offset, anew with each text", async () => {
    const manifest = fakeManifest();
    const table = new EmbeddingTable(manifest, fakeTensors(manifest));
    const rows = await table.gather([Int32Array.of(0, 555, 2), Int32Array.of(0, 999)]);
    expect(rows).toHaveLength(5 * HIDDEN);
    expectRow(rows, 1, expectedRow(555, 1));
    expectRow(rows, 2, expectedRow(2, 2));
    expectRow(rows, 3, expectedRow(0, 0));
    expectRow(rows, 4, expectedRow(999, 1));
  });

  it("grows with longer texts", async () => {
    const manifest = fakeManifest();
    const table = new EmbeddingTable(manifest, fakeTensors(manifest));
    await table.gather([Int32Array.of(5)]);
    const rows = await table.gather([new Int32Array(600).fill(9)]);
    expectRow(rows, 599, expectedRow(9, 599));
    expectRow(await table.gather([Int32Array.of(5, 6)]), 1, expectedRow(6, 1));
  });

  it("reads a page when a token needs it, once for all who ask, and not again", async () => {
    const reads: string[] = [];
    const manifest = fakeManifest();
    const tensors = fakeTensors(manifest, (name) => void reads.push(name));
    const table = new EmbeddingTable(manifest, tensors);
    await Promise.all([table.gather([Int32Array.of(150, 151, 420)]), table.gather([Int32Array.of(420, 199)])]);
    await table.gather([Int32Array.of(100)]);
    expect(reads.filter((name) => name.startsWith("page")).sort()).toEqual([pageTensorName(1, ""), pageTensorName(4, "")]);
    expect(reads).toHaveLength(4);
    expect(table.pagesRead).toBe(2);
  });

  it("reads pages ahead, once for those that prefetch and those that need them", async () => {
    const waiting: (() => void)[] = [];
    const reads: string[] = [];
    const manifest = fakeManifest();
    const tensors = fakeTensors(manifest, (name) => {
      if (!name.startsWith("page")) return;
      reads.push(name);
      return new Promise((resolve) => waiting.push(resolve));
    });
    const table = new EmbeddingTable(manifest, tensors);
    const prefetched = table.prefetch([0, 1, 2]);
    const gathered = table.gather([Int32Array.of(150)]);
    await expect.poll(() => waiting.length).toBe(3);
    for (const go of waiting) go();
    await Promise.all([prefetched, gathered]);
    await table.prefetch([2, 1]);
    expect(reads.toSorted()).toEqual([0, 1, 2].map((page) => pageTensorName(page, "")));
  });

  it("asks for all pages of a batch at once", async () => {
    const waiting: (() => void)[] = [];
    const manifest = fakeManifest();
    const tensors = fakeTensors(manifest, () => new Promise((resolve) => waiting.push(resolve)));
    const gathered = new EmbeddingTable(manifest, tensors).gather([Int32Array.of(5, 105, 205)]);
    await expect.poll(() => waiting.length).toBe(5);
    for (const go of waiting) go();
    expect(await gathered).toHaveLength(3 * HIDDEN);
  });

  it("forgets a failure, so that the next call may have more luck", async () => {
    let fails = true;
    const manifest = fakeManifest();
    const tensors = fakeTensors(manifest, () => {
      if (fails) throw new Error("the network is down");
    });
    const table = new EmbeddingTable(manifest, tensors);
    await expect(table.gather([Int32Array.of(5)])).rejects.toThrow("the network is down");
    fails = false;
    expect(await table.gather([Int32Array.of(5)])).toHaveLength(HIDDEN);
  });

  it("lets one caller give up while another waits for the same page", async () => {
    let arrive = () => {};
    const manifest = fakeManifest();
    const table = new EmbeddingTable(
      manifest,
      fakeTensors(manifest, (name) => (name.startsWith("page") ? new Promise<void>((resolve) => (arrive = resolve)) : undefined)),
    );
    const controller = new AbortController();
    const impatient = table.gather([Int32Array.of(5)], { signal: controller.signal });
    const patient = table.gather([Int32Array.of(5)]);
    controller.abort(new Error("enough"));
    await expect(impatient).rejects.toThrow("enough");
    arrive();
    expect(await patient).toHaveLength(HIDDEN);
  });

  it("reads again after release", async () => {
    let reads = 0;
    const manifest = fakeManifest();
    const table = new EmbeddingTable(
      manifest,
      fakeTensors(manifest, () => void reads++),
    );
    await table.gather([Int32Array.of(5)]);
    table.release();
    await table.gather([Int32Array.of(5)]);
    expect(reads).toBe(6);
  });

  it("refuses ids and texts beyond its tables", async () => {
    const manifest = fakeManifest();
    const table = new EmbeddingTable(manifest, fakeTensors(manifest));
    await expect(table.gather([Int32Array.of(1000)])).rejects.toMatchObject({ code: "invalid-manifest", fields: { id: 1000 } });
    await expect(table.gather([Int32Array.of(-1)])).rejects.toMatchObject({ code: "invalid-manifest" });
    await expect(table.gather([new Int32Array(601)])).rejects.toMatchObject({ code: "invalid-manifest" });
  });
});

describe("readRows", () => {
  const bytesOf = (values: ArrayBufferView<ArrayBuffer>) => new Uint8Array(values.buffer);
  const rowOf = async (encoding: Parameters<typeof readRows>[0], row: number, rows: number, width: number, tensors: Record<string, StoredTensor>) => {
    const matrix = await readRows(encoding, rows, width, async (suffix) => tensors[suffix]!);
    const target = new Float32Array(width + 1).fill(1);
    matrix.addRow(row, target, 1);
    expect(target[0]).toBe(1);
    return Array.from(target.subarray(1), (value) => value - 1);
  };

  it("reads float32, and float16 where float32 was said", async () => {
    const values = [0.5, -1, 2, 4];
    const stored = { dtype: "F32", shape: [2, 2], bytes: bytesOf(Float32Array.from(values)) } as const;
    expect(await rowOf({ kind: "float" }, 1, 2, 2, { "": stored })).toEqual([2, 4]);
    const halves = { dtype: "F16", shape: [2, 2], bytes: bytesOf(Uint16Array.from(values, numberToFloat16)) } as const;
    expect(await rowOf({ kind: "float" }, 0, 2, 2, { "": halves })).toEqual([0.5, -1]);
  });

  it("reads int8 with one scale per row", async () => {
    const tensors = {
      "": { dtype: "I8", shape: [2, 3], bytes: bytesOf(Int8Array.of(1, 2, 3, -128, 0, 127)) },
      ".scale": { dtype: "F32", shape: [2], bytes: bytesOf(Float32Array.of(1, 0.25)) },
    } as const;
    expect(await rowOf({ kind: "rows8" }, 1, 2, 3, tensors)).toEqual([-32, 0, 31.75]);
  });

  it("reads 4-bit blocks of 32, low nibble first, from any alignment", async () => {
    const width = 64;
    const nibbles = Array.from({ length: 2 * width }, (_, at) => (at * 7) % 16);
    const bytes = new Uint8Array(width + 1);
    for (let at = 0; at < width; at++) bytes[1 + at] = nibbles[2 * at]! | (nibbles[2 * at + 1]! << 4);
    const scales = [1, 0.5, 0.25, 2];
    const scaleBytes = new Uint8Array(9);
    scaleBytes.set(bytesOf(Uint16Array.from(scales, numberToFloat16)), 1);
    const tensors = {
      ".q4": { dtype: "U8", shape: [2, 32], bytes: bytes.subarray(1) },
      ".scale": { dtype: "F16", shape: [2, 2], bytes: scaleBytes.subarray(1) },
    } as const;
    const expected = nibbles.slice(width).map((nibble, column) => (nibble - 8) * scales[2 + (column >> 5)]!);
    expect(await rowOf({ kind: "blocks4", blockSize: 32 }, 1, 2, width, tensors)).toEqual(expected);
  });

  it("refuses tensors that are not what the encoding says", async () => {
    const stored = { dtype: "F32", shape: [2, 2], bytes: new Uint8Array(16) } as const;
    await expect(readRows({ kind: "float" }, 2, 3, async () => stored)).rejects.toMatchObject({ code: "invalid-manifest" });
    await expect(readRows({ kind: "float" }, 2, 2, async () => ({ ...stored, bytes: new Uint8Array(12) }))).rejects.toMatchObject({ code: "invalid-manifest" });
    await expect(readRows({ kind: "rows8" }, 2, 2, async () => stored)).rejects.toMatchObject({ code: "invalid-manifest" });
  });
});
