/** The declarations of dist: the compiler's, with `#room/file.ts` rewritten, since neither `#` nor `.ts` means anything outside this repository. */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { dist } from "./bundles.ts";

const types = path.join(dist, "types");

/** Module specifiers of a declaration file: `from "…"`, `import "…"`, `import("…")`. */
const SPECIFIER = /(\bfrom\s*|\bimport\s*\(?\s*)"([^"]+)"/g;

export function buildTypes(): void {
  execFileSync(process.execPath, [path.resolve("node_modules/typescript/bin/tsc"), "-p", path.join(import.meta.dirname, "tsconfig.types.json")], {
    stdio: "inherit",
  });
  for (const name of readdirSync(types, { recursive: true, encoding: "utf8" })) {
    if (!name.endsWith(".d.ts")) continue;
    const file = path.join(types, name);
    writeFileSync(file, rewriteSpecifiers(readFileSync(file, "utf8"), name));
  }
}

/** @param name path of the declaration file below the types folder */
function rewriteSpecifiers(declarations: string, name: string): string {
  return declarations.replace(SPECIFIER, (whole, before: string, specifier: string) => {
    if (!specifier.startsWith("#") && !specifier.startsWith(".")) return whole;
    const target = specifier.startsWith("#") ? path.posix.relative(path.posix.dirname(name), specifier.slice(1)) : specifier;
    const relative = target.startsWith(".") ? target : `./${target}`;
    return `${before}"${relative.replace(/\.ts$/, ".js")}"`;
  });
}
