/** Models as npm packages of their own: `bge-m3-web-model-<name>` is an artefact's folder with a package.json. */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

const PREFIX = "bge-m3-web-model-";
const NAME = /^[0-9a-z][0-9a-z._-]*$/;

/** Name of the npm package of a model. */
export function modelPackageName(model: string): string {
  return PREFIX + model;
}

/**
 * Folder of an installed model package, or null.
 * @param model the model's name, such as "m3-mini"
 * @param from folder whose node_modules, and those above it, are looked through
 */
export function modelPackageFolder(model: string, from: string): string | null {
  if (!NAME.test(model)) return null;
  const { paths } = createRequire(path.join(path.resolve(from), "package.json")).resolve;
  const folders = paths(modelPackageName(model)) ?? [];
  return folders.map((folder) => path.join(folder, modelPackageName(model))).find((folder) => existsSync(path.join(folder, "manifest.json"))) ?? null;
}
