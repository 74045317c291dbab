/**
 * Compiles the AssemblyScript kernels to generated/*.ts beside them, each module as base64: no file of its own to fetch, no path to configure.
 *
 *     npx tsx tools/build-kernels.ts           writes the files
 *
 * Tests compile again and compare, so a forgotten build is noticed.
 */
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { main as compile } from "assemblyscript/asc";

interface KernelModule {
  /** The folder that has `assembly` and `generated`. */
  readonly folder: string;
  readonly file: string;
  /** Folders in `assembly` whose files' exports the module has. */
  readonly entries: readonly string[];
  readonly options: readonly string[];
}

const COMMON = ["--noAssert", "--runtime", "stub", "--enable", "simd"];

/** -O3 and -O0 were measured equal here (Chromium 156, Node 20): these loops are small enough that the optimiser's long expressions do not make V8 spill. */
const scoring: KernelModule = {
  folder: path.resolve(import.meta.dirname, "../src/scoring/kernels"),
  file: "kernels.ts",
  entries: ["."],
  options: [...COMMON, "-O3"],
};

/**
 * -O0: the optimiser folds locals into long expressions, of which V8 spills the registers that the loops were written for. The memory is imported, for all
 * threads share one; that it is shared is a bit that is set at load (wasm-encoder/kernels.ts), so that one module serves both.
 */
const encoder = (name: string, features: readonly string[]): KernelModule => ({
  folder: path.resolve(import.meta.dirname, "../src/runtime/wasm-encoder"),
  file: `${name}.ts`,
  entries: ["shared", name],
  options: [...COMMON, "-O0", "--importMemory", "--initialMemory", "1", "--maximumMemory", "65536", ...features.flatMap((one) => ["--enable", one])],
});

export const kernelModules = { scoring, encoderRelaxed: encoder("relaxed", ["relaxed-simd"]), encoderPlain: encoder("plain", []) } as const;

export function generatedFile({ folder, file }: KernelModule): string {
  return path.join(folder, "generated", file);
}

/** The text of the generated file. @throws Error with the compiler's messages */
export async function generateKernels({ folder, entries: folders, options }: KernelModule): Promise<string> {
  const assembly = path.join(folder, "assembly");
  const entries = folders.flatMap((name) =>
    readdirSync(path.join(assembly, name))
      .filter((file) => file.endsWith(".ts"))
      .sort()
      .map((file) => path.posix.join(name, file)),
  );
  let wasm: Uint8Array | undefined;
  const { error, stderr } = await compile([...entries, ...options, "--baseDir", assembly, "--outFile", "kernels.wasm"], {
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

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const module of Object.values(kernelModules)) {
    const file = generatedFile(module);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, await generateKernels(module));
  }
}
