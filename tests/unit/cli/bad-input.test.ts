/** Models and checkpoints that cannot be used, as somebody at a shell meets them: one line that says what and where, and no output. */
import { mkdir, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it } from "vitest";
import type { Manifest } from "#core/manifest.ts";
import { bgeM3Web, temporaryFolder } from "./fake-surroundings.ts";

const ROOT = path.resolve(import.meta.dirname, "../../..");
const CHECKPOINT = path.join(ROOT, "models/m3-mini");
const ARTEFACT = path.join(ROOT, "public/models/m3-mini");

/** A folder of links to another's files: those that are changed are files of its own. */
async function linkedCopy(folder: string): Promise<string> {
  const copy = path.join(await temporaryFolder(), "copy");
  await mkdir(copy);
  for (const file of await readdir(folder)) await symlink(path.join(folder, file), path.join(copy, file));
  return copy;
}

async function change(folder: string, file: string, edit: (bytes: Buffer) => Uint8Array | string): Promise<void> {
  const changed = edit(await readFile(path.join(folder, file)));
  await rm(path.join(folder, file));
  await writeFile(path.join(folder, file), changed);
}

describe("build-model", () => {
  const withConfig = (fields: object) => (folder: string) =>
    change(folder, "config.json", (bytes) => JSON.stringify({ ...JSON.parse(bytes.toString()), ...fields }));

  it.each<[string, (folder: string) => Promise<void>, RegExp]>([
    ["an architecture that is not supported", withConfig({ model_type: "llama" }), /not supported: .*"llama".*"xlm-roberta" and "bert"/],
    ["a shape that is not config.json's", withConfig({ intermediate_size: 1024 }), /"encoder\.layer\.0\.intermediate\..*has shape .*config\.json asks for/],
    ["a tensor that is missing", withConfig({ num_hidden_layers: 99 }), /the tensor "encoder\.layer\..*" is missing/],
    [
      "heads that are cut",
      (folder) => change(folder, "heads.safetensors", (bytes) => bytes.subarray(0, -1)),
      /heads\.safetensors is not a whole safetensors file/,
    ],
    ["no tokenizer", (folder) => rm(path.join(folder, "tokenizer.json")), /there is no tokenizer\.json/],
  ])("refuses %s", async (_, spoil, message) => {
    const folder = await linkedCopy(CHECKPOINT);
    await spoil(folder);
    const { code, stdout, stderr } = await bgeM3Web(["build-model", folder, "--out", path.join(folder, "..", "out"), "--no-self-test"]);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/^bge-m3-web: [^\n]*\n$/);
    expect(await readdir(path.join(folder, ".."))).toEqual(["copy"]);
  });
});

describe("encode", () => {
  const manifestOf = async (folder: string): Promise<Manifest> => JSON.parse(await readFile(path.join(folder, "manifest.json"), "utf8"));
  const withManifest = (edit: (manifest: Manifest) => object) => (folder: string) =>
    change(folder, "manifest.json", (bytes) => JSON.stringify(edit(JSON.parse(bytes.toString()))));
  const firstPage = async (folder: string) => {
    const { shards, wordEmbeddings } = await manifestOf(folder);
    return shards[wordEmbeddings.shards[0]!]!.file;
  };

  it.each<[string, (folder: string) => Promise<void>, RegExp]>([
    ["a shard that is missing", async (folder) => rm(path.join(folder, await firstPage(folder))), /model file "[0-9a-f]{16}\.safetensors" could not be loaded/],
    [
      "a shard with one wrong bit",
      async (folder) =>
        change(folder, await firstPage(folder), (bytes) => {
          bytes[bytes.length - 1]! ^= 1;
          return bytes;
        }),
      /model file "[0-9a-f]{16}\.safetensors" is damaged/,
    ],
    [
      "a vocabulary that is cut",
      async (folder) => change(folder, (await manifestOf(folder)).tokenizer.file, (bytes) => bytes.subarray(0, 1000)),
      /model file "[0-9a-f]{16}\.vocab" is damaged/,
    ],
    ["a newer format", withManifest((manifest) => ({ ...manifest, formatVersion: 99 })), /format version 99.*[Uu]pdate/],
    [
      "another architecture",
      withManifest((manifest) => ({ ...manifest, architecture: { ...manifest.architecture, family: "llama" } })),
      /not supported: its architecture is "llama"/,
    ],
  ])("refuses a model with %s", async (_, spoil, message) => {
    const folder = await linkedCopy(ARTEFACT);
    await spoil(folder);
    const { code, stdout, stderr } = await bgeM3Web(["encode", "-", "--model", folder], { stdin: '{"text": "a, the."}\n' });
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/^bge-m3-web: [^\n]*\n$/);
  });

  it("gives no line for no text, and says how many texts were cut", async () => {
    expect(await bgeM3Web(["encode", "-"])).toMatchObject({ code: 0, stdout: "" });
    const long = JSON.stringify({ text: "word ".repeat(600) });
    const { code, lines, stderr } = await bgeM3Web(["encode", "-", "--json"], { stdin: `${long}\n` });
    expect([code, lines.length]).toEqual([0, 1]);
    expect(JSON.parse(stderr)).toMatchObject({ texts: 1, tokens: 512, truncated: 1 });
  });
});
