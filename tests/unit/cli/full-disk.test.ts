/** A disk that fills up while a model is written. */
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { createArtefactFolder } from "#cli/artefact-folder.ts";
import { buildModel } from "#cli/commands/build-model.ts";

/** Bytes that are left on the disk on which artefacts are written. */
const disk = vi.hoisted(() => ({ left: Number.POSITIVE_INFINITY, code: "ENOSPC" }));

vi.mock("node:fs/promises", async (original) => {
  const real = await original<typeof import("node:fs/promises")>();
  return {
    ...real,
    async writeFile(file: string, bytes: Uint8Array, options?: { flag: string }) {
      if (!String(file).includes(".building-")) return real.writeFile(file, bytes, options);
      const fitting = Math.min(bytes.length, disk.left);
      await real.writeFile(file, bytes.subarray(0, fitting), options);
      disk.left -= fitting;
      if (fitting < bytes.length) throw Object.assign(new Error(`${disk.code}: no space left on device, write`), { code: disk.code });
    },
  };
});

let root: string;
beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), "full-disk-"));
});
afterEach(() => rm(root, { recursive: true, force: true }));

it.each(["ENOSPC", "EDQUOT", "EFBIG"])("says so and leaves nothing half-written (%s)", async (code) => {
  const out = path.join(root, "out");
  Object.assign(disk, { left: 30_000, code });
  const writing = (async () => {
    const folder = await createArtefactFolder(out);
    try {
      for (const file of ["first", "second"]) await folder.write(file, new Uint8Array(20_000));
    } finally {
      await folder.discard();
    }
  })();
  await expect(writing).rejects.toMatchObject({ code: "storage-full", message: expect.stringContaining(root) });
  expect(await readdir(root)).toEqual([]);
});

it("keeps the old model when the new one does not fit", async () => {
  const out = path.join(root, "out");
  await mkdir(out);
  await writeFile(path.join(out, "manifest.json"), JSON.stringify({ format: "bge-m3-web/model" }));
  Object.assign(disk, { left: 10_000_000, code: "ENOSPC" });
  await expect(buildModel({ checkpoint: "models/m3-mini", out, dtype: "q4" })).rejects.toMatchObject({ code: "storage-full" });
  expect(await readdir(root)).toEqual(["out"]);
  expect(await readdir(out)).toEqual(["manifest.json"]);
});
