/**
 * Serves and builds the search page. The page is a user of the package: the two public names are aliases of its sources, everything else is as it
 * would be in a project that installed it.
 */
import { fileURLToPath } from "node:url";
import { defineConfig, type Plugin } from "vite";

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
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

/** Only for the build: the development server injects styles inline. */
const policyInPage: Plugin = {
  name: "content-security-policy",
  apply: "build",
  transformIndexHtml: () => [{ tag: "meta", attrs: { "http-equiv": "Content-Security-Policy", content: contentSecurityPolicy }, injectTo: "head-prepend" }],
};

const interactive = Boolean(process.stdout.isTTY) && !process.env.CI;

export default defineConfig({
  root: here("."),
  // Relative, so that the built page works in any folder of a static host.
  base: "./",
  publicDir: here("../public"),
  resolve: {
    alias: [
      { find: /^bge-m3-web$/, replacement: here("../src/index.ts") },
      { find: /^bge-m3-web\/scoring$/, replacement: here("../src/scoring.ts") },
    ],
  },
  plugins: [policyInPage],
  worker: { format: "es" },
  // The worker's imports too are known at the start: otherwise the first visit reloads the page when they are found.
  optimizeDeps: { entries: ["index.html", "../src/worker/entry.ts"] },
  server: { headers: isolation, open: interactive, fs: { allow: [here("..")] } },
  preview: { headers: { ...isolation, "Content-Security-Policy": contentSecurityPolicy }, open: interactive },
  build: { outDir: here("../demo-dist"), emptyOutDir: true, target: "es2022", assetsInlineLimit: 0 },
});
