/** The model that a command takes when none is named: m3-mini, where this package has it (a checkout does, the published package does not). */
import { existsSync } from "node:fs";
import path from "node:path";
import { InvalidInputError } from "#core/errors.ts";
import { packageRoot } from "./package-root.ts";

/** @throws InvalidInputError when the package brings no model along */
export function defaultModelFolder(): string {
  const folder = path.join(packageRoot(), "public/models/m3-mini");
  if (existsSync(path.join(folder, "manifest.json"))) return folder;
  throw new InvalidInputError("--model", "given, as this package has no model of its own (build-model makes one)", undefined);
}
