/**
 * Makes an npm package of a model artefact: bge-m3-web-model-<name>, which `bge-m3-web copy-assets` knows.
 *
 *     npm run pack:model -- [ARTEFACT_FOLDER] [OUT_FOLDER]        default: public/models/m3-mini, into .cache/packages
 */
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { modelPackageName } from "#cli/model-package.ts";
import type { Manifest } from "#core/manifest.ts";

const ROOT = path.resolve(import.meta.dirname, "../..");

/** @returns path of the tarball, in `out` */
export function packModel(artefact: string, out: string): string {
  const manifest: Manifest = JSON.parse(readFileSync(path.join(artefact, "manifest.json"), "utf8"));
  const { version } = JSON.parse(readFileSync(path.join(ROOT, "package.json"), "utf8")) as { version: string };
  const staging = mkdtempSync(path.join(tmpdir(), "model-package-"));
  try {
    const files = ["manifest.json", manifest.tokenizer.file, ...new Set(manifest.shards.map(({ file }) => file))];
    for (const file of files) cpSync(path.join(artefact, file), path.join(staging, file));
    const description = `The model ${manifest.name} for bge-m3-web. ${manifest.source}.`;
    const about = { name: modelPackageName(manifest.name), version, description, license: manifest.license, files, exports: { "./*": "./*" } };
    writeFileSync(path.join(staging, "package.json"), `${JSON.stringify(about, null, 2)}\n`);
    writeFileSync(path.join(staging, "README.md"), readme(manifest));
    mkdirSync(out, { recursive: true });
    const [packed] = JSON.parse(execFileSync("npm", ["pack", "--json", "--pack-destination", path.resolve(out)], { cwd: staging, encoding: "utf8" })) as [
      { readonly filename: string },
    ];
    return path.join(out, packed.filename);
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

function readme({ name, license, source }: Manifest): string {
  const command = `    npm install bge-m3-web ${modelPackageName(name)}\n    npx bge-m3-web copy-assets public/m3 --model ${name}\n`;
  return `# ${modelPackageName(name)}\n\n${source}. Licence: ${license}.\n\nFiles for [bge-m3-web](https://www.npmjs.com/package/bge-m3-web), which a static host serves:\n\n${command}`;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const [artefact = path.join(ROOT, "public/models/m3-mini"), out = path.join(ROOT, ".cache/packages")] = process.argv.slice(2);
  console.log(packModel(artefact, out));
}
