/** The JavaScript of dist: bundles with nothing in common, so that none drags the other's files along. */
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { build, defaultClientConditions, type InlineConfig, type Plugin } from "vite";
import { literalUrls } from "./literal-urls.ts";
import { onnxruntime } from "./onnxruntime.ts";

const root = path.resolve(import.meta.dirname, "../..");
export const dist = path.join(root, "dist");

const common: InlineConfig = { root, configFile: false, publicDir: false, logLevel: "warn" };

/**
 * For pages and workers: no bare import is left but that of the optional peer, so the files also run as they are. White space stays, and with it the comments that tell the user's
 * bundler which imports to leave alone.
 */
function browserBundle(
  name: string,
  entries: Readonly<Record<string, string>>,
  options: { minify: boolean; plugins: Plugin[]; format?: "es" | "iife"; external?: string[]; conditions?: string[] },
): InlineConfig {
  const { minify, plugins, format = "es", external = [], conditions = [] } = options;
  return {
    ...common,
    plugins,
    resolve: { conditions: [...conditions, ...defaultClientConditions] },
    build: {
      outDir: dist,
      emptyOutDir: false,
      target: "es2022",
      sourcemap: false,
      minify,
      lib: { entry: { ...entries }, formats: [format], name },
      license: { fileName: `licenses-${name}.md` },
      rolldownOptions: { external, output: { entryFileNames: "[name].js", chunkFileNames: `${name}-[name]-[hash].js` } },
    },
  };
}

/** For Node: dependencies stay imports. Its parts lie in a folder, apart from the browser's files. */
const commandLine: InlineConfig = {
  ...common,
  build: {
    outDir: dist,
    emptyOutDir: false,
    target: "node20",
    sourcemap: false,
    minify: false,
    ssr: true,
    rolldownOptions: {
      input: { cli: path.join(root, "src/cli/main.ts") },
      external: [/^[^.#/\0]/],
      output: { entryFileNames: "[name].js", chunkFileNames: "cli/[name]-[hash].js" },
    },
  },
};

const bundles: readonly InlineConfig[] = [
  // What an app imports is left readable: the app's own build makes it small.
  browserBundle(
    "main",
    { index: "src/index.ts", scoring: "src/scoring.ts", site: "src/site.ts", published: "src/published.ts" },
    { minify: false, plugins: [literalUrls({ "../worker/entry.ts": "./worker.js" })] },
  ),
  // Parsers, which an app that only searches does without. Of a dependency with a form for pages, which needs a document, and one for workers, the latter runs anywhere.
  browserBundle("extract", { extract: "src/extract.ts", isolation: "src/isolation.ts" }, { minify: false, plugins: [], conditions: ["worker"] }),
  // With Lit inside, for a page without a bundler.
  browserBundle("element", { element: "src/element.ts" }, { minify: true, plugins: [literalUrls({ "../worker/entry.ts": "./worker.js" })] }),
  // The script of a thread shares the encoder's code with the worker, which finds it beside itself.
  browserBundle(
    "worker",
    { worker: "src/worker/entry.ts", "worker-thread": "src/runtime/wasm-encoder/thread.ts" },
    // The optional peer is the app's own, or lies beside the worker (src/tokenizer/peer-library.ts).
    { minify: true, plugins: [literalUrls({ "./thread.ts": "./worker-thread.js" }), onnxruntime()], external: ["@huggingface/transformers"] },
  ),
  // A site puts this file where its pages are: it stands alone, as a classic script that leaves no names behind.
  browserBundle("isolation", { "isolation-worker": "src/worker/isolation-worker.ts" }, { minify: true, plugins: [], format: "iife" }),
  commandLine,
];

export async function buildBundles(): Promise<void> {
  for (const bundle of bundles) await build(bundle);
  const cli = path.join(dist, "cli.js");
  const code = readFileSync(cli, "utf8");
  if (!code.startsWith("#!")) writeFileSync(cli, `#!/usr/bin/env node\n${code}`);
  chmodSync(cli, 0o755);
}
