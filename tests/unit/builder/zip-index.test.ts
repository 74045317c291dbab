import { describe, expect, it } from "vitest";
import { ZipIndex } from "#builder/torch/zip-index.ts";
import { memorySource } from "./memory-folder.ts";

const ESCAPE = 0xffffffff;

function little(size: 2 | 4 | 8, ...values: number[]): number[] {
  return values.flatMap((value) => Array.from({ length: size }, (_, byte) => Math.floor(value / 2 ** (8 * byte)) % 256));
}

/** An archive of one stored member, with 64-bit fields if wanted, and whatever stands before and after it. */
function archive({ zip64 = false, comment = "", padding = 0, method = 0 } = {}): Uint8Array<ArrayBuffer> {
  const name = [...new TextEncoder().encode("a/data.pkl")];
  const data = [1, 2, 3, 4, 5];
  const before = Array<number>(7).fill(0xee);
  const local = [...little(4, 0x04034b50), ...Array(22).fill(0), ...little(2, name.length, padding), ...name, ...Array(padding).fill(0), ...data];
  const extra = zip64 ? [...little(2, 0x5455, 1), 9, ...little(2, 1, 24), ...little(8, data.length, data.length, before.length)] : [];
  const central = [
    ...little(4, 0x02014b50),
    ...Array(6).fill(0),
    ...little(2, method),
    ...Array(8).fill(0),
    ...little(4, zip64 ? ESCAPE : data.length, zip64 ? ESCAPE : data.length),
    ...little(2, name.length, extra.length, 3),
    ...Array(8).fill(0),
    ...little(4, zip64 ? ESCAPE : before.length),
    ...name,
    ...extra,
    ...[1, 2, 3],
  ];
  const start = before.length + local.length;
  const end64 = zip64
    ? [
        ...little(4, 0x06064b50),
        ...little(8, 44),
        ...Array(12).fill(0),
        ...little(8, 1, 1, central.length, start),
        ...little(4, 0x07064b50, 0),
        ...little(8, start + central.length),
        ...little(4, 1),
      ]
    : [];
  const end = [
    ...little(4, 0x06054b50),
    ...Array(6).fill(0),
    ...little(2, zip64 ? 0xffff : 1),
    ...little(4, zip64 ? ESCAPE : central.length, zip64 ? ESCAPE : start),
  ];
  return new Uint8Array([...before, ...local, ...central, ...end64, ...end, ...little(2, comment.length), ...new TextEncoder().encode(comment)]);
}

const open = (bytes: Uint8Array<ArrayBuffer>) => ZipIndex.open(memorySource({ "x.bin": bytes }), "x.bin");

describe("ZipIndex", () => {
  it.each([
    ["a plain archive", {}],
    ["64-bit sizes and offsets", { zip64: true }],
    ["a comment at its end", { comment: "saved on a Monday" }],
    ["padding before the data, as PyTorch aligns it", { padding: 37 }],
  ])("finds the member of %s", async (_, options) => {
    const zip = await open(archive(options));
    expect(zip.names()).toEqual(["a/data.pkl"]);
    expect(zip.size("a/data.pkl")).toBe(5);
    expect([...(await zip.read("a/data.pkl"))]).toEqual([1, 2, 3, 4, 5]);
  });

  it("says which record is missing", async () => {
    const zip = await open(archive());
    expect(zip.size("a/data/0")).toBeUndefined();
    await expect(zip.read("a/data/0")).rejects.toMatchObject({ code: "invalid-checkpoint", message: expect.stringContaining('no record "a/data/0"') });
  });

  it("refuses compressed members and truncated archives", async () => {
    await expect(open(archive({ method: 8 }))).rejects.toMatchObject({ code: "invalid-checkpoint", message: expect.stringContaining("compressed") });
    for (const options of [{}, { zip64: true }]) {
      const bytes = archive(options);
      for (let length = 0; length < bytes.length; length++) {
        await expect(open(bytes.slice(0, length)), `${length} bytes`).rejects.toMatchObject({ code: "invalid-checkpoint" });
      }
    }
  });
});
