/** A model as a package of its own: packed, installed from the tarball, and found by `copy-assets`. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, inject, it } from "vitest";
import { packModel } from "../../tools/models/pack-model.ts";
import { readTree, repository, run } from "./installed.ts";

const { folder } = inject("installed");
const artefact = path.join(repository, "tests/fixtures/artefact-v1/q4");

it("is installed beside the library, and copied by its name", () => {
  const tarball = packModel(artefact, path.join(folder, "models-packed"));
  run(folder, "npm", ["install", "--silent", "--no-save", "--prefer-offline", "--no-audit", "--no-fund", tarball]);
  const about = JSON.parse(readFileSync(path.join(folder, "node_modules/bge-m3-web-model-format-1-q4/package.json"), "utf8"));
  expect(about).toMatchObject({ name: "bge-m3-web-model-format-1-q4", license: "MIT" });

  const copied = JSON.parse(run(folder, "npx", ["bge-m3-web", "copy-assets", "with-model", "--no-webgpu", "--model", "format-1-q4", "--json"]));
  expect(copied.model).toBe("format-1-q4");
  expect(copied.files).toContain("isolation-worker.js");
  const wanted = readTree(artefact).map(({ name, text }) => [name, text]);
  const found = readTree(path.join(folder, "with-model/models/format-1-q4")).map(({ name, text }) => [name, text]);
  expect(found.toSorted()).toEqual(wanted.toSorted());
});

it("is told to be missing in one line", () => {
  expect(() => run(folder, "npx", ["bge-m3-web", "copy-assets", "without-model", "--model", "no-such-model"])).toThrow(/no-such-model/);
});
