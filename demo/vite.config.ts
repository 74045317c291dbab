/**
 * Serves and builds the demo. It is a user of the package: the public names are aliases of its sources, everything else is as it would be in a project that
 * installed it.
 */
import { fileURLToPath } from "node:url";
import { defineConfig, type Plugin } from "vite";
import { VitePWA } from "vite-plugin-pwa";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Cross-origin isolation: without it WebAssembly gets one thread. */
const isolation = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };

/** What the built page may do: its own files, compiled WebAssembly, workers of its own. The same policy as a header binds the worker too. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self'",
  "connect-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

/** Only for the build: the development server injects styles inline. */
const policyInPage: Plugin = {
  name: "content-security-policy",
  apply: "build",
  transformIndexHtml: () => [{ tag: "meta", attrs: { "http-equiv": "Content-Security-Policy", content: contentSecurityPolicy }, injectTo: "head-prepend" }],
};

/** Installable, and there without a network after the first visit: `service-worker/service-worker.ts`. */
const pwa = VitePWA({
  strategies: "injectManifest",
  srcDir: "service-worker",
  filename: "service-worker.ts",
  // `src/pwa/register.ts` does.
  injectRegister: false,
  manifestFilename: "app.webmanifest",
  manifest: {
    name: "Ask GNOME Help · bge-m3-web",
    short_name: "bge-m3-web",
    description: "Search by meaning in any language, by a model that runs in this browser.",
    lang: "en",
    id: "./",
    start_url: "./",
    scope: "./",
    display: "standalone",
    background_color: "#f7f6f2",
    theme_color: "#f7f6f2",
    icons: [
      { src: "icons/icon-192.png", sizes: "192x192", type: "image/png" },
      { src: "icons/icon-512.png", sizes: "512x512", type: "image/png" },
      { src: "icons/maskable-512.png", sizes: "512x512", type: "image/png", purpose: "maskable" },
    ],
  },
  injectManifest: {
    rollupFormat: "iife",
    globPatterns: ["**/*.{js,mjs,css,html,wasm,svg,png,webmanifest,jsonl,bin,bcmap}"],
    globIgnores: ["models/**"],
    // Vite's names say their content.
    dontCacheBustURLsMatching: /^assets\//,
    // ONNX Runtime's WebAssembly is kept only where it is used.
    maximumFileSizeToCacheInBytes: 32e6,
  },
});

const interactive = Boolean(process.stdout.isTTY) && !process.env.CI;

export default defineConfig({
  root: here("."),
  // Relative, so that the built page works in any folder of a static host.
  base: "./",
  publicDir: here("../public"),
  resolve: {
    alias: [
      { find: /^bge-m3-web$/, replacement: here("../src/index.ts") },
      { find: /^bge-m3-web\/(scoring|extract|isolation)$/, replacement: here("../src/$1.ts") },
    ],
  },
  plugins: [policyInPage, pwa],
  // The optional peer for other tokenizers than m3-mini's: the demo has none such.
  worker: { format: "es", rolldownOptions: { external: ["@huggingface/transformers"] } },
  // The worker's imports too are known at the start: otherwise the first visit reloads the page when they are found.
  optimizeDeps: { entries: ["index.html", "bench/index.html", "../src/worker/entry.ts"], exclude: ["@huggingface/transformers"] },
  server: { headers: isolation, open: interactive, fs: { allow: [here("..")] } },
  preview: { headers: { ...isolation, "Content-Security-Policy": contentSecurityPolicy }, open: interactive },
  build: {
    outDir: here("../demo-dist"),
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0,
    rolldownOptions: { input: { index: here("index.html"), bench: here("bench/index.html") } },
  },
});
