import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { openNodeSession } from "#cli/node-session.ts";
import type { Manifest } from "#core/manifest.ts";
import { bgeM3Web, temporaryFolder } from "./fake-surroundings.ts";

const ROOT = path.resolve(import.meta.dirname, "../../..");
const M3_MINI = path.join(ROOT, "models/m3-mini");

interface Goldens {
  readonly texts: readonly { readonly text: string; readonly kind: string; readonly ids: number[]; readonly dense: number[] }[];
}

describe("build-model", () => {
  it("builds m3-mini, with a self-test of answers that it computes itself in float32", async () => {
    const out = path.join(await temporaryFolder(), "built");
    const args = ["build-model", M3_MINI, "--out", out, "--dtype", "q4", "--name", "renamed", "--json"];
    const { code, lines, stderr, sessions } = await bgeM3Web(args, { openSession: openNodeSession });
    expect([code, stderr]).toEqual([0, ""]);
    expect(sessions).toMatchObject([{ precision: "fp32" }]);
    expect(lines).toMatchObject([{ out, name: "renamed", dtype: "q4", selfTest: true, heads: ["dense", "lexical", "colbert"] }]);

    const manifest: Manifest = JSON.parse(await readFile(path.join(out, "manifest.json"), "utf8"));
    const goldens: Goldens = JSON.parse(await readFile(path.join(ROOT, "tests/oracle/goldens-mini.json"), "utf8"));
    expect(manifest.prompts).toEqual({ query: "query: ", passage: "passage: " });
    expect(manifest.selfTest!.answers).toHaveLength(2);
    for (const { text, kind, ids, dense } of manifest.selfTest!.answers) {
      const golden = goldens.texts.find((entry) => entry.text === text && entry.kind === kind)!;
      expect(ids).toEqual(golden.ids);
      for (const [index, value] of dense.entries()) expect(Math.abs(value - golden.dense[index]!)).toBeLessThan(1e-5);
    }
  });

  it("can do without a self-test, and then opens no session", async () => {
    const out = path.join(await temporaryFolder(), "built");
    const { code, sessions, stdout } = await bgeM3Web(["build-model", M3_MINI, "--out", out, "--no-self-test"]);
    expect([code, sessions]).toEqual([0, []]);
    expect(stdout).toMatch(/^m3-mini \(q4, 70\.6 MB in 250 shards, fingerprint [0-9a-f]{16}…\) is in .*\.\n$/);
    expect(JSON.parse(await readFile(path.join(out, "manifest.json"), "utf8")).selfTest).toBeNull();
  });

  it("says which heads the checkpoint has none for", async () => {
    const checkpoint = path.join(await temporaryFolder(), "headless");
    await cp(M3_MINI, checkpoint, { recursive: true });
    await rm(path.join(checkpoint, "heads.safetensors"));
    const args = ["build-model", checkpoint, "--out", path.join(checkpoint, "out"), "--no-self-test"];
    const { code, stdout } = await bgeM3Web(args);
    expect([code, stdout]).toEqual([0, expect.stringContaining("It has no lexical and no ColBERT head: the checkpoint has no weights for it.")]);
    const { lines } = await bgeM3Web([...args, "--json"]);
    expect(lines).toMatchObject([{ heads: ["dense"] }]);
  });

  it("fails with one line, and writes nothing, for a folder that is no checkpoint or may not be replaced", async () => {
    const folder = await temporaryFolder();
    const out = path.join(folder, "out");
    const missing = await bgeM3Web(["build-model", path.join(folder, "missing"), "--out", out]);
    expect([missing.code, missing.stderr]).toEqual([1, expect.stringMatching(/^bge-m3-web: .*\n$/)]);
    await mkdir(out);
    await writeFile(path.join(out, "diary.txt"), "mine");
    const foreign = await bgeM3Web(["build-model", M3_MINI, "--out", out]);
    expect([foreign.code, foreign.stderr]).toEqual([1, expect.stringMatching(/^bge-m3-web: .*\n$/)]);
    expect(await readdir(folder)).toEqual(["out"]);
    expect(await readdir(out)).toEqual(["diary.txt"]);
  });
});
