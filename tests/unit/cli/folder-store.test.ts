import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { expect, it } from "vitest";
import { FolderStore } from "#cli/folder-store.ts";
import { describeByteStore } from "../../contract/byte-store.ts";
import { temporaryFolder } from "./fake-surroundings.ts";

describeByteStore("folder", async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), "bge-m3-web-"));
  return {
    store: await FolderStore.open(path.join(folder, "new")),
    again: () => FolderStore.open(path.join(folder, "new")),
    destroy: () => rm(folder, { recursive: true, force: true }),
  };
});

it("shows no file that is still being written", async () => {
  const folder = await temporaryFolder();
  const store = await FolderStore.open(folder);
  const writer = await store.create("a");
  await writer.append(new Uint8Array(3));
  expect(await store.list()).toEqual([]);
  expect(await readdir(folder)).toHaveLength(1);
  await writer.abort();
  expect(await readdir(folder)).toEqual([]);
});

it("tells what stands in its way", async () => {
  const folder = await temporaryFolder();
  await writeFile(path.join(folder, "file"), "");
  await expect(FolderStore.open(path.join(folder, "file"))).rejects.toMatchObject({ code: "storage-failed" });
  const store = await FolderStore.open(folder);
  await mkdir(path.join(folder, "taken", "full"), { recursive: true });
  const writer = await store.create("taken");
  await writer.append(new Uint8Array(3));
  await expect(writer.commit()).rejects.toMatchObject({ code: "storage-failed" });
  expect((await readdir(folder)).sort()).toEqual(["file", "taken"]);
});
