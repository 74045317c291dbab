/** The committed model is what its checkpoint gives: `npm run build:m3-mini` would change nothing. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { openFileModel } from "#cli/file-model.ts";
import { pageTensorName } from "#core/tensor-layout.ts";
import { buildM3Mini, M3_MINI_ARTEFACT } from "../../../tools/models/m3-mini.ts";

const digest = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

describe("public/models/m3-mini", () => {
  it("is what models/m3-mini gives, byte for byte and file by file", async () => {
    const built = new Map<string, string>();
    const sink = { write: async (file: string, bytes: Uint8Array) => void built.set(file, digest(bytes)) };
    await buildM3Mini(sink);
    const committed = new Map(readdirSync(M3_MINI_ARTEFACT).map((file) => [file, digest(readFileSync(path.join(M3_MINI_ARTEFACT, file)))]));
    expect([...committed].sort()).toEqual([...built].sort());
  });

  it("opens, with every shard at most 16 MiB and the heads apart", async () => {
    const { manifest, tensors } = await openFileModel(M3_MINI_ARTEFACT);
    expect(manifest).toMatchObject({ name: "m3-mini", dtype: "q4", maxTokens: 512, prompts: { query: "query: ", passage: "passage: " } });
    for (const { bytes } of manifest.shards) expect(bytes).toBeLessThanOrEqual(2 ** 24);
    const heads = manifest.tensors["colbert_linear.weight"]!.parts[0]!.shard;
    expect(manifest.shards[heads]!.bytes).toBeLessThan(1_000_000);
    const lastPage = await tensors.read(pageTensorName(244, ".q4"));
    expect(lastPage.shape).toEqual([250037 - 244 * 1024, 192]);
  });
});
