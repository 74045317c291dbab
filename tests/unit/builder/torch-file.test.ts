/** Files that PyTorch wrote: tests/oracle/make_torch_fixtures.py. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { buildArtefact } from "#builder/build-artefact.ts";
import type { CheckpointTensor } from "#builder/checkpoint-tensor.ts";
import { readFloatRows } from "#builder/checkpoint-tensor.ts";
import { readTorchFile } from "#builder/torch/torch-file.ts";
import { pageTensorName } from "#core/tensor-layout.ts";
import { BERT_CONFIG, bertFiles, type Files, formulaValues, HEADS, json, MemorySink, memorySource, storedBytes, VOCABULARY } from "./memory-folder.ts";

const fixture = (name: string) => new Uint8Array(readFileSync(path.join(import.meta.dirname, "../../fixtures/torch", name)));
const open = (name: string, bytes = fixture(name)) => readTorchFile(memorySource({ [name]: bytes }), name);
const whole = (tensor: CheckpointTensor) => readFloatRows(tensor, 0, tensor.shape[0]!);

async function build(files: Files) {
  const sink = new MemorySink();
  return { ...(await buildArtefact(memorySource(files), sink, { dtype: "fp32", vocabulary: VOCABULARY })), files: sink.files };
}

const LAYER = "encoder.layer.0";
/** What the awkward fixture holds in fewer bits: float16 has 11, bfloat16 8. */
const ROUNDED: Record<string, number> = { [`${LAYER}.attention.output.dense.weight`]: 2 ** -11, [`${LAYER}.intermediate.dense.weight`]: 2 ** -8 };

describe("readTorchFile", () => {
  it.each(["bert-awkward.bin", "bert-protocol-4.bin"])("gives the tensors of %s, whatever their layout in the file", async (name) => {
    const tensors = await open(name);
    const encoder = tensors.filter((tensor) => tensor.dtype !== "I64" && !tensor.name.startsWith("cls."));
    expect(encoder).toHaveLength(21);
    for (const tensor of encoder) {
      const plain = tensor.name.replace("bert.", "");
      const expected = formulaValues(plain, tensor.shape);
      const values = await whole(tensor);
      const tolerance = name === "bert-awkward.bin" ? (ROUNDED[plain] ?? 0) : 0;
      for (let index = 0; index < expected.length; index++) {
        const difference = Math.abs(values[index]! - expected[index]!);
        if (difference > tolerance * Math.abs(expected[index]!)) expect.fail(`${plain}[${index}]: ${values[index]} instead of ${expected[index]}`);
      }
      if (tolerance > 0) expect(values).not.toEqual(expected);
    }
  });

  it("reads some rows of a transposed and of a sliced view", async () => {
    const tensors = await open("bert-awkward.bin");
    for (const [name, shape] of [
      [`${LAYER}.output.dense.weight`, [32, 64]],
      [`${LAYER}.attention.self.value.weight`, [32, 32]],
    ] as const) {
      const tensor = tensors.find((entry) => entry.name === `bert.${name}`)!;
      expect(await readFloatRows(tensor, 7, 3)).toEqual(formulaValues(name, shape).slice(7 * shape[1], 10 * shape[1]));
    }
  });

  it("lets a whole checkpoint of torch files become the artefact of the safetensors one", async () => {
    const safetensors = await build(bertFiles());
    const torch = await build({
      "config.json": json(BERT_CONFIG),
      "pytorch_model.bin": fixture("bert-protocol-4.bin"),
      "sparse_linear.pt": fixture("sparse_linear.pt"),
      "colbert_linear.pt": fixture("colbert_linear.pt"),
    });
    expect(torch.files).toEqual(safetensors.files);
    const official = await build({ "config.json": json(BERT_CONFIG), "model.safetensors": fixture("bert.safetensors") });
    expect(storedBytes(official.files, official.manifest, pageTensorName(0, ""))).toEqual(storedBytes(torch.files, torch.manifest, pageTensorName(0, "")));
  });

  it("makes do with one of the two heads", async () => {
    const { manifest, files } = await build({ ...bertFiles({ heads: null }), "colbert_linear.pt": fixture("colbert_linear.pt") });
    expect(manifest.heads).toMatchObject({ lexical: null, colbert: { dim: 16 } });
    expect(storedBytes(files, manifest, "colbert_linear.weight")).toEqual(HEADS[2]!.bytes);
  });

  it.each([
    ["os-system.bin", /"(posix|nt)\.system"/],
    ["eval.bin", /"(__builtin__|builtins)\.eval"/],
    ["getattr.bin", /"(__builtin__|builtins)\.getattr"/],
  ])("refuses %s and names what it asks for", async (name, message) => {
    await expect(open(name)).rejects.toMatchObject({
      code: "invalid-checkpoint",
      message: expect.stringMatching(message),
      fields: { global: expect.any(String) },
    });
  });

  it.each([
    ["legacy.bin", "since PyTorch 1.6"],
    ["compressed.bin", "is compressed"],
    ["list.bin", "no state dict"],
  ])("refuses %s", async (name, message) => {
    await expect(open(name)).rejects.toMatchObject({ code: "invalid-checkpoint", message: expect.stringContaining(message) });
  });

  it("refuses a file that is cut anywhere", async () => {
    const bytes = fixture("sparse_linear.pt");
    for (let length = 0; length < bytes.length; length += 13) {
      await expect(open("sparse_linear.pt", bytes.slice(0, length)), `${length} bytes`).rejects.toMatchObject({ code: "invalid-checkpoint" });
    }
  });

  it("refuses a file with damaged bytes, or reads the same tensors, but never fails in another way", async () => {
    const bytes = fixture("sparse_linear.pt");
    const outcomes = new Set<string>();
    for (let position = 0; position < bytes.length; position++) {
      const damaged = bytes.slice();
      damaged[position]! ^= 0x41;
      const outcome = await open("x.pt", damaged).then(
        () => "read",
        (error: { code?: string }) => error.code ?? `${error}`,
      );
      outcomes.add(outcome);
    }
    expect([...outcomes].sort()).toEqual(["invalid-checkpoint", "read"]);
  });

  it("refuses a tensor that reaches beyond its storage", async () => {
    const bytes = fixture("sparse_linear.pt");
    // The shape (1, 32) of the weight in the pickle: BININT1 1, BININT1 32, TUPLE2.
    const shape = bytes.findIndex((_, at) => [0x4b, 1, 0x4b, 32, 0x86].every((byte, index) => bytes[at + index] === byte));
    expect(shape).toBeGreaterThan(0);
    bytes[shape + 3] = 200;
    await expect(open("x.pt", bytes)).rejects.toMatchObject({ code: "invalid-checkpoint", message: expect.stringContaining("reaches beyond its storage") });
  });
});
