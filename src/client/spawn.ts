/** Starts the worker: the one that the page's bundler made of this package, or the one in a folder that `copy-assets` filled. */

/**
 * @param assetsUrl absolute URL of the folder; without it the worker lies where the bundler, or the package's own dist folder, has it. The `new Worker`
 *   with its two literals is the pattern that bundlers look for: it must stay in one piece.
 */
export function spawnWorker(assetsUrl: string | undefined): Worker {
  if (assetsUrl !== undefined) return new Worker(new URL("worker.js", assetsUrl), { type: "module", name: "bge-m3-web" });
  return new Worker(new URL("../worker/entry.ts", import.meta.url), { type: "module", name: "bge-m3-web" });
}
