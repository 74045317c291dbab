/**
 * A second, real origin with the same flaky models: `/other-origin` at the page's own says where it is. The first part of its paths says what CORS allows there:
 * `simple`, that it is read; `exposed`, that all headers are; `no-ranges`, that it is read, but not by requests with a `Range`.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

type Handler = (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void) => void;

export function otherOrigin(models: Handler): Handler {
  const server = createServer((request, response) => {
    const [, mode = "", path = "/"] = /^\/([^/]+)(\/.*)$/.exec(request.url ?? "") ?? [];
    if (!(mode === "no-ranges" && request.headers.range)) response.setHeader("Access-Control-Allow-Origin", "*");
    response.setHeader("Access-Control-Expose-Headers", mode === "exposed" ? "*" : "X-Cut-After");
    // No preflight is ever answered: what needs one fails.
    if (request.method === "OPTIONS") return void response.writeHead(403).end();
    request.url = path;
    models(request, response, () => response.writeHead(404).end());
  });
  const listening = new Promise<number>((resolve) => server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port)));
  // The tests' own server decides when all is over.
  server.unref();
  return async (request, response, next) => {
    if (request.url !== "/other-origin") return next();
    response.end(`http://127.0.0.1:${await listening}`);
  };
}
