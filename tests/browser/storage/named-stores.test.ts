/** Which stores there are, in both of the browser's stores, and that one in use is left alone. */
import { expect, it } from "vitest";
import { listStores, useStore, whileUnused } from "#storage/named-stores.ts";
import { openStore } from "#storage/open.ts";

it("lists stores by name, wherever they lie", async () => {
  const parent = `named-${crypto.randomUUID().slice(0, 8)}`;
  expect(await listStores(parent)).toEqual([]);
  const [file, database] = [await openStore(`${parent}/file`, { kinds: ["opfs"] }), await openStore(`${parent}/database`, { kinds: ["indexeddb"] })];
  const below = await openStore(`${parent}/file/below`, { kinds: ["opfs"] });
  expect(await listStores(parent)).toEqual(["database", "file"]);
  for (const { store } of [file, database, below]) store.close();
});

it("runs nothing on a store that is in use", async () => {
  const name = crypto.randomUUID();
  let runs = 0;
  const attempt = () =>
    whileUnused(name, async () => {
      runs++;
    });
  const [first, second] = [await useStore(name), await useStore(name)];
  expect(await attempt()).toBe(false);
  await first();
  expect(await attempt()).toBe(false);
  await second();
  expect(await attempt()).toBe(true);
  expect(runs).toBe(1);
  await expect(whileUnused(name, () => Promise.reject(new Error("broken off")))).rejects.toThrow("broken off");
});
