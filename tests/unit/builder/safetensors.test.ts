import { describe, expect, it } from "vitest";
import { readFloatRows } from "#builder/checkpoint-tensor.ts";
import { readSafetensors } from "#builder/safetensors-reader.ts";
import { writeSafetensors } from "#core/safetensors.ts";
import { floats, halves, memorySource } from "./memory-folder.ts";

const open = (bytes: Uint8Array<ArrayBuffer>) => readSafetensors(memorySource({ "x.safetensors": bytes }), "x.safetensors");

/** A file with any header, right or wrong, and so many bytes of data. */
function fileWith(header: string, dataBytes: number, headerBytes = header.length): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(8 + header.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerBytes), true);
  bytes.set(new TextEncoder().encode(header), 8);
  return bytes;
}

const tensorFile = (entry: object, dataBytes: number) => fileWith(JSON.stringify({ t: entry }), dataBytes);

describe("writeSafetensors and readSafetensors", () => {
  const tensors = [floats("a", [2, 3], [1, 2, 3, 4, 5, 6]), halves("b", [2], [0x3c00, 0xc000])];

  it("give back what was written", async () => {
    const read = await open(writeSafetensors(tensors).bytes);
    expect(read.map(({ name, dtype, shape }) => [name, dtype, shape])).toEqual([
      ["a", "F32", [2, 3]],
      ["b", "F16", [2]],
    ]);
    expect([...(await readFloatRows(read[0]!, 1, 1))]).toEqual([4, 5, 6]);
    expect([...(await readFloatRows(read[1]!, 0, 2))]).toEqual([1, -2]);
  });

  it("begin the data at the alignment asked for, with JSON and spaces before it", () => {
    const { bytes, offsets } = writeSafetensors(tensors, 256);
    expect(offsets).toEqual([256, 280]);
    expect(bytes.length).toBe(284);
    expect(JSON.parse(new TextDecoder().decode(bytes.subarray(8, 256)))).toMatchObject({ b: { data_offsets: [24, 28] } });
  });

  it("refuse to write bytes that are not the shape, and a name twice", () => {
    expect(() => writeSafetensors([{ ...tensors[0]!, shape: [2, 2] }])).toThrow("24 bytes are not F32 [2,2]");
    expect(() => writeSafetensors([tensors[0]!, tensors[0]!])).toThrow("there twice");
  });
});

describe("readSafetensors", () => {
  const F32_2 = { dtype: "F32", shape: [2], data_offsets: [0, 8] };

  it("reads F32, F16, BF16 and F64 as the same numbers", async () => {
    const bits: [string, number[]][] = [
      ["F32", [0x3fc00000, 0xc0000000]],
      ["F64", [0, 0x3ff80000, 0, 0xc0000000]],
    ];
    for (const [dtype, words] of bits) {
      const file = tensorFile({ dtype, shape: [2], data_offsets: [0, words.length * 4] }, words.length * 4);
      file.set(new Uint8Array(Uint32Array.from(words).buffer), file.length - words.length * 4);
      expect([...(await readFloatRows((await open(file))[0]!, 0, 2))], dtype).toEqual([1.5, -2]);
    }
    for (const [dtype, halfWords] of [
      ["F16", [0x3e00, 0xc000]],
      ["BF16", [0x3fc0, 0xc000]],
    ] as const) {
      const file = tensorFile({ dtype, shape: [2], data_offsets: [0, 4] }, 4);
      file.set(new Uint8Array(Uint16Array.from(halfWords).buffer), file.length - 4);
      expect([...(await readFloatRows((await open(file))[0]!, 0, 2))], dtype).toEqual([1.5, -2]);
    }
  });

  it("passes over metadata and reads empty tensors and scalars", async () => {
    const file = fileWith(
      JSON.stringify({
        __metadata__: { format: "pt" },
        s: { dtype: "F32", shape: [], data_offsets: [0, 4] },
        e: { dtype: "F32", shape: [0, 4], data_offsets: [4, 4] },
      }),
      4,
    );
    expect((await open(file)).map(({ name }) => name)).toEqual(["s", "e"]);
  });

  it.each<[string, Uint8Array<ArrayBuffer>, string]>([
    ["an empty file", new Uint8Array(0), "only 0 bytes"],
    ["a file cut in its header", tensorFile(F32_2, 8).slice(0, 30), "its header would take"],
    ["a file cut in its data", tensorFile(F32_2, 7), "inside the 7 bytes of data"],
    ["a header of absurd length", fileWith("{}", 0, 2 ** 40), "its header would take"],
    ["a header that is not JSON", fileWith("{oops", 0), "not JSON"],
    ["a header that is a list", fileWith("[]", 0), "must be an object"],
    ["an unknown type", tensorFile({ ...F32_2, dtype: "F13" }, 8), "dtype"],
    ["a negative size", tensorFile({ ...F32_2, shape: [-2] }, 8), "shape"],
    ["offsets the wrong way round", tensorFile({ ...F32_2, data_offsets: [8, 0] }, 8), "two byte offsets in order"],
    ["offsets that are missing", tensorFile({ dtype: "F32", shape: [2] }, 8), "data_offsets"],
    ["more bytes than the shape takes", tensorFile({ ...F32_2, data_offsets: [0, 12] }, 12), "8 bytes apart for F32 [2]"],
  ])("refuses %s", async (_, bytes, message) => {
    await expect(open(bytes)).rejects.toMatchObject({ code: "invalid-checkpoint", message: expect.stringContaining(message) });
  });
});
