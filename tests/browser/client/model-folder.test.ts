/** A model in a folder on the user's disk: a directory handle (one of the private file system is of the same class), and the files of a chosen or dropped folder. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { openModelStorage } from "#worker/model-storage.ts";
import { M3 } from "../../../src/index.ts";
import { scene } from "../model/scene.ts";

const options = { device: "wasm", threads: 1, prefetch: "none" } as const;
const TEXT = "How do I print a page?";

const name = `model-folder-${crypto.randomUUID()}`;
let handle: FileSystemDirectoryHandle;
let expected: Float32Array;

/** The files that a load and one text need. */
beforeAll(async () => {
  const { folder, log } = scene("none");
  const m3 = await M3.load(folder, { ...options, storage: "memory" });
  expected = (await m3.encode(TEXT)).denseVecs!;
  await m3.dispose();
  handle = await (await navigator.storage.getDirectory()).getDirectoryHandle(name, { create: true });
  for (const file of new Set((await log()).map((entry) => entry.file))) {
    const sink = await (await handle.getFileHandle(file, { create: true })).createWritable();
    await (await fetch(`/models/m3-mini/${file}`)).body!.pipeTo(sink);
  }
});

afterAll(async () => {
  await (await navigator.storage.getDirectory()).removeEntry(name, { recursive: true });
});

const storedFiles = async () => (await (await openModelStorage()).store.list()).length;

it("is loaded by its handle, without a server, and nothing of it is copied", async () => {
  const before = await storedFiles();
  const m3 = await M3.load(handle, options);
  expect((await m3.encode(TEXT)).denseVecs).toEqual(expected);
  expect(m3.info.name).toBe("m3-mini");
  await m3.dispose();
  expect(await storedFiles()).toBe(before);
});

it("is loaded by its files, of which a missing and a damaged one are told by name", async () => {
  const files: File[] = [];
  for await (const entry of handle.values()) files.push(await (entry as FileSystemFileHandle).getFile());
  const m3 = await M3.load(files, options);
  expect((await m3.encode(TEXT)).denseVecs).toEqual(expected);
  await m3.dispose();

  const largest = files.reduce((most, file) => (file.size > most.size ? file : most));
  const others = files.filter((file) => file !== largest);
  await expect(M3.load(others, options)).rejects.toMatchObject({
    code: "missing-shard",
    fields: { file: largest.name },
    message: expect.stringContaining("not in the folder"),
  });
  const bytes = new Uint8Array(await largest.arrayBuffer());
  bytes[1000]! ^= 1;
  await expect(M3.load([...others, new File([bytes], largest.name)], options)).rejects.toMatchObject({
    code: "corrupt-shard",
    fields: { file: largest.name },
  });
});

it("is refused at the door where it is none", async () => {
  await expect(M3.load([new File(["x"], "readme.txt")], options)).rejects.toMatchObject({
    code: "invalid-input",
    message: expect.stringContaining("manifest.json"),
  });
  await expect(M3.load({ kind: "file" } as never, options)).rejects.toMatchObject({ code: "invalid-input", fields: { path: "model" } });
});
