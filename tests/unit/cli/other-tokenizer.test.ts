/** A model with BERT's tokenizer on the command line: built, tokenised and encoded through @huggingface/transformers. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openNodeSession } from "#cli/node-session.ts";
import type { Manifest } from "#core/manifest.ts";
import { parseManifest } from "#core/parse-manifest.ts";
import { bertFiles, ENCODER, formula, HEADS, json } from "../builder/memory-folder.ts";
import { bgeM3Web } from "./fake-surroundings.ts";

const FIXTURE = path.resolve(import.meta.dirname, "../../fixtures/bert-tokenizer");
const read = async (file: string) => JSON.parse(await readFile(path.join(FIXTURE, file), "utf8"));

let root: string;
let goldens: { text: string; ids: number[]; offsets: number[][] }[];
let checkpoint: string;
let model: string;
let texts: string;

async function writeCheckpoint(tokenizer: object): Promise<string> {
  const folder = await mkdtemp(path.join(root, "bert-"));
  const positions = formula("embeddings.position_embeddings.weight", [64, 32]);
  const words = formula(ENCODER[0]!.name, [122, 32]);
  const encoder = ENCODER.map((tensor) => (tensor.name === words.name ? words : tensor.name === positions.name ? positions : tensor));
  const files = bertFiles({ config: { vocab_size: 122, max_position_embeddings: 64 }, encoder, heads: HEADS });
  const own = { "tokenizer.json": json(tokenizer), "tokenizer_config.json": json(await read("tokenizer_config.json")) };
  for (const [file, bytes] of Object.entries({ ...files, ...own })) await writeFile(path.join(folder, file), bytes);
  return folder;
}

beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), "other-tokenizer-"));
  ({ goldens } = await read("goldens.json"));
  checkpoint = await writeCheckpoint(await read("tokenizer.json"));
  model = path.join(checkpoint, "out");
  const built = await bgeM3Web(["build-model", checkpoint, "--out", model, "--dtype", "fp32"], { openSession: openNodeSession });
  expect([built.code, built.stderr]).toEqual([0, ""]);
  texts = path.join(checkpoint, "texts.jsonl");
  await writeFile(texts, goldens.map(({ text }) => JSON.stringify({ text })).join("\n"));
});

afterAll(() => rm(root, { recursive: true, force: true }));

describe("a model with BERT's tokenizer", () => {
  it("keeps the tokenizer's JSON in the artefact, and has a self-test of its own ids", async () => {
    const manifest: Manifest = parseManifest(JSON.parse(await readFile(path.join(model, "manifest.json"), "utf8")));
    expect(manifest.tokenizer).toMatchObject({ kind: "transformers", file: expect.stringMatching(/^[0-9a-f]{16}\.json$/) });
    expect(manifest.selfTest!.answers[0]!.ids.at(0)).toBe(2);
    expect(manifest.selfTest!.answers[0]!.ids.at(-1)).toBe(3);
    expect(JSON.parse(await readFile(path.join(model, manifest.tokenizer.file), "utf8"))).toEqual({
      tokenizer: await read("tokenizer.json"),
      config: await read("tokenizer_config.json"),
    });
  });

  it("is tokenised with the ids and places of the Rust library", async () => {
    const { code, lines } = await bgeM3Web(["tokenize", texts, "--model", model]);
    expect(code).toBe(0);
    expect(lines).toEqual(goldens.map(({ ids, offsets }) => ({ ids, offsets })));
  });

  it("is encoded by all heads, special tokens without weights", async () => {
    const { code, lines } = await bgeM3Web(["encode", texts, "--model", model], { openSession: openNodeSession });
    expect(code).toBe(0);
    const [first] = lines as { denseVecs: number[]; lexicalWeights: Record<string, number>; colbertVecs: number[][] }[];
    expect(first!.denseVecs).toHaveLength(32);
    expect(first!.colbertVecs).toHaveLength(goldens[0]!.ids.length - 1);
    for (const id of Object.keys(first!.lexicalWeights)) expect([2, 3, 0, 1]).not.toContain(Number(id));
  });
});

describe("a tokenizer that does not fit is refused", () => {
  it.each<[string, (tokenizer: { model: { vocab: Record<string, unknown> } }) => object, string]>([
    [
      "more ids than rows",
      (whole) => ({ ...whole, model: { ...whole.model, vocab: { ...whole.model.vocab, more: 122 } } }),
      "gives ids up to 122, but its word embeddings have 122 rows",
    ],
    ["an id that is no number", (whole) => ({ ...whole, model: { ...whole.model, vocab: { ...whole.model.vocab, more: "7" } } }), 'the id of \\"more\\"'],
    ["no vocabulary", (whole) => ({ ...whole, model: { type: "WordPiece" } }), "model.vocab"],
  ])("%s", async (_, change, message) => {
    const folder = await writeCheckpoint(change(await read("tokenizer.json")));
    const { code, stderr } = await bgeM3Web(["build-model", folder, "--out", path.join(folder, "out"), "--no-self-test"]);
    expect([code, JSON.stringify(stderr)]).toEqual([1, expect.stringContaining(message)]);
  });
});
