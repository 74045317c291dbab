import { describe, expect, it } from "vitest";
import { type BuildOptions, buildArtefact } from "#builder/build-artefact.ts";
import { dequantiseBlocks4, quantiseBlocks4 } from "#builder/quantise/blocks4.ts";
import { quantiseRows8 } from "#builder/quantise/rows8.ts";
import { encoderTensors } from "#core/encoder-tensors.ts";
import { numberToFloat16 } from "#core/float16.ts";
import type { Manifest } from "#core/manifest.ts";
import { parseManifest } from "#core/parse-manifest.ts";
import type { ProgressEvent } from "#core/progress.ts";
import type { NamedTensor } from "#core/safetensors.ts";
import { sha256Hex } from "#core/sha256.ts";
import { pageTensorName, WORD_EMBEDDINGS } from "#core/tensor-layout.ts";
import { syntheticCheckpoint } from "../../../tools/models/synthetic.ts";
import {
  BERT_ARCHITECTURE,
  bertFiles,
  type Changes,
  ENCODER,
  type Files,
  floats,
  formula,
  formulaValues,
  HEADS,
  halves,
  json,
  MemorySink,
  memorySource,
  replaced,
  storedBytes,
  VOCABULARY,
} from "./memory-folder.ts";

const QUERY = "encoder.layer.0.attention.self.query.weight";
const DOWN = "encoder.layer.0.output.dense.weight";

async function build(files: Files, options: Partial<BuildOptions> = {}) {
  const sink = new MemorySink();
  const result = await buildArtefact(memorySource(files), sink, { dtype: "fp32", vocabulary: VOCABULARY, ...options });
  return { ...result, files: sink.files };
}

const buildBert = (changes: Changes = {}, options: Partial<BuildOptions> = {}) => build(bertFiles(changes), options);

describe("buildArtefact", () => {
  it("writes a manifest that parses to itself, last, beside files that it names by content", async () => {
    const { manifest, files } = await buildBert();
    expect(Object.keys(files).at(-1)).toBe("manifest.json");
    expect(parseManifest(JSON.parse(new TextDecoder().decode(files["manifest.json"])))).toEqual(manifest);
    const entries = [...manifest.shards, manifest.tokenizer];
    expect(Object.keys(files).sort()).toEqual([...entries.map(({ file }) => file), "manifest.json"].sort());
    for (const { file, bytes, sha256 } of entries) {
      expect(files[file]!.length).toBe(bytes);
      expect(await sha256Hex(files[file]!)).toBe(sha256);
      expect(file).toBe(`${sha256.slice(0, 16)}.${file === manifest.tokenizer.file ? "vocab" : "safetensors"}`);
    }
  });

  it("keeps every float of an fp32 build", async () => {
    const { manifest, files } = await buildBert();
    for (const { name, bytes } of [...ENCODER.slice(1), ...HEADS]) expect(storedBytes(files, manifest, name), name).toEqual(bytes);
    expect(storedBytes(files, manifest, pageTensorName(0, ""))).toEqual(ENCODER[0]!.bytes);
    expect(manifest.encodings).toEqual({});
  });

  it("gives the same bytes for the same input", async () => {
    for (const dtype of ["fp32", "q8", "q4"] as const) expect((await buildBert({}, { dtype })).files).toEqual((await buildBert({}, { dtype })).files);
  });

  it("gives the same artefact whatever stands before the names and in which file a tensor lies", async () => {
    const { files } = await buildBert();
    for (const prefix of ["bert.", "roberta.", "model.", "0.auto_model."]) {
      const prefixed = ENCODER.map((tensor) => ({ ...tensor, name: prefix + tensor.name }));
      const changes = { encoder: [...prefixed, formula("lm_head.bias", [40]), formula("pooler.dense.weight", [32, 32])] };
      expect((await buildBert(changes)).files, prefix).toEqual(files);
    }
    const halfOf = (from: number, to?: number) => bertFiles({ encoder: ENCODER.slice(from, to) })["model.safetensors"]!;
    const { "model.safetensors": _, ...rest } = bertFiles();
    const sharded = { ...rest, "model-00001-of-00002.safetensors": halfOf(0, 9), "model-00002-of-00002.safetensors": halfOf(9) };
    expect((await build(sharded)).files).toEqual(files);
  });

  it("accepts the old names gamma and beta", async () => {
    const old = ENCODER.map((tensor) => ({
      ...tensor,
      name: tensor.name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"),
    }));
    expect((await buildBert({ encoder: old })).files).toEqual((await buildBert()).files);
  });

  it("puts positions, pooling and limits as the family wants them", async () => {
    const bert = (await buildBert()).manifest;
    expect(bert).toMatchObject({ architecture: BERT_ARCHITECTURE, maxTokens: 16, heads: { dense: { pooling: "mean" } } });
    const roberta = (await buildBert({ config: { model_type: "xlm-roberta", pad_token_id: 1 } })).manifest;
    expect(roberta).toMatchObject({ architecture: { family: "xlm-roberta", positionOffset: 2 }, maxTokens: 14, heads: { dense: { pooling: "cls" } } });
    expect(roberta.fingerprint).not.toBe(bert.fingerprint);
  });

  it("rounds to halves, and keeps every number of a checkpoint in float16", async () => {
    const { manifest, files, quantised } = await buildBert({}, { dtype: "fp16", measure: true });
    const bits = Uint16Array.from(formulaValues(QUERY, [32, 32]), numberToFloat16);
    expect(storedBytes(files, manifest, QUERY)).toEqual(new Uint8Array(bits.buffer));
    expect(manifest.encodings[QUERY]).toEqual({ kind: "float16" });
    expect(manifest.wordEmbeddings.encoding).toEqual({ kind: "float16" });
    for (const { relativeError } of quantised) expect(relativeError).toBeLessThan(0.0005);
    for (const { name, bytes } of HEADS) expect(storedBytes(files, manifest, name)).toEqual(bytes);

    const asHalves = ENCODER.map(({ name, shape }) => halves(name, shape, Uint16Array.from(formulaValues(name, shape), numberToFloat16)));
    const exact = await buildBert({ encoder: asHalves }, { dtype: "fp16", measure: true });
    expect(exact.quantised.map(({ relativeError }) => relativeError)).toEqual(Array(7).fill(0));
    expect(storedBytes(exact.files, exact.manifest, QUERY)).toEqual(new Uint8Array(bits.buffer));
    expect(parseManifest(JSON.parse(JSON.stringify(exact.manifest)))).toEqual(exact.manifest);
  });

  it.each([
    ["fp16", 65505, "float16. Build with dtype fp32"],
    ["q4", 5e5, "4-bit blocks. Build with dtype q8"],
  ] as const)("refuses to round to %s what is too large for it", async (dtype, value, message) => {
    const encoder = replaced(ENCODER, { [DOWN]: floats(DOWN, [32, 64], new Float32Array(2048).fill(value)) });
    await expect(buildBert({ encoder }, { dtype })).rejects.toMatchObject({ code: "invalid-checkpoint", message: expect.stringContaining(message) });
  });

  it("rounds to int8 rows and says so", async () => {
    const { manifest, files, quantised } = await buildBert({}, { dtype: "q8", measure: true });
    const { values, scales } = quantiseRows8(formulaValues(QUERY, [32, 32]), 32, 32);
    expect(storedBytes(files, manifest, QUERY)).toEqual(new Uint8Array(values.buffer));
    expect(storedBytes(files, manifest, `${QUERY}.scale`)).toEqual(new Uint8Array(scales.buffer));
    expect(manifest.encodings[QUERY]).toEqual({ kind: "rows8" });
    expect(manifest.wordEmbeddings.encoding).toEqual({ kind: "rows8" });
    expect(Object.keys(manifest.encodings)).toHaveLength(6);
    expect(quantised).toHaveLength(7);
    for (const { relativeError } of quantised) expect(relativeError).toBeLessThan(0.01);
    for (const { name, bytes } of HEADS) expect(storedBytes(files, manifest, name)).toEqual(bytes);
  });

  it("rounds to 4-bit blocks, and rows that are no multiple of a block to int8", async () => {
    const { manifest, files } = await buildBert({}, { dtype: "q4" });
    const { nibbles, scales } = quantiseBlocks4(formulaValues(DOWN, [32, 64]), 32, 64);
    expect(storedBytes(files, manifest, `${DOWN}.q4`)).toEqual(nibbles);
    expect(storedBytes(files, manifest, `${DOWN}.scale`)).toEqual(new Uint8Array(scales.buffer));
    expect(manifest.encodings[DOWN]).toEqual({ kind: "blocks4", blockSize: 32 });

    const odd = { ...BERT_ARCHITECTURE, intermediateSize: 40 };
    const encoder = encoderTensors(odd).map(({ name, shape }) => formula(name, shape));
    const mixed = (await buildBert({ encoder, config: { intermediate_size: 40 } }, { dtype: "q4" })).manifest;
    expect(mixed.encodings[DOWN]).toEqual({ kind: "rows8" });
    expect(mixed.encodings[QUERY]).toEqual({ kind: "blocks4", blockSize: 32 });
    expect(parseManifest(JSON.parse(JSON.stringify(mixed)))).toEqual(mixed);
  });

  describe("of a checkpoint in 4-bit blocks", () => {
    const asBlocks = (tensor: NamedTensor): NamedTensor[] => {
      if (!encoderTensors(BERT_ARCHITECTURE).some(({ name, quantisable }) => quantisable && name === tensor.name)) return [tensor];
      const [rows, cols] = tensor.shape as [number, number];
      const count = rows * cols;
      // Scales that no search would choose, so that rounding again would show.
      const scales = Array.from({ length: count / 32 }, (_, block) => 0x2e66 + (block % 97));
      const nibbles = Uint8Array.from({ length: count / 2 }, (_, byte) => (byte * 37) & 255);
      return [{ name: `${tensor.name}.q4`, dtype: "U8", shape: [rows, cols / 2], bytes: nibbles }, halves(`${tensor.name}.scale`, [rows, cols / 32], scales)];
    };
    const blocks = ENCODER.flatMap(asBlocks);

    it("carries every block over bit for bit", async () => {
      const { manifest, files, quantised } = await buildBert({ encoder: blocks }, { dtype: "q4", measure: true });
      for (const { name, bytes } of blocks) {
        const stored = name.startsWith(WORD_EMBEDDINGS) ? pageTensorName(0, name.endsWith(".q4") ? ".q4" : ".scale") : name;
        expect(storedBytes(files, manifest, stored), name).toEqual(bytes);
      }
      expect(quantised.map(({ relativeError }) => relativeError)).toEqual(Array(7).fill(0));
    });

    it("expands them exactly for the other types", async () => {
      const { manifest, files } = await buildBert({ encoder: blocks }, { dtype: "fp32" });
      const tensor = (name: string) => blocks.find((entry) => entry.name === name)!.bytes.slice();
      const expected = dequantiseBlocks4({
        nibbles: new Uint8Array(tensor(`${QUERY}.q4`)),
        scales: new Uint16Array(tensor(`${QUERY}.scale`).buffer as ArrayBuffer),
      });
      expect(storedBytes(files, manifest, QUERY)).toEqual(new Uint8Array(expected.buffer));
      expect((await buildBert({ encoder: blocks }, { dtype: "q8" })).manifest.encodings[QUERY]).toEqual({ kind: "rows8" });
    });

    it.each([
      ["half a pair", { [`${QUERY}.scale`]: null }, `the tensor "${QUERY}.scale" is missing`],
      ["the other half", { [`${QUERY}.q4`]: null }, `the tensor "${QUERY}.q4" is missing`],
      ["scales of another type", { [`${QUERY}.scale`]: floats(`${QUERY}.scale`, [32, 1], new Float32Array(32)) }, "must be F16"],
      [
        "scales of another shape",
        { [`${QUERY}.scale`]: halves(`${QUERY}.scale`, [32, 2], new Uint16Array(64)) },
        "has shape [32,2], but config.json asks for [32,1]",
      ],
      ["scales that are infinite", { [`${QUERY}.scale`]: halves(`${QUERY}.scale`, [32, 1], new Uint16Array(32).fill(0x7c00)) }, "NaN or infinite"],
    ])("refuses %s", async (_, changes, message) => {
      const building = buildBert({ encoder: replaced(blocks, changes) }, { dtype: "q4" });
      await expect(building).rejects.toMatchObject({ code: "invalid-checkpoint", message: expect.stringContaining(message) });
    });

    it("refuses the same matrix in both forms", async () => {
      const building = buildBert({ encoder: [...blocks, formula(QUERY, [32, 32])] });
      await expect(building).rejects.toMatchObject({ code: "invalid-checkpoint", message: expect.stringContaining("both as floats and as 4-bit blocks") });
    });
  });

  it("cuts the word embeddings into pages, each a safetensors file with its data at the same byte", async () => {
    const architecture = { ...BERT_ARCHITECTURE, vocabSize: 2500 };
    const source = syntheticCheckpoint({ architecture, colbertDim: 16 });
    for (const dtype of ["fp32", "q8", "q4"] as const) {
      const sink = new MemorySink();
      const { manifest } = await buildArtefact(source, sink, { dtype, vocabulary: VOCABULARY });
      const { shards, rowsPerPage, dataOffset } = manifest.wordEmbeddings;
      expect([shards.length, rowsPerPage]).toEqual([3, 1024]);
      for (const shard of shards) {
        const bytes = sink.files[manifest.shards[shard]!.file]!;
        expect(Number(new DataView(bytes.buffer).getBigUint64(0, true)) + 8).toBe(dataOffset);
      }
    }
    const sink = new MemorySink();
    const { manifest } = await buildArtefact(source, sink, { dtype: "fp32", vocabulary: VOCABULARY });
    const all = [0, 1, 2].flatMap((page) => [...storedBytes(sink.files, manifest, pageTensorName(page, ""))]);
    expect(new Uint8Array(all)).toEqual(new Uint8Array(formulaValues(WORD_EMBEDDINGS, [2500, 32]).buffer));
  });

  it("stores equal pages once", async () => {
    const encoder = replaced(ENCODER, { [WORD_EMBEDDINGS]: floats(WORD_EMBEDDINGS, [2500, 32], new Float32Array(2500 * 32)) });
    const { manifest, files } = await buildBert({ encoder, config: { vocab_size: 2500 } });
    const [first, second, last] = manifest.wordEmbeddings.shards;
    expect([first === second, first === last]).toEqual([true, false]);
    expect(storedBytes(files, manifest, pageTensorName(2, ""))).toEqual(new Uint8Array(452 * 32 * 4));
    expect(parseManifest(JSON.parse(JSON.stringify(manifest)))).toEqual(manifest);
  });

  it("keeps shards within 16 MiB, cutting a larger tensor between rows, and the heads in a shard of their own", async () => {
    const architecture = { ...BERT_ARCHITECTURE, hiddenSize: 768, intermediateSize: 64, maxPositionEmbeddings: 8194 };
    const sink = new MemorySink();
    const { manifest } = await buildArtefact(syntheticCheckpoint({ architecture, colbertDim: 16 }), sink, { dtype: "fp32", vocabulary: VOCABULARY });
    for (const { bytes } of manifest.shards) expect(bytes).toBeLessThanOrEqual(2 ** 24);
    const { parts } = manifest.tensors["embeddings.position_embeddings.weight"]!;
    expect(parts.length).toBe(2);
    const sum = (values: Uint8Array[]) => values.reduce((total, { length }) => total + length, 0);
    const pieces = parts.map(({ shard, offset, length }) => sink.files[manifest.shards[shard]!.file]!.subarray(offset, offset + length));
    const joined = new Uint8Array(sum(pieces));
    joined.set(pieces[0]!);
    joined.set(pieces[1]!, pieces[0]!.length);
    const expected = new Uint8Array(formulaValues("embeddings.position_embeddings.weight", [8194, 768]).buffer);
    expect(await sha256Hex(joined)).toBe(await sha256Hex(expected));
    expect(parseManifest(JSON.parse(JSON.stringify(manifest)))).toEqual(manifest);

    const headShards = new Set(HEADS.flatMap(({ name }) => manifest.tensors[name]!.parts.map(({ shard }) => shard)));
    const others = Object.entries(manifest.tensors).filter(([name]) => !HEADS.some((head) => head.name === name));
    expect(headShards.size).toBe(1);
    expect(others.some(([, tensor]) => tensor.parts.some(({ shard }) => headShards.has(shard)))).toBe(false);
  });

  it("aligns every tensor to its element", async () => {
    const { manifest } = await buildBert({}, { dtype: "q4" });
    const size = { F32: 4, F16: 2, I8: 1, U8: 1 };
    for (const { dtype, parts } of Object.values(manifest.tensors)) for (const { offset } of parts) expect(offset % size[dtype]).toBe(0);
  });

  it("changes nothing but the head shard and the manifest for new heads", async () => {
    const { files, manifest } = await buildBert();
    const changed = await buildBert({ heads: replaced(HEADS, { "sparse_linear.bias": floats("sparse_linear.bias", [1], [0.5]) }) });
    const news = Object.keys(changed.files).filter((file) => !files[file] || file === "manifest.json");
    expect(news).toHaveLength(2);
    expect(changed.manifest.fingerprint).not.toBe(manifest.fingerprint);
  });

  it("makes do without heads", async () => {
    const none = (await buildBert({ heads: null })).manifest;
    expect(none.heads).toEqual({ dense: { pooling: "mean" }, lexical: null, colbert: null });
    const sparseOnly = (await buildBert({ heads: HEADS.slice(0, 2) })).manifest;
    expect(sparseOnly.heads).toMatchObject({ lexical: { layers: [{ tensor: "sparse_linear", inputs: 32, outputs: 1, activation: "relu" }] }, colbert: null });
    expect((await buildBert({ heads: HEADS.slice(2) })).manifest.heads).toMatchObject({ lexical: null, colbert: { dim: 16 } });
    const both = replaced(HEADS, { "colbert_linear.weight": formula("colbert_linear.weight", [16, 64]) });
    expect((await buildBert({ heads: both })).manifest.heads.colbert).toMatchObject({ layers: [{ inputs: 64, outputs: 16 }] });
  });

  it.each<[string, Changes, string]>([
    ["a missing tensor", { encoder: replaced(ENCODER, { [DOWN]: null }) }, `the tensor "${DOWN}" is missing`],
    ["a wrong shape", { encoder: replaced(ENCODER, { [DOWN]: formula(DOWN, [64, 32]) }) }, "has shape [64,32], but config.json asks for [32,64]"],
    ["fewer words than config.json says", { config: { vocab_size: 41 } }, "has shape [40,32], but config.json asks for [41,32]"],
    ["more layers than there are", { config: { num_hidden_layers: 2 } }, `"encoder.layer.1.attention.self.query.weight" is missing`],
    [
      "integers for weights",
      { encoder: replaced(ENCODER, { [DOWN]: { name: DOWN, dtype: "I8", shape: [32, 64], bytes: new Uint8Array(2048) } }) },
      "elements of type I8",
    ],
    [
      "integers where floats belong",
      { encoder: replaced(ENCODER, { [DOWN]: { name: DOWN, dtype: "I8", shape: [32, 64], bytes: new Uint8Array(2048) } }) },
      `the tensor "${DOWN}" in model.safetensors has elements of type I8`,
    ],
    ["NaN", { encoder: replaced(ENCODER, { [DOWN]: floats(DOWN, [32, 64], new Float32Array(2048).fill(Number.NaN)) }) }, "NaN or infinite"],
    ["a file without word embeddings", { encoder: ENCODER.slice(1) }, "no tensor is called"],
    ["two encoders", { encoder: [...ENCODER, ...ENCODER.map((tensor) => ({ ...tensor, name: `teacher.${tensor.name}` }))] }, "several encoders"],
    ["half a head", { heads: HEADS.slice(0, 3) }, `the tensor "colbert_linear.bias" is missing`],
    ["a head of another width", { heads: replaced(HEADS, { "colbert_linear.weight": formula("colbert_linear.weight", [16, 48]) }) }, "has shape [16,48]"],
    ["a sparse head of two outputs", { heads: replaced(HEADS, { "sparse_linear.weight": formula("sparse_linear.weight", [2, 32]) }) }, "has shape [2,32]"],
    [
      "a tensor that is there twice",
      { files: { "more.safetensors": bertFiles()["model.safetensors"]! } },
      "is both in model.safetensors and in more.safetensors",
    ],
    ["an m3.json with a field that nobody knows", { files: { "m3.json": json({ poling: "cls" }) } }, "poling"],
    ["more tokens than positions", { files: { "m3.json": json({ maxTokens: 17 }) } }, "maxTokens must be from 3 to 16"],
    ["a config.json without sizes", { config: { hidden_size: undefined } }, `"hidden_size" must be an integer`],
    ["attention heads that do not divide the width", { config: { num_attention_heads: 5 } }, "a divisor of hidden_size 32"],
  ])("refuses %s", async (_, changes, message) => {
    await expect(buildBert(changes)).rejects.toMatchObject({ code: "invalid-checkpoint", message: expect.stringContaining(message) });
  });

  it.each<[string, Changes]>([
    ["another kind of model", { config: { model_type: "llama" } }],
    ["another activation", { config: { hidden_act: "gelu_new" } }],
    ["relative positions", { config: { position_embedding_type: "relative_key" } }],
    ["a decoder", { config: { is_decoder: true } }],
    ["another pooling", { files: { "1_Pooling/config.json": json({ pooling_mode_max_tokens: true }) } }],
  ])("does not support %s", async (_, changes) => {
    await expect(buildBert(changes)).rejects.toMatchObject({ code: "unsupported-model" });
  });

  it.each<[string, (files: Files) => Files, string]>([
    ["config.json", ({ "config.json": _, ...rest }) => rest, "no config.json"],
    ["weights", ({ "model.safetensors": _, ...rest }) => rest, "neither a .safetensors file nor a pytorch_model.bin"],
    ["whole JSON", (files) => ({ ...files, "config.json": new TextEncoder().encode("{") }), "config.json is not JSON"],
  ])("refuses a folder without %s", async (_, change, message) => {
    await expect(build(change(bertFiles()))).rejects.toMatchObject({ code: "invalid-checkpoint", message: expect.stringContaining(message) });
  });

  it("refuses a folder without tokenizer.json, unless a vocabulary is given", async () => {
    await expect(build(bertFiles(), { vocabulary: undefined })).rejects.toMatchObject({
      code: "invalid-checkpoint",
      message: expect.stringContaining("no tokenizer.json"),
    });
  });

  it("takes settings from options, then m3.json, then Sentence Transformers, then the family", async () => {
    const written = { name: "written", license: "MIT", source: "somewhere", pooling: "cls", prompts: { query: "q: ", passage: "p: " }, maxTokens: 9 };
    const pooling = { "1_Pooling/config.json": json({ pooling_mode_cls_token: true, pooling_mode_mean_tokens: false, word_embedding_dimension: 32 }) };
    const fromFile = (await buildBert({ files: { ...pooling, "m3.json": json(written) } })).manifest;
    expect(fromFile).toMatchObject({
      name: "written",
      license: "MIT",
      source: "somewhere",
      prompts: written.prompts,
      maxTokens: 9,
      heads: { dense: { pooling: "cls" } },
    });
    const given = (await buildBert({ files: { "m3.json": json(written) } }, { settings: { name: "given", pooling: "mean" } })).manifest;
    expect(given).toMatchObject({ name: "given", license: "MIT", heads: { dense: { pooling: "mean" } } });
    expect((await buildBert({ files: pooling }, { defaultName: "folder" })).manifest).toMatchObject({ name: "folder", heads: { dense: { pooling: "cls" } } });
  });

  it("has a fingerprint of what decides the vectors only", async () => {
    const fingerprint = async (settings: BuildOptions["settings"]) => (await buildBert({}, { settings })).manifest.fingerprint;
    const plain = await fingerprint({});
    expect(await fingerprint({ name: "other", license: "other", source: "other" })).toBe(plain);
    const others = await Promise.all([fingerprint({ pooling: "cls" }), fingerprint({ prompts: { query: "q", passage: "" } }), fingerprint({ maxTokens: 5 })]);
    expect(new Set([plain, ...others]).size).toBe(4);
    expect((await buildBert({}, { vocabulary: new Uint8Array([9]) })).manifest.fingerprint).not.toBe(plain);
  });

  it("asks for the self-test's answers when all shards are written, and before the manifest is", async () => {
    const sink = new MemorySink();
    const answer = { text: "x", kind: "query" as const, ids: [0, 2], dense: Array(32).fill(0) };
    let draft: Manifest | undefined;
    const { manifest } = await buildArtefact(memorySource(bertFiles()), sink, {
      dtype: "fp32",
      vocabulary: VOCABULARY,
      async selfTest(given) {
        draft = given;
        expect(Object.keys(sink.files).sort()).toEqual([...given.shards, given.tokenizer].map(({ file }) => file).sort());
        return { minCosine: 0.9, answers: [answer] };
      },
    });
    expect(draft?.selfTest).toBe(null);
    expect(manifest).toEqual({ ...draft, selfTest: { minCosine: 0.9, answers: [answer] } });
  });

  it("reports progress to the last byte and stops when aborted", async () => {
    const events: ProgressEvent[] = [];
    await buildBert({}, { onProgress: (event) => events.push(event) });
    expect(events.map(({ loaded }) => loaded)).toEqual(events.map(({ loaded }) => loaded).sort((left, right) => left - right));
    expect(events.at(-1)).toMatchObject({ phase: "build", unit: "bytes", loaded: events[0]!.total });
    expect(events.map(({ file }) => file)).toEqual([...ENCODER.slice(1), ENCODER[0]!, ...HEADS].map(({ name }) => name));

    const abort = new AbortController();
    const sink = new MemorySink();
    const onProgress = () => abort.abort(new Error("enough"));
    const building = buildArtefact(memorySource(bertFiles()), sink, { dtype: "fp32", vocabulary: VOCABULARY, onProgress, signal: abort.signal });
    await expect(building).rejects.toThrow("enough");
    expect(sink.files).toEqual({});
  });
});
