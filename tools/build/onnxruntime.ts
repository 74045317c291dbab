/**
 * Puts ONNX Runtime's JavaScript into dist without the glue and the WebAssembly, and tells it where those two lie.
 *
 * The glue file starts pthreads from its own URL, so it must be a file of its own: were it bundled, a pthread would run whatever else is in the bundle.
 * Glue and binary are addressed as `new URL("onnxruntime-web/<file>", import.meta.url)`. A bundler resolves that as a file of the package and emits it
 * as an asset; a plain browser reads it as a path beside the script, where `copy-assets` puts the folder. One dist serves both, and each of the three
 * builds is fetched only when it is chosen.
 */
import { createRequire } from "node:module";
import path from "node:path";
import type { Plugin } from "vite";
import { literalUrl } from "./literal-urls.ts";

/** Subpath of onnxruntime-web, and the stem of its glue and binary. */
const BUILDS: Readonly<Record<string, string>> = {
  "onnxruntime-web/wasm": "ort-wasm-simd-threaded",
  "onnxruntime-web/jspi": "ort-wasm-simd-threaded.jspi",
  "onnxruntime-web/webgpu": "ort-wasm-simd-threaded.asyncify",
};

const PREFIX = "\0ort:";

export function onnxruntime(): Plugin {
  // The folder of the package's files: its exports name the binaries, not the JavaScript without glue.
  const folder = path.dirname(createRequire(import.meta.url).resolve("onnxruntime-web/ort-wasm-simd-threaded.wasm"));
  return {
    name: "onnxruntime-web-files",
    enforce: "pre",
    resolveId(id) {
      if (Object.hasOwn(BUILDS, id)) return PREFIX + id;
      if (id === "onnxruntime-web" || id.startsWith("onnxruntime-web/")) this.error(`${id} is not one of the builds that dist knows how to place.`);
      return null;
    },
    load(id) {
      if (!id.startsWith(PREFIX)) return null;
      const subpath = id.slice(PREFIX.length);
      const file = JSON.stringify(path.join(folder, `ort.${path.basename(subpath)}.min.mjs`));
      const urlOf = (extension: string) => `${literalUrl(`onnxruntime-web/${BUILDS[subpath]}.${extension}`)}.href`;
      return [
        `import { env } from ${file};`,
        `export * from ${file};`,
        `export { default } from ${file};`,
        `env.wasm.wasmPaths ??= { mjs: ${urlOf("mjs")}, wasm: ${urlOf("wasm")} };`,
      ].join("\n");
    },
  };
}
