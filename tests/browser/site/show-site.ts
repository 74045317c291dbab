/** Shows the published index at /published-site/, as a static host does: any file, and ranges of it. (Vite's own server takes files without a name's end for scripts.) */
import { readFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import path from "node:path";
import type { Plugin } from "vite";

const PREFIX = "/published-site/";
const folder = path.resolve(import.meta.dirname, "../../../.cache/test-site");

export function showSite(): Plugin {
  return {
    name: "show-published-site",
    configureServer(server) {
      server.middlewares.use((request, response, next) => {
        if (!request.url?.startsWith(PREFIX)) return next();
        answer(request, response).catch(next);
      });
    },
  };
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const file = path.join(folder, path.posix.normalize(`/${request.url!.slice(PREFIX.length).split("?")[0]}`));
  const bytes = await readFile(file).catch(() => null);
  response.setHeader("Cross-Origin-Resource-Policy", "same-origin");
  if (!bytes) return void response.writeHead(404).end();
  const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "") ?? [];
  if (from === undefined) return void response.end(bytes);
  response.writeHead(206, { "Content-Range": `bytes ${from}-${to}/${bytes.length}` }).end(bytes.subarray(Number(from), Number(to) + 1));
}
