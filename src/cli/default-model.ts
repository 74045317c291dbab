/** The model that a command takes when none is named: m3-mini, where it is installed (`bge-m3-web-model-m3-mini`) or where this package has it (a checkout does). */
import { existsSync } from "node:fs";
import path from "node:path";
import { InvalidInputError } from "#core/errors.ts";
import { modelPackageFolder, modelPackageName } from "./model-package.ts";
import { packageRoot } from "./package-root.ts";

const NAME = "m3-mini";

/** @returns null where there is none */
export function findDefaultModel(): string | null {
  const installed = modelPackageFolder(NAME, process.cwd());
  if (installed) return installed;
  const folder = path.join(packageRoot(), "public/models", NAME);
  return existsSync(path.join(folder, "manifest.json")) ? folder : null;
}

/** @throws InvalidInputError when there is none */
export function defaultModelFolder(): string {
  const folder = findDefaultModel();
  if (folder) return folder;
  throw new InvalidInputError(
    "--model",
    `given, as the package ${modelPackageName(NAME)} is not installed (build-model makes a model of a checkpoint)`,
    undefined,
  );
}
