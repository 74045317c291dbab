import path from "node:path";
import { playwright } from "@vitest/browser-playwright";
import { defineConfig } from "vitest/config";
import { faultyModels } from "./tests/browser/model/faulty-models.ts";
import { showSite } from "./tests/browser/site/show-site.ts";
import { chromiumArguments, findChromium } from "./tools/chromium.ts";

/** Headers that make a page cross-origin isolated, which threads in WebAssembly need. */
const isolation = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };

export default defineConfig({
  test: {
    testTimeout: 60_000,
    hookTimeout: 120_000,
    projects: [
      {
        extends: true,
        // The demo imports the package by its public names: here these are its sources, as in demo/vite.config.ts.
        resolve: { alias: [{ find: /^bge-m3-web\/(extract)$/, replacement: path.resolve("src/$1.ts") }] },
        test: { name: "unit", include: ["tests/unit/**/*.test.ts"], environment: "node" },
      },
      // On the packed tarball, installed elsewhere: needs `npm run build`, and takes its time.
      {
        extends: true,
        test: {
          name: "package",
          include: ["tests/package/**/*.test.ts"],
          environment: "node",
          globalSetup: "tests/package/installed.ts",
          fileParallelism: false,
        },
      },
      {
        extends: true,
        server: { headers: isolation },
        plugins: [faultyModels(), showSite()],
        // Imported when they are chosen: were they found only then, the development server would reload the page in the middle of a test.
        optimizeDeps: {
          include: [
            "@bufbuild/protobuf/wire",
            "@huggingface/transformers",
            "comlink",
            "fast-check",
            "lit",
            "onnxruntime-web/wasm",
            "onnxruntime-web/jspi",
            "onnxruntime-web/webgpu",
          ],
        },
        test: {
          name: "browser",
          include: ["tests/browser/**/*.test.ts"],
          globalSetup: "tests/browser/site/published-site.ts",
          fileParallelism: false,
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            provider: playwright({ launchOptions: { executablePath: findChromium(), args: chromiumArguments } }),
            instances: [{ browser: "chromium" }],
          },
        },
      },
    ],
  },
});
