/** What every byte store must do. Each adapter's test calls `describeByteStore`; the adapters' own tests hold only what is special about them. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ByteStore, readBlob, readRanges, writeBlob } from "#core/byte-store.ts";

export interface StoreUnderTest {
  readonly store: ByteStore;
  /** A second connection to the same bytes, as another tab has it; a store that lives in one object gives itself. */
  again(): Promise<ByteStore>;
  destroy?(): Promise<void>;
}

const text = (value: string) => new TextEncoder().encode(value);

/** Bytes that differ at every position of a 64 KiB grid. */
function pattern(length: number, seed = 1): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let index = 0; index < length; index++) bytes[index] = (index * 31 + (index >> 8) * 17 + (index >> 16) * 7 + seed) & 255;
  return bytes;
}

/** As `toEqual`, which takes minutes for megabytes. */
function expectBytes(actual: Uint8Array, expected: Uint8Array, what?: string): void {
  expect(actual.length, what).toBe(expected.length);
  const wrong = actual.findIndex((byte, index) => byte !== expected[index]);
  expect(wrong, `${what ?? "bytes"}: first wrong byte`).toBe(-1);
}

const code = (code: string) => expect.objectContaining({ code });

export function describeByteStore(kind: string, open: () => Promise<StoreUnderTest>): void {
  describe(`${kind} as a byte store`, () => {
    let subject: StoreUnderTest;
    let store: ByteStore;

    beforeEach(async () => {
      subject = await open();
      store = subject.store;
    });

    afterEach(async () => {
      store.close();
      await subject.destroy?.();
    });

    it("says what it is", () => {
      expect(store.kind).toBe(kind);
    });

    it("has nothing at first", async () => {
      expect(await store.list()).toEqual([]);
      expect(await store.size("a")).toBeUndefined();
      await expect(store.open("a")).rejects.toEqual(code("missing-blob"));
    });

    it("gives back what was written", async () => {
      await writeBlob(store, "a", text("hello"));
      expect(await readBlob(store, "a")).toEqual(text("hello"));
      expect(await store.size("a")).toBe(5);
    });

    it("holds an empty blob", async () => {
      await writeBlob(store, "empty", new Uint8Array());
      expect(await store.size("empty")).toBe(0);
      expect(await readBlob(store, "empty")).toEqual(new Uint8Array());
    });

    it("joins chunks of uneven sizes", async () => {
      const whole = pattern(300_001);
      const writer = await store.create("chunks");
      const cuts = [0, 1, 1, 65_535, 65_536, 131_073, 200_000, 300_001];
      for (const [index, cut] of cuts.slice(1).entries()) await writer.append(whole.subarray(cuts[index], cut));
      expect(writer.bytes).toBe(whole.length);
      await writer.commit();
      expectBytes(await readBlob(store, "chunks"), whole);
    });

    it("takes a chunk larger than many of its own records", async () => {
      const whole = pattern(9 * 1024 * 1024 + 5);
      await writeBlob(store, "large", whole);
      expectBytes(await readBlob(store, "large"), whole);
    });

    it("lets the caller reuse a chunk after append", async () => {
      const writer = await store.create("a");
      const chunk = text("one,");
      await writer.append(chunk);
      chunk.set(text("two!"));
      await writer.append(chunk);
      chunk.fill(0);
      await writer.commit();
      expect(await readBlob(store, "a")).toEqual(text("one,two!"));
    });

    it("reads ranges, also across 64 KiB borders", async () => {
      const whole = pattern(200_000);
      await writeBlob(store, "a", whole);
      const reader = await store.open("a");
      expect(reader.bytes).toBe(whole.length);
      for (const [offset, length] of [
        [0, 1],
        [65_535, 2],
        [65_536, 65_536],
        [1, 199_999],
        [199_999, 1],
        [200_000, 0],
        [70_000, 0],
      ] as const) {
        expectBytes(await reader.read(offset, length), whole.subarray(offset, offset + length), `${offset}+${length}`);
      }
      expectBytes(await reader.read(150_000), whole.subarray(150_000));
      reader.close();
    });

    it("reads many ranges at once, few or lots of them, and refuses those outside", async () => {
      const whole = pattern(400_000);
      await writeBlob(store, "a", whole);
      const reader = await store.open("a");
      for (const count of [0, 1, 5, 200]) {
        const ranges = Array.from({ length: count }, (_, index) => ({
          offset: (index * 7919) % 380_000,
          length: index === 3 ? 0 : 1 + ((index * 131) % 20_000),
        }));
        const parts = await readRanges(reader, ranges);
        expect(parts.length).toBe(count);
        for (const [index, { offset, length }] of ranges.entries())
          expectBytes(parts[index]!, whole.subarray(offset, offset + length), `range ${index} of ${count}`);
      }
      const outside = Array.from({ length: 20 }, (_, index) => ({ offset: 399_990, length: index }));
      await expect(readRanges(reader, outside)).rejects.toEqual(code("invalid-input"));
      reader.close();
    });

    it("never gives many ranges of a later version", async () => {
      const ranges = Array.from({ length: 30 }, (_, index) => ({ offset: index * 1000, length: 1000 }));
      await writeBlob(store, "a", pattern(30_000, 1));
      const reader = await store.open("a");
      await writeBlob(store, "a", pattern(30_000, 2));
      await readRanges(reader, ranges).then(
        (parts) => expectBytes(parts[7]!, pattern(30_000, 1).subarray(7000, 8000)),
        (error) => expect(error).toEqual(code("missing-blob")),
      );
      reader.close();
    });

    it("writes while others read many ranges", async () => {
      const ranges = Array.from({ length: 100 }, (_, index) => ({ offset: index * 1000, length: 1000 }));
      await writeBlob(store, "a", pattern(100_000, 1));
      const readers = await Promise.all(Array.from({ length: 4 }, () => store.open("a")));
      const reading = readers.map((reader) => readRanges(reader, ranges).catch((error: unknown) => error));
      await writeBlob(store, "a", pattern(100_000, 2));
      for (const result of await Promise.all(reading)) {
        if (Array.isArray(result)) expectBytes(result[99], pattern(100_000, 1).subarray(99_000));
        else expect(result).toEqual(code("missing-blob"));
      }
      expectBytes(await readBlob(store, "a"), pattern(100_000, 2));
    });

    it("gives copies that belong to the caller", async () => {
      await writeBlob(store, "a", text("hello"));
      const reader = await store.open("a");
      (await reader.read()).fill(0);
      (await reader.read(1, 2)).fill(0);
      expect(await reader.read()).toEqual(text("hello"));
    });

    it("refuses ranges outside the blob", async () => {
      await writeBlob(store, "a", text("hello"));
      const reader = await store.open("a");
      for (const [offset, length] of [
        [-1, 1],
        [0, 6],
        [5, 1],
        [6, 0],
        [0.5, 1],
        [0, -1],
        [0, Number.NaN],
      ] as const) {
        await expect(reader.read(offset, length), `${offset}+${length}`).rejects.toEqual(code("invalid-input"));
      }
    });

    it("shows nothing of a blob before it is committed", async () => {
      const writer = await store.create("a");
      await writer.append(pattern(100_000));
      expect(await store.size("a")).toBeUndefined();
      expect(await store.list()).toEqual([]);
      await expect(store.open("a")).rejects.toEqual(code("missing-blob"));
      await writer.commit();
      expect(await store.size("a")).toBe(100_000);
    });

    it("keeps the earlier blob until the later one is committed", async () => {
      await writeBlob(store, "a", text("first"));
      const writer = await store.create("a");
      await writer.append(text("second version"));
      expect(await readBlob(store, "a")).toEqual(text("first"));
      await writer.commit();
      expect(await readBlob(store, "a")).toEqual(text("second version"));
      expect(await store.list()).toEqual([{ name: "a", bytes: 14 }]);
    });

    it("keeps the earlier blob when the later one is aborted", async () => {
      await writeBlob(store, "a", text("first"));
      const writer = await store.create("a");
      await writer.append(text("second"));
      await writer.abort();
      expect(await readBlob(store, "a")).toEqual(text("first"));
      expect(await store.list()).toEqual([{ name: "a", bytes: 5 }]);
    });

    it("replaces a longer blob by a shorter one", async () => {
      await writeBlob(store, "a", pattern(200_000));
      await writeBlob(store, "a", text("short"));
      expect(await readBlob(store, "a")).toEqual(text("short"));
    });

    it("refuses a writer that has ended", async () => {
      const committed = await store.create("a");
      await committed.commit();
      await expect(committed.append(text("x"))).rejects.toEqual(code("disposed"));
      await expect(committed.commit()).rejects.toEqual(code("disposed"));
      await committed.abort();
      expect(await store.size("a")).toBe(0);

      const aborted = await store.create("b");
      await aborted.abort();
      await aborted.abort();
      await expect(aborted.append(text("x"))).rejects.toEqual(code("disposed"));
      await expect(aborted.commit()).rejects.toEqual(code("disposed"));
    });

    it("lists by prefix, in order", async () => {
      for (const name of ["b", "a10", "a2", "a", "c.x", "a-1"]) await writeBlob(store, name, text(name));
      expect((await store.list()).map(({ name }) => name)).toEqual(["a", "a-1", "a10", "a2", "b", "c.x"]);
      expect(await store.list("a1")).toEqual([{ name: "a10", bytes: 3 }]);
      expect(await store.list("z")).toEqual([]);
    });

    it("removes, and forgives removing what is not there", async () => {
      await writeBlob(store, "a", text("hello"));
      await store.remove("a");
      await store.remove("a");
      expect(await store.size("a")).toBeUndefined();
      expect(await store.list()).toEqual([]);
      await writeBlob(store, "a", text("again"));
      expect(await readBlob(store, "a")).toEqual(text("again"));
    });

    it("never gives a reader bytes of a later version", async () => {
      await writeBlob(store, "a", text("aaaaa"));
      const reader = await store.open("a");
      await writeBlob(store, "a", text("bbbbb"));
      await reader.read().then(
        (bytes) => expect(bytes).toEqual(text("aaaaa")),
        (error) => expect(error).toEqual(code("missing-blob")),
      );
      reader.close();

      const another = await store.open("a");
      await store.remove("a");
      await another.read().then(
        (bytes) => expect(bytes).toEqual(text("bbbbb")),
        (error) => expect(error).toEqual(code("missing-blob")),
      );
    });

    it("keeps blobs apart that are written at the same time", async () => {
      const names = Array.from({ length: 12 }, (_, index) => `blob-${index}`);
      await Promise.all(names.map((name, index) => writeBlob(store, name, pattern(70_000 + index, index))));
      for (const [index, name] of names.entries()) expectBytes(await readBlob(store, name), pattern(70_000 + index, index), name);
    });

    it("ends with one whole version when two writers commit to one name", async () => {
      const versions = [pattern(100_000, 1), pattern(150_000, 2)];
      await Promise.all(versions.map((version) => writeBlob(store, "a", version)));
      const stored = await readBlob(store, "a");
      const version = versions.find(({ length }) => length === stored.length);
      expectBytes(stored, version ?? new Uint8Array());
    });

    it("refuses names that are not blob names", async () => {
      for (const name of ["", "A", "~a", ".a", "a/b", "../a", "a b", "ä", "a".repeat(129)]) {
        await expect(store.create(name), name).rejects.toEqual(code("invalid-input"));
        await expect(store.open(name), name).rejects.toEqual(code("invalid-input"));
        await expect(store.size(name), name).rejects.toEqual(code("invalid-input"));
        await expect(store.remove(name), name).rejects.toEqual(code("invalid-input"));
      }
      await writeBlob(store, "a".repeat(128), text("long"));
      expect(await readBlob(store, "a".repeat(128))).toEqual(text("long"));
    });

    it("shows a second connection what the first one committed", async () => {
      await writeBlob(store, "a", text("hello"));
      const second = await subject.again();
      expect(await readBlob(second, "a")).toEqual(text("hello"));
      await writeBlob(second, "a", text("changed"));
      expect(await readBlob(store, "a")).toEqual(text("changed"));
      second.close();
    });
  });
}
