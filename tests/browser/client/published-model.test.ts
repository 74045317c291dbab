/**
 * Published ONNX repositories loaded as they are: from what transformers.js has put into its cache, and from the user's disk. The tokenizer is BERT's, so that a worker
 * imports @huggingface/transformers for it as well.
 */
import { AutoTokenizer, env } from "@huggingface/transformers";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { buildOnnxArtefact } from "#builder/build-onnx-artefact.ts";
import type { ProgressEvent } from "#core/progress.ts";
import { sha256Hex } from "#core/sha256.ts";
import { M3, type PublishedModel } from "../../../src/index.ts";
import { MemorySink, memorySource } from "../../unit/builder/memory-folder.ts";

const CACHE = "transformers-cache";
const REPOSITORY = "somebody/tiny-bge-m3";
const FILES = {
  "config.json": "onnx/three-heads/config.json",
  "onnx/model.onnx": "onnx/three-heads/model.onnx",
  "tokenizer.json": "bert-tokenizer/tokenizer.json",
  "tokenizer_config.json": "bert-tokenizer/tokenizer_config.json",
};
const PATHS = Object.keys(FILES);
const TEXTS = ["The cat sat on the mat.", "How do you print a page?"];
const heads = { returnSparse: true, returnColbertVecs: true, maxLength: 64 };
const options = { device: "wasm", threads: 1, baseUrl: new URL("/nowhere/", location.href) } as const;

const bytesOf: Record<string, Uint8Array<ArrayBuffer>> = {};
/** The model that build-model makes of the folder. */
let fingerprint: string;
let expected: Float32Array[];

const entry = (sha256: string | null = null): PublishedModel => ({
  repository: REPOSITORY,
  revision: null,
  license: "MIT",
  dtype: "fp32",
  file: "onnx/model.onnx",
  files: PATHS.map((path) => ({ path, bytes: null, sha256: path.endsWith(".onnx") ? sha256 : null })),
  inputs: ["input_ids", "attention_mask"],
  outputs: { dense: "dense_vecs", lexical: "sparse_vecs", colbert: "colbert_vecs", hidden: null },
  normalised: true,
});

const filesOf = (paths: readonly string[]) =>
  paths.map((path) => {
    const file = new File([bytesOf[path]!], path.slice(path.lastIndexOf("/") + 1));
    Object.defineProperty(file, "webkitRelativePath", { value: `tiny/${path}` });
    return file;
  });

beforeAll(async () => {
  for (const [path, fixture] of Object.entries(FILES)) bytesOf[path] = new Uint8Array(await (await fetch(`/tests/fixtures/${fixture}`)).arrayBuffer());
  ({ fingerprint } = (await buildOnnxArtefact(memorySource(bytesOf), new MemorySink(), {})).manifest);
  const m3 = await M3.load(filesOf(PATHS), options);
  const { denseVecs, lexicalWeights, colbertVecs } = await m3.encode(TEXTS, heads);
  expected = denseVecs!;
  expect(lexicalWeights).toHaveLength(2);
  expect(colbertVecs![0]!.tokens).toBe(8);
  await m3.dispose();
});

beforeEach(() => caches.delete(CACHE).then(() => {}));
afterEach(() => caches.delete(CACHE).then(() => {}));

/** The JSON files by transformers.js itself, which asks a hub that is made up; the ONNX file as its `storeCachedResource` does. */
async function fillCache(onnx: Uint8Array<ArrayBuffer>, stated = onnx.length): Promise<void> {
  const before = env.fetch;
  env.fetch = async (input) => {
    const path = PATHS.find((one) => String(input).endsWith(`/${REPOSITORY}/resolve/main/${one}`));
    return path ? new Response(bytesOf[path]) : new Response(null, { status: 404 });
  };
  try {
    await AutoTokenizer.from_pretrained(REPOSITORY);
  } finally {
    env.fetch = before;
  }
  const cache = await caches.open(CACHE);
  const tokenizer = (await cache.keys()).find(({ url }) => url.endsWith("/tokenizer.json"))!.url;
  const put = (path: string, body: Uint8Array<ArrayBuffer>, length: number) =>
    cache.put(tokenizer.replace(/tokenizer\.json$/, path), new Response(body, { headers: { "content-length": String(length) } }));
  await put("config.json", bytesOf["config.json"]!, bytesOf["config.json"]!.length);
  await put("onnx/model.onnx", onnx, stated);
}

describe("what transformers.js has cached", () => {
  it("is found and used, without a request, when its digest is the known one", async () => {
    await fillCache(bytesOf["onnx/model.onnx"]!);
    const m3 = await M3.load(entry(await sha256Hex(bytesOf["onnx/model.onnx"]!)), options);
    expect((await m3.encode(TEXTS)).denseVecs).toEqual(expected);
    expect(m3.info).toMatchObject({ name: REPOSITORY, source: REPOSITORY, fingerprint, lexical: true });
    expect(m3.device).toMatchObject({ backend: "wasm", precision: "as model.onnx has it" });
    await m3.dispose();
  });

  it("is used by its size where no digest is known, and pinned by the fingerprint", async () => {
    await fillCache(bytesOf["onnx/model.onnx"]!);
    const m3 = await M3.load(entry(), { ...options, revision: fingerprint });
    expect(m3.info.fingerprint).toBe(fingerprint);
    await m3.dispose();
    await expect(M3.load(entry(), { ...options, revision: "0".repeat(64) })).rejects.toMatchObject({ code: "invalid-manifest" });
  });

  const flipped = () => {
    const bytes = bytesOf["onnx/model.onnx"]!.slice();
    bytes[5000]! ^= 1;
    return bytes;
  };
  it.each<[string, () => Promise<void>, string]>([
    [
      "a file that is too short",
      () => fillCache(bytesOf["onnx/model.onnx"]!.slice(0, 1000), bytesOf["onnx/model.onnx"]!.length),
      "it has 1000 bytes instead of",
    ],
    ["a file with one other bit", () => fillCache(flipped()), "SHA-256 digest"],
  ])("is not used when it is %s", async (_, fill, reason) => {
    await fill();
    const notices: (ProgressEvent["notice"] | undefined)[] = [];
    const digest = reason.startsWith("SHA") ? await sha256Hex(bytesOf["onnx/model.onnx"]!) : null;
    const loading = M3.load(entry(digest), { ...options, onProgress: ({ notice }) => notices.push(notice) });
    await expect(loading).rejects.toMatchObject({ code: "missing-shard", fields: { file: "onnx/model.onnx", repository: REPOSITORY } });
    expect(notices.filter(Boolean)).toEqual([{ code: "stored-file-damaged", message: expect.stringContaining(reason) }]);
    // It is another library's: it stays.
    expect((await (await caches.open(CACHE)).keys()).some(({ url }) => url.endsWith("onnx/model.onnx"))).toBe(true);
  });
});

describe("a name of the catalogue", () => {
  it("is looked for on the page's own origin only, and the error tells what to do", async () => {
    await expect(M3.load("Xenova/bge-m3", options)).rejects.toMatchObject({
      code: "missing-shard",
      fields: { file: "onnx/model_quantized.onnx" },
      message: expect.stringMatching(/neither in the cache of transformers\.js nor below .*\/nowhere\/.*build-model/),
    });
    expect(await caches.has(CACHE)).toBe(false);
  });
});

describe("a folder on the user's disk with a published ONNX file", () => {
  it("is loaded by its handle as by its files, with build-model's fingerprint", async () => {
    const name = `published-${crypto.randomUUID()}`;
    const root = await navigator.storage.getDirectory();
    const handle = await root.getDirectoryHandle(name, { create: true });
    try {
      for (const path of PATHS) {
        const [folder, file] = path.includes("/") ? path.split("/") : [undefined, path];
        const inside = folder === undefined ? handle : await handle.getDirectoryHandle(folder, { create: true });
        const sink = await (await inside.getFileHandle(file!, { create: true })).createWritable();
        await sink.write(bytesOf[path]!);
        await sink.close();
      }
      const m3 = await M3.load(handle, options);
      expect(m3.info.fingerprint).toBe(fingerprint);
      expect((await m3.encode(TEXTS)).denseVecs).toEqual(expected);
      await m3.dispose();
    } finally {
      await root.removeEntry(name, { recursive: true });
    }
  });

  it("is refused by name when a file is missing", async () => {
    const without = (path: string) => M3.load(filesOf(PATHS.filter((one) => one !== path)), options);
    await expect(without("config.json")).rejects.toMatchObject({ code: "invalid-input", message: expect.stringContaining("config.json and an ONNX file") });
    await expect(without("tokenizer.json")).rejects.toMatchObject({ code: "invalid-checkpoint", message: expect.stringContaining("tokenizer.json") });
  });
});
