/** Builds pages of a bench with Vite, as a user's bundler would, into a folder that a static server can serve. */
import path from "node:path";
import { build } from "vite";

/** @returns the folder with the built pages. Vite's own output is silent but for warnings. */
export async function buildPages(root: string, pages: readonly string[], out: string): Promise<string> {
  const outDir = path.resolve(out);
  await build({
    configFile: false,
    root: path.resolve(root),
    base: "/",
    logLevel: "error",
    publicDir: false,
    worker: { format: "es" },
    build: {
      outDir,
      emptyOutDir: true,
      target: "es2023",
      modulePreload: { polyfill: false },
      reportCompressedSize: false,
      rolldownOptions: { input: pages.map((page) => path.resolve(root, page)) },
    },
  });
  return outDir;
}
