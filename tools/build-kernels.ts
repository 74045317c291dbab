/**
 * Compiles the AssemblyScript kernels to src/scoring/kernels/generated/kernels.ts, the module as base64: no file of its own to fetch, no path to configure.
 *
 *     npx tsx tools/build-kernels.ts           writes the file
 *
 * tests/unit/scoring/kernels.test.ts compiles again and compares, so a forgotten build is noticed.
 */
import { readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { main as compile } from "assemblyscript/asc";

const folder = path.resolve(import.meta.dirname, "../src/scoring/kernels");
export const generatedFile = path.join(folder, "generated/kernels.ts");

/** -O3 and -O0 were measured equal here (Chromium 156, Node 20): these loops are small enough that the optimiser's long expressions do not make V8 spill. */
const OPTIONS = ["-O3", "--noAssert", "--runtime", "stub", "--enable", "simd"];

/** The text of the generated file. @throws Error with the compiler's messages */
export async function generateKernels(): Promise<string> {
  const assembly = path.join(folder, "assembly");
  const entries = readdirSync(assembly)
    .filter((file) => file.endsWith(".ts"))
    .sort();
  let wasm: Uint8Array | undefined;
  const { error, stderr } = await compile([...entries, ...OPTIONS, "--baseDir", assembly, "--outFile", "kernels.wasm"], {
    writeFile: (_name: string, contents: string | Uint8Array) => {
      if (typeof contents !== "string") wasm = contents;
    },
  });
  if (error || !wasm) throw new Error(`The kernels do not compile: ${error?.message}\n${stderr.toString()}`);
  return [
    "// Made by tools/build-kernels.ts from ../assembly. Do not edit.",
    `export const KERNELS_BYTES = ${wasm.length};`,
    `export const KERNELS_BASE64 =\n  "${Buffer.from(wasm).toString("base64")}";`,
    "",
  ].join("\n");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(generatedFile, await generateKernels());
