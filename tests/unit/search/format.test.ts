import { describe, expect, it } from "vitest";
import { readBlob, writeBlob } from "#core/byte-store.ts";
import { ByteCache } from "#search/format/byte-cache.ts";
import { xxh32 } from "#search/format/checksum.ts";
import { PagedSection } from "#search/format/pages.ts";
import { readRecords, sealRecord } from "#search/format/read-records.ts";
import { SectionFile, SectionWriter } from "#search/format/section-file.ts";
import { MemoryStore } from "#storage/memory.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const code = (value: string) => expect.objectContaining({ code: value });

describe("xxh32", () => {
  it("gives the published values", () => {
    expect(xxh32(bytes(""))).toBe(0x02cc5d05);
    expect(xxh32(bytes("a"))).toBe(0x550d7456);
    expect(xxh32(bytes("abc"))).toBe(0x32d153ff);
    expect(xxh32(bytes("Nobody inspects the spammish repetition"))).toBe(0xe2293b2f);
    expect(xxh32(bytes(""), 0x9e3779b1)).toBe(0x36b78ae7);
  });

  it("does not care where in a buffer the bytes lie", () => {
    const text = bytes("Nobody inspects the spammish repetition");
    const moved = new Uint8Array(100);
    moved.set(text, 7);
    expect(xxh32(moved.subarray(7, 7 + text.length))).toBe(0xe2293b2f);
  });
});

describe("a section file", () => {
  const write = async (store: MemoryStore, name = "file") => {
    const writer = await SectionWriter.create(store, name, "dense");
    await writer.section("one", bytes("first section"));
    await writer.begin("records");
    await writer.append(bytes("abc"));
    await writer.append(bytes("def"));
    await writer.section("empty", new Uint8Array());
    await writer.begin("large");
    for (let chunk = 0; chunk < 5; chunk++) await writer.append(new Uint8Array(300_000).fill(chunk));
    return await writer.finish({ count: 3, text: "ü" });
  };

  it("gives back sections and attributes, each section at a multiple of 16", async () => {
    const store = new MemoryStore();
    const size = await write(store);
    expect(await store.size("file")).toBe(size);
    const file = await SectionFile.open(store, "file", "dense");
    expect(file.attributes).toEqual({ count: 3, text: "ü" });
    expect(file.count("count")).toBe(3);
    expect(await file.readSection("one")).toEqual(bytes("first section"));
    expect(await file.readSection("records")).toEqual(bytes("abcdef"));
    expect(await file.readRange("records", 2, 3)).toEqual(bytes("cde"));
    expect(await file.readSection("empty")).toEqual(new Uint8Array());
    expect(file.sectionBytes("large")).toBe(1_500_000);
    expect((await file.readRange("large", 899_999, 2)).join()).toBe("2,3");
    const whole = await readBlob(store, "file");
    expect(new TextDecoder().decode(whole.subarray(0, 13))).toBe("first section");
    expect(new TextDecoder().decode(whole.subarray(16, 22))).toBe("abcdef");
    expect(new TextDecoder().decode(whole.subarray(-8))).toBe("M3WEBIDX");
  });

  it("tells what is wrong", async () => {
    const store = new MemoryStore();
    await write(store);
    await expect(SectionFile.open(store, "nothing", "dense")).rejects.toEqual(code("missing-blob"));
    await expect(SectionFile.open(store, "file", "lexical")).rejects.toEqual(code("corrupt-index"));
    const file = await SectionFile.open(store, "file", "dense");
    await expect(file.readSection("two")).rejects.toEqual(code("corrupt-index"));
    await expect(file.readRange("records", 4, 3)).rejects.toEqual(code("corrupt-index"));
    expect(() => file.count("text")).toThrow(code("corrupt-index"));
    expect(() => file.count("nothing")).toThrow(code("corrupt-index"));

    const whole = await readBlob(store, "file");
    const changed = async (change: (copy: Uint8Array<ArrayBuffer>) => Uint8Array) => {
      await writeBlob(store, "changed", change(whole.slice()));
      return SectionFile.open(store, "changed", "dense");
    };
    await expect(changed((copy) => copy.subarray(0, copy.length - 1))).rejects.toEqual(code("corrupt-index"));
    await expect(changed((copy) => copy.subarray(0, 10))).rejects.toEqual(code("corrupt-index"));
    await expect(changed(() => new Uint8Array())).rejects.toEqual(code("corrupt-index"));
    await expect(changed(() => bytes("<!doctype html><title>404</title><p>There is no such page."))).rejects.toEqual(code("corrupt-index"));
    const newer = await changed((copy) => {
      new DataView(copy.buffer).setUint16(copy.length - 10, 2, true);
      return copy;
    }).catch((error: unknown) => error);
    expect(newer).toEqual(code("newer-index"));
    expect(newer).toMatchObject({ fields: { version: 2, known: 1 } });
  });

  it("is not there when it is not finished", async () => {
    const store = new MemoryStore();
    const writer = await SectionWriter.create(store, "file", "dense");
    await writer.section("one", bytes("x"));
    await writer.abort();
    expect(await store.list()).toEqual([]);
  });

  it("reads a table that does not fit in the tail", async () => {
    const store = new MemoryStore();
    const writer = await SectionWriter.create(store, "file", "meta");
    const list = Array.from({ length: 2000 }, (_, index) => `entry ${index}`);
    await writer.finish({ list });
    expect((await SectionFile.open(store, "file", "meta")).attributes).toEqual({ list });
  });
});

describe("a paged section", () => {
  it("gives entries of any page, keeps a few pages, and notices damage in the page that is read", async () => {
    const store = new MemoryStore();
    const writer = await SectionWriter.create(store, "file", "documents");
    const entries = new Uint8Array(10_000);
    for (let index = 0; index < entries.length; index++) entries[index] = (index * 7) & 255;
    await writer.pagedSection("offsets", entries);
    await writer.finish({});
    const section = await PagedSection.open(await SectionFile.open(store, "file", "documents"), "offsets", 4096);
    for (const at of [0, 4092, 4096, 8192, 9996, 0]) expect((await section.entry(at, 4)).getUint8(0)).toBe((at * 7) & 255);
    await expect(section.entry(9998, 4)).rejects.toEqual(code("corrupt-index"));
    await expect(section.entry(12_288, 4)).rejects.toEqual(code("corrupt-index"));

    const whole = await readBlob(store, "file");
    whole[5000]! ^= 1;
    await writeBlob(store, "damaged", whole);
    const damaged = await PagedSection.open(await SectionFile.open(store, "damaged", "documents"), "offsets", 4096);
    expect((await damaged.entry(0, 4)).getUint8(0)).toBe(0);
    await expect(damaged.entry(8000, 4)).rejects.toEqual(code("corrupt-index"));
  });
});

describe("records", () => {
  it("are read together where they are neighbours, and checked one by one", async () => {
    const store = new MemoryStore();
    const writer = await SectionWriter.create(store, "file", "tokens");
    await writer.begin("records");
    const ranges: { offset: number; length: number }[] = [];
    let offset = 0;
    for (let record = 0; record < 50; record++) {
      const made = new Uint8Array(20 + record * 30).fill(record);
      sealRecord(made);
      await writer.append(made);
      ranges.push({ offset, length: made.length });
      offset += made.length;
    }
    await writer.finish({});
    const file = await SectionFile.open(store, "file", "tokens");
    const wanted = [49, 3, 4, 0, 20, 3];
    const records = await readRecords(
      file,
      "records",
      wanted.map((place) => ranges[place]!),
    );
    for (const [place, record] of records.entries())
      expect([record.length, record[0], record.at(-1)]).toEqual([16 + wanted[place]! * 30, wanted[place], wanted[place]]);
    expect(await readRecords(file, "records", [])).toEqual([]);
    await expect(readRecords(file, "records", [{ offset: 1, length: 20 }])).rejects.toEqual(code("corrupt-index"));
    await expect(readRecords(file, "records", [{ offset: 0, length: 2 }])).rejects.toEqual(code("corrupt-index"));
  });
});

describe("a byte cache", () => {
  it("drops what was used longest ago", () => {
    const cache = new ByteCache(100);
    for (const key of ["a", "b", "c"]) cache.set(key, new Uint8Array(30));
    expect(cache.get("a")?.length).toBe(30);
    cache.set("d", new Uint8Array(40));
    expect([cache.get("a")?.length, cache.get("b"), cache.get("c")?.length, cache.get("d")?.length, cache.bytes]).toEqual([30, undefined, 30, 40, 100]);
    cache.set("too large", new Uint8Array(101));
    expect([cache.get("too large"), cache.bytes]).toEqual([undefined, 100]);
    cache.set("a", new Uint8Array(1));
    expect(cache.bytes).toBe(71);
    cache.clear();
    expect([cache.get("a"), cache.bytes]).toEqual([undefined, 0]);
  });
});
