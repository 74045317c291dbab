/** Where this package lies, be it a checkout (src/cli) or installed (dist, dist/cli). */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";

/** The folder of this package's package.json. */
export function packageRoot(): string {
  let folder = import.meta.dirname;
  while (!existsSync(path.join(folder, "package.json")) && folder !== path.dirname(folder)) folder = path.dirname(folder);
  return folder;
}

export function packageVersion(): string {
  return (JSON.parse(readFileSync(path.join(packageRoot(), "package.json"), "utf8")) as { version: string }).version;
}
