/** Checkpoints and artefacts as folders, and the build-model command between them. */
import { readFileSync } from "node:fs";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createArtefactFolder } from "#cli/artefact-folder.ts";
import { openCheckpointFolder } from "#cli/checkpoint-folder.ts";
import { buildModel, formatBuildReport } from "#cli/commands/build-model.ts";
import { openFileModel } from "#cli/file-model.ts";
import { pageTensorName } from "#core/tensor-layout.ts";
import { bertFiles, ENCODER, type Files, formula, HEADS, json } from "../builder/memory-folder.ts";

/** XLM-RoBERTa's tokenizer with its first pieces only: a vocabulary takes no time then. */
function smallTokenizer(pieces: number): Uint8Array<ArrayBuffer> {
  const whole = JSON.parse(readFileSync(path.join(import.meta.dirname, "../../../models/m3-mini/tokenizer.json"), "utf8"));
  const model = { ...whole.model, vocab: whole.model.vocab.slice(0, pieces) };
  return json({ ...whole, model, added_tokens: whole.added_tokens.filter((token: { id: number }) => token.id < pieces) });
}

const ROWS = 2500;

let tokenizer: Uint8Array<ArrayBuffer>;
beforeAll(() => {
  tokenizer = smallTokenizer(40);
});

let root: string;
beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), "model-folders-"));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const at = (...parts: string[]) => path.join(root, ...parts);

async function writeCheckpoint(name: string, files: Files = {}): Promise<string> {
  const words = formula(ENCODER[0]!.name, [ROWS, 32]);
  const checkpoint = bertFiles({ config: { vocab_size: ROWS }, encoder: [words, ...ENCODER.slice(1)] });
  await mkdir(at(name));
  for (const [file, bytes] of Object.entries({ ...checkpoint, "tokenizer.json": tokenizer, ...files })) await writeFile(at(name, file), bytes);
  return at(name);
}

describe("openCheckpointFolder", () => {
  it("lists files one folder deep, follows links, and reads ranges", async () => {
    await mkdir(at("1_Pooling", "deep"), { recursive: true });
    await Promise.all([writeFile(at("b.txt"), "hello"), writeFile(at("1_Pooling", "config.json"), "{}"), writeFile(at("1_Pooling", "deep", "x"), "")]);
    await symlink(at("b.txt"), at("a.txt"));
    await symlink(at("nowhere"), at("broken"));
    const source = await openCheckpointFolder(root);
    expect(await source.list()).toEqual(["1_Pooling/config.json", "a.txt", "b.txt"]);
    expect(await source.size("a.txt")).toBe(5);
    expect(new TextDecoder().decode(await source.read("a.txt", 1, 3))).toBe("ell");
    await expect(source.read("b.txt", 3, 3)).rejects.toMatchObject({ code: "invalid-checkpoint", message: expect.stringContaining("b.txt ends at byte 5") });
    await expect(source.read("b.txt", 0, 1, { signal: AbortSignal.abort(new Error("enough")) })).rejects.toThrow("enough");
  });

  it("refuses what is no folder", async () => {
    await writeFile(at("file"), "");
    for (const name of ["nowhere", "file"]) await expect(openCheckpointFolder(at(name))).rejects.toMatchObject({ code: "invalid-checkpoint" });
  });
});

describe("createArtefactFolder", () => {
  const manifest = json({ format: "bge-m3-web/model" });

  it("puts a new artefact in the place of an old one, and leaves nothing else", async () => {
    for (const content of ["old", "new"]) {
      const folder = await createArtefactFolder(at("deep", "out"));
      await folder.write("manifest.json", manifest);
      await folder.write(content, new Uint8Array(1));
      await folder.publish();
    }
    expect(await readdir(at("deep"))).toEqual(["out"]);
    expect((await readdir(at("deep", "out"))).sort()).toEqual(["manifest.json", "new"]);
  });

  it("leaves the old artefact alone until it is published", async () => {
    await mkdir(at("out"));
    await writeFile(at("out", "manifest.json"), manifest);
    const folder = await createArtefactFolder(at("out"));
    await folder.write("half", new Uint8Array(1));
    expect(await readdir(at("out"))).toEqual(["manifest.json"]);
    await folder.discard();
    expect(await readdir(root)).toEqual(["out"]);
  });

  it("takes an empty folder, and refuses any other that is no artefact", async () => {
    await mkdir(at("empty"));
    await (await createArtefactFolder(at("empty"))).discard();
    await mkdir(at("photos"));
    await writeFile(at("photos", "cat.jpg"), "");
    await writeFile(at("file"), "");
    for (const name of ["photos", "file"])
      await expect(createArtefactFolder(at(name))).rejects.toMatchObject({ code: "invalid-input", fields: { path: "out" } });
    await writeFile(at("photos", "manifest.json"), json({ name: "a web app" }));
    await expect(createArtefactFolder(at("photos"))).rejects.toMatchObject({ code: "invalid-input" });
  });
});

describe("buildModel", () => {
  it("builds an artefact that opens, with known answers from the caller and a report", async () => {
    const checkpoint = await writeCheckpoint("my-model");
    const result = await buildModel({
      checkpoint,
      out: at("out"),
      dtype: "q4",
      report: true,
      async embed(model, texts) {
        expect((await model.tensors.read("sparse_linear.weight")).bytes).toEqual(HEADS[0]!.bytes);
        expect((await model.readTokenizer()).length).toBe(model.manifest.tokenizer.bytes);
        return texts.map((text) => ({ ...text, ids: [0, 2], dense: Array<number>(32).fill(Math.SQRT1_2 / 4) }));
      },
    });
    const model = await openFileModel(at("out"));
    expect(model.manifest).toEqual(result.manifest);
    expect(model.manifest).toMatchObject({ name: "my-model", dtype: "q4", selfTest: { minCosine: 0.99 } });
    expect(model.manifest.selfTest!.answers.map(({ kind, dense }) => [kind, dense[0]])).toEqual([
      ["query", 0.176777],
      ["passage", 0.176777],
    ]);
    expect((await readdir(root)).sort()).toEqual(["my-model", "out"]);
    const report = formatBuildReport(result).split("\n");
    expect(report).toHaveLength(8);
    expect(report.at(-1)).toMatch(/^blocks4 +[0-9.]+ % {2}mean of 7 matrices$/);
    expect(result.bytes).toBe(model.manifest.shards.reduce((sum, { bytes }) => sum + bytes, model.manifest.tokenizer.bytes));
  });

  it("leaves nothing behind when it fails or is aborted", async () => {
    const checkpoint = await writeCheckpoint("my-model", { "heads.safetensors": new Uint8Array(5) });
    await expect(buildModel({ checkpoint, out: at("out"), dtype: "q8" })).rejects.toMatchObject({ code: "invalid-checkpoint" });
    expect(await readdir(root)).toEqual(["my-model"]);
    await rm(at("my-model", "heads.safetensors"));
    const abort = new AbortController();
    const onProgress = () => abort.abort(new Error("enough"));
    await expect(buildModel({ checkpoint, out: at("out"), dtype: "q8", onProgress, signal: abort.signal })).rejects.toThrow("enough");
    expect(await readdir(root)).toEqual(["my-model"]);
  });

  it("refuses a wrong dtype, and an id of the tokenizer that has no row", async () => {
    const checkpoint = await writeCheckpoint("my-model");
    await expect(buildModel({ checkpoint, out: at("out"), dtype: "int3" as "q4" })).rejects.toMatchObject({ code: "invalid-input", fields: { path: "dtype" } });
    await writeFile(at("my-model", "tokenizer.json"), smallTokenizer(ROWS + 1));
    await expect(buildModel({ checkpoint, out: at("out"), dtype: "q4" })).rejects.toMatchObject({
      code: "invalid-checkpoint",
      message: expect.stringContaining("gives ids up to 2500, but its word embeddings have 2500 rows"),
    });
  });
});

describe("openFileModel", () => {
  let home: string;
  let model: string;
  beforeAll(async () => {
    home = await mkdtemp(path.join(tmpdir(), "file-model-"));
    model = path.join(home, "model");
    root = home;
    await buildModel({ checkpoint: await writeCheckpoint("checkpoint"), out: model, dtype: "fp32" });
  });
  afterAll(() => rm(home, { recursive: true, force: true }));

  it("reads tensors, pages and the vocabulary from the folder or the manifest's path", async () => {
    for (const where of [model, path.join(model, "manifest.json")]) {
      const { tensors, manifest } = await openFileModel(where);
      expect((await tensors.read("embeddings.position_embeddings.weight")).bytes).toEqual(ENCODER[1]!.bytes);
      const page = await tensors.read(pageTensorName(0, ""));
      expect(page).toMatchObject({ dtype: "F32", shape: [1024, 32] });
      tensors.release();
      expect((await tensors.read(pageTensorName(manifest.wordEmbeddings.shards.length - 1, ""))).shape).toEqual([ROWS % 1024, 32]);
      await expect(tensors.read("nothing")).rejects.toMatchObject({ code: "invalid-manifest" });
      await expect(tensors.read("embeddings.LayerNorm.bias", { signal: AbortSignal.abort(new Error("enough")) })).rejects.toThrow("enough");
    }
  });

  it("says which file is missing, cut or damaged, and reads it again when it is whole", async () => {
    const copy = at("copy");
    await cp(model, copy, { recursive: true });
    const { manifest } = await openFileModel(copy);
    const { file } = manifest.shards[0]!;
    const whole = await readFile(path.join(copy, file));
    const read = async (opened = openFileModel(copy)) => (await opened).tensors.read("embeddings.LayerNorm.bias");

    await rm(path.join(copy, file));
    await expect(read()).rejects.toMatchObject({ code: "missing-shard", fields: { file } });
    await writeFile(path.join(copy, file), whole.subarray(1));
    await expect(read()).rejects.toMatchObject({ code: "corrupt-shard", fields: { file } });
    const damaged = Buffer.from(whole);
    damaged[damaged.length - 1]! ^= 1;
    await writeFile(path.join(copy, file), damaged);
    const opened = openFileModel(copy);
    await expect(read(opened)).rejects.toMatchObject({ code: "corrupt-shard", fields: { file } });
    await writeFile(path.join(copy, file), whole);
    expect((await read(opened)).shape).toEqual([32]);

    await cp(path.join(copy, file), path.join(copy, manifest.tokenizer.file));
    await expect((await openFileModel(copy)).readTokenizer()).rejects.toMatchObject({ code: "corrupt-shard" });
  });

  it("refuses a folder without a manifest, and one that is not JSON", async () => {
    await expect(openFileModel(root)).rejects.toMatchObject({ code: "invalid-manifest", message: expect.stringContaining("there is no") });
    await writeFile(at("manifest.json"), "{");
    await expect(openFileModel(root)).rejects.toMatchObject({ code: "invalid-manifest", message: expect.stringContaining("not JSON") });
  });
});
