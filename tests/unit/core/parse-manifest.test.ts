import { describe, expect, it } from "vitest";
import { parseManifest } from "#core/parse-manifest.ts";
import { smallManifest } from "./small-manifest.ts";

const QUERY = "encoder.layer.0.attention.self.query.weight";

/** What JSON.parse would give, changed at a path; `undefined` removes the field. */
function changed(path: readonly (string | number)[], value: unknown): unknown {
  const root = JSON.parse(JSON.stringify(smallManifest()));
  let holder = root;
  for (const key of path.slice(0, -1)) holder = holder[key];
  const last = path.at(-1)!;
  if (value === undefined) delete holder[last];
  else holder[last] = value;
  return root;
}

const refusal = (message: string) => expect.objectContaining({ code: "invalid-manifest", message: expect.stringContaining(message) });

describe("parseManifest", () => {
  it("gives a whole manifest as it is", () => {
    expect(parseManifest(JSON.parse(JSON.stringify(smallManifest())))).toEqual(smallManifest());
  });

  it("accepts a model without heads and without a self-test, and drops fields that it does not know", () => {
    const heads = { dense: { pooling: "cls" }, lexical: null, colbert: null };
    expect(parseManifest(changed(["heads"], heads)).heads).toEqual(heads);
    expect(parseManifest(changed(["selfTest"], null)).selfTest).toBe(null);
    expect(parseManifest(changed(["extra"], 1))).not.toHaveProperty("extra");
  });

  it("says both versions and what to do about a newer or older one", () => {
    expect(() => parseManifest(changed(["formatVersion"], 2))).toThrow(refusal("format version 2, but this bge-m3-web reads version 1. Update bge-m3-web"));
    expect(() => parseManifest(changed(["formatVersion"], 2))).toThrow(expect.objectContaining({ fields: { version: 2, supported: 1 } }));
  });

  it.each([null, undefined, 3, "text", [], {}, { format: "other" }])("refuses %j", (value) => {
    expect(() => parseManifest(value)).toThrow(expect.objectContaining({ code: "invalid-manifest" }));
  });

  it("refuses a manifest that lacks any of its fields, naming it", () => {
    const remaining = Object.keys(smallManifest()).filter((field) => field !== "selfTest");
    for (const field of remaining)
      expect(() => parseManifest(changed([field], undefined)), field).toThrow(refusal(field === "format" ? "its format is undefined" : field));
  });

  it.each<[string, (string | number)[], unknown, string]>([
    ["another format", ["format"], "onnx", 'its format is "onnx"'],
    ["another kind", ["kind"], "gguf", '"kind" must be one of "tensors", "onnx"'],
    ["a version that is no number", ["formatVersion"], "1", '"formatVersion"'],
    ["another dtype", ["dtype"], "q2", '"dtype"'],
    ["a short fingerprint", ["fingerprint"], "abc", "64 lower-case hexadecimal digits"],
    ["a family that is no text", ["architecture", "family"], 3, '"architecture.family"'],
    ["a negative width", ["architecture", "hiddenSize"], -32, '"architecture.hiddenSize"'],
    ["a fraction", ["architecture", "numHiddenLayers"], 1.5, '"architecture.numHiddenLayers"'],
    ["attention heads that do not divide the width", ["architecture", "numAttentionHeads"], 5, "a divisor of hiddenSize 32"],
    ["an infinite epsilon", ["architecture", "layerNormEps"], null, '"architecture.layerNormEps"'],
    ["positions that begin beyond the table", ["architecture", "positionOffset"], 16, '"architecture.positionOffset"'],
    ["more tokens than positions", ["maxTokens"], 17, "from 3 to 16"],
    ["a prompt that is no text", ["prompts", "query"], 1, '"prompts.query"'],
    ["a path", ["shards", 1, "file"], "../1.safetensors", "without path separators"],
    ["a path of another system", ["shards", 1, "file"], "..\\1.safetensors", "without path separators"],
    ["an address", ["tokenizer", "file"], "https://example.org/v", "without path separators"],
    ["a hidden file", ["tokenizer", "file"], ".htaccess", "without path separators"],
    ["a digest in capitals", ["shards", 0, "sha256"], "B".repeat(64), "lower-case"],
    ["a file of no bytes", ["shards", 0, "bytes"], 0, '"shards[0].bytes"'],
    ["a tensor in a shard that is not there", ["tensors", `${QUERY}.q4`, "parts", 0, "shard"], 4, "from 0 to 3"],
    ["a tensor beyond its shard", ["tensors", `${QUERY}.q4`, "parts", 0, "offset"], 10 ** 6, "offset"],
    ["a part that is too long", ["tensors", `${QUERY}.q4`, "parts", 0, "length"], 10 ** 6, "length"],
    ["parts that do not add up", ["tensors", `${QUERY}.q4`, "parts", 0, "length"], 511, "has parts of 511 bytes, but U8 [32,16] takes 512"],
    ["a tensor without parts", ["tensors", `${QUERY}.q4`, "parts"], [], "has parts of 0 bytes"],
    ["an unknown element type", ["tensors", `${QUERY}.q4`, "dtype"], "F64", "dtype"],
    ["an element type that does not fit", ["tensors", `${QUERY}.q4`, "dtype"], "I8", "is I8 [32,16], but the model needs U8 [32,16]"],
    ["a missing scale", ["tensors", `${QUERY}.scale`], undefined, `"${QUERY}.scale" is missing`],
    ["a missing bias", ["tensors", "embeddings.LayerNorm.bias"], undefined, '"embeddings.LayerNorm.bias" is missing'],
    ["a missing head", ["tensors", "colbert_linear.weight"], undefined, '"colbert_linear.weight" is missing'],
    ["an encoding that the tensors do not have", ["encodings", QUERY], { kind: "rows8" }, `"${QUERY}" is missing`],
    ["an encoding of what is no matrix", ["encodings", "embeddings.LayerNorm.bias"], { kind: "rows8" }, "is no matrix"],
    ["an unknown encoding", ["encodings", QUERY], { kind: "blocks2" }, "kind"],
    ["blocks of another size", ["encodings", QUERY, "blockSize"], 64, "blockSize"],
    ["too few pages", ["wordEmbeddings", "shards"], [1, 2], "has 2 pages, but 10 rows by 4 make 3"],
    ["a page in a shard that is not there", ["wordEmbeddings", "shards"], [1, 2, 4], "from 0 to 3"],
    ["a page that does not fit its shard", ["wordEmbeddings", "shards"], [1, 3, 2], "has a page 1 that ends at byte 328 of a file of 292"],
    ["pages that begin too late", ["wordEmbeddings", "dataOffset"], 257, "that ends at byte"],
    ["no layers in a head", ["heads", "lexical", "layers"], [], "at least one layer"],
    ["a head of another width", ["heads", "colbert", "layers", 0, "inputs"], 48, '"heads.colbert.layers[0].inputs" must be 32 or 64'],
    ["a head of twice the width with the tensors of the single one", ["heads", "colbert", "layers", 0, "inputs"], 64, "colbert_linear.weight"],
    ["a ColBERT width that is not the last layer's", ["heads", "colbert", "dim"], 8, '"heads.colbert.dim"'],
    ["a lexical head without relu", ["heads", "lexical", "layers", 0, "activation"], "none", "ends in one output with relu"],
    ["another pooling", ["heads", "dense", "pooling"], "max", '"heads.dense.pooling"'],
    ["a known answer of another width", ["selfTest", "answers", 0, "dense"], [1], "32 numbers"],
    ["a known answer that is no unit vector", ["selfTest", "answers", 0, "dense", 3], 2, "dense[3]"],
    ["ids beyond the vocabulary", ["selfTest", "answers", 0, "ids", 1], 10, "from 0 to 9"],
    ["a self-test without answers", ["selfTest", "answers"], [], "1 to 64 answers"],
  ])("refuses %s", (_, path, value, message) => {
    expect(() => parseManifest(changed(path, value))).toThrow(refusal(message));
  });

  it("says of another family that it is not supported, for such a manifest is whole", () => {
    expect(() => parseManifest(changed(["architecture", "family"], "gpt2"))).toThrow(
      expect.objectContaining({ code: "unsupported-model", message: expect.stringMatching(/"gpt2".*xlm-roberta and bert.*Update bge-m3-web/) }),
    );
  });

  it("refuses two-part tensors that are cut inside a row", () => {
    const [part] = smallManifest().tensors[`${QUERY}.q4`]!.parts;
    const cut = (at: number) => [
      { ...part, length: at },
      { ...part, offset: part!.offset + at, length: 512 - at },
    ];
    expect(parseManifest(changed(["tensors", `${QUERY}.q4`, "parts"], cut(256))).tensors[`${QUERY}.q4`]!.parts).toEqual(cut(256));
    expect(() => parseManifest(changed(["tensors", `${QUERY}.q4`, "parts"], cut(250)))).toThrow(refusal("not of whole rows"));
  });

  it("takes head layers that feed each other", () => {
    const layers = [
      { tensor: "colbert_linear", inputs: 32, outputs: 16, activation: "relu" },
      { tensor: "second", inputs: 16, outputs: 4, activation: "none" },
    ];
    const manifest = changed(["heads", "colbert"], { layers, dim: 4 }) as { tensors: Record<string, unknown> };
    expect(() => parseManifest(manifest)).toThrow(refusal('"second.weight" is missing'));
    manifest.tensors["second.weight"] = { dtype: "F32", shape: [4, 16], parts: [{ shard: 0, offset: 0, length: 256 }] };
    manifest.tensors["second.bias"] = { dtype: "F32", shape: [4], parts: [{ shard: 0, offset: 0, length: 16 }] };
    expect(parseManifest(manifest).heads.colbert).toEqual({ layers, dim: 4 });
  });
});
