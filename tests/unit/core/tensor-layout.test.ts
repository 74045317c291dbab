import { describe, expect, it } from "vitest";
import { encodedParts, locateTensor, pageRows, pageTensorName } from "#core/tensor-layout.ts";
import { smallManifest } from "./small-manifest.ts";

describe("encodedParts", () => {
  it("lists values, then scales", () => {
    expect(encodedParts({ kind: "float" }, 3, 64)).toEqual([{ suffix: "", dtype: "F32", shape: [3, 64], bytes: 768 }]);
    expect(encodedParts({ kind: "rows8" }, 3, 64)).toEqual([
      { suffix: "", dtype: "I8", shape: [3, 64], bytes: 192 },
      { suffix: ".scale", dtype: "F32", shape: [3], bytes: 12 },
    ]);
    expect(encodedParts({ kind: "blocks4", blockSize: 32 }, 3, 64)).toEqual([
      { suffix: ".q4", dtype: "U8", shape: [3, 32], bytes: 96 },
      { suffix: ".scale", dtype: "F16", shape: [3, 2], bytes: 12 },
    ]);
  });
});

describe("locateTensor", () => {
  const manifest = smallManifest();

  it("finds listed tensors", () => {
    expect(locateTensor(manifest, "embeddings.LayerNorm.bias")).toBe(manifest.tensors["embeddings.LayerNorm.bias"]);
  });

  it("finds both tensors of each page, the last of which is shorter", () => {
    expect([0, 1, 2].map((page) => pageRows(manifest, page))).toEqual([4, 4, 2]);
    const start = manifest.wordEmbeddings.dataOffset;
    expect(locateTensor(manifest, pageTensorName(2, ".q4"))).toEqual({ dtype: "U8", shape: [2, 16], parts: [{ shard: 3, offset: start, length: 32 }] });
    expect(locateTensor(manifest, pageTensorName(2, ".scale"))).toEqual({ dtype: "F16", shape: [2, 1], parts: [{ shard: 3, offset: start + 32, length: 4 }] });
    expect(locateTensor(manifest, pageTensorName(0, ".scale")).parts).toEqual([{ shard: 1, offset: start + 64, length: 8 }]);
  });

  it.each(["nothing", "toString", pageTensorName(3, ".q4"), pageTensorName(0, ""), "page 0 of nothing"])("does not know %s", (name) => {
    expect(() => locateTensor(manifest, name)).toThrow(expect.objectContaining({ code: "invalid-manifest", fields: { tensor: name } }));
  });
});
