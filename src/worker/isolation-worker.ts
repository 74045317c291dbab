/**
 * A service worker for hosts that cannot set headers: it gives a page's files the headers for cross-origin isolation, without which WebAssembly has one thread.
 * One file, to be put beside (or above) the pages:
 *
 *     <script src="./isolation-worker.js"></script>
 *
 * As a page's script it registers itself as the service worker, and loads the page again, once, to come under it. Its address may say more:
 * `?coep=credentialless` lets the page show files of other origins that have no CORP header (not in Safari, which then stays at one thread); `?offline` keeps
 * what the page loads, for when there is no network, and of a search index each file that is read from. Files of models are not kept: the package stores them
 * itself. docs/loading.md tells how to remove it.
 */
import { isolatedResponse } from "./isolated-response.ts";

// The same file runs in two places, and each has only one half of this.
declare const document: { readonly currentScript: { readonly src: string } | null } | undefined;
declare const sessionStorage: { getItem(key: string): string | null; setItem(key: string, value: string): void };

const CACHE = "bge-m3-web-pages";
/** So that a page that does not become isolated is not loaded again and again. */
const RELOADED = "bge-m3-web-isolation";
const MODEL_FILE = /\.(safetensors|vocab)$/;
/** A file of a published search index: its folder is named by its content, so it never changes. */
const INDEX_FILE = /-[0-9a-f]{16}\/[^/]+$/;
const INDEX_LIST = /\/index\.json$/;

if (typeof document === "undefined") serve(self as unknown as ServiceWorkerGlobalScope);
else void register(document.currentScript?.src);

async function register(script: string | undefined): Promise<void> {
  const { serviceWorker } = navigator as unknown as { readonly serviceWorker?: ServiceWorkerContainer };
  if (!script || !serviceWorker) return;
  const controlled = new Promise<void>((resolve) => {
    if (serviceWorker.controller) resolve();
    else serviceWorker.addEventListener("controllerchange", () => resolve(), { once: true });
  });
  await serviceWorker.register(script);
  await controlled;
  if (crossOriginIsolated || sessionStorage.getItem(RELOADED)) return;
  sessionStorage.setItem(RELOADED, "yes");
  (location as unknown as { reload(): void }).reload();
}

function serve(worker: ServiceWorkerGlobalScope): void {
  const wishes = new URL(worker.location.href).searchParams;
  const coep = wishes.get("coep") === "credentialless" ? "credentialless" : "require-corp";
  const keeps = wishes.has("offline");
  // A new version takes over at once: it answers as the old one does.
  worker.addEventListener("install", () => void worker.skipWaiting());
  worker.addEventListener("activate", (event) => event.waitUntil(worker.clients.claim()));
  worker.addEventListener("fetch", (event) => {
    const { request } = event;
    const { origin, pathname } = new URL(request.url);
    // Other origins answer for themselves. Such a request is a quirk of developer tools, and may not be passed on.
    if (origin !== worker.location.origin || (request.cache === "only-if-cached" && request.mode !== "same-origin")) return;
    const waitUntil = (work: Promise<unknown>) => event.waitUntil(work);
    const mayKeep = keeps && request.method === "GET" && !MODEL_FILE.test(pathname);
    const answer = () => {
      if (mayKeep && INDEX_FILE.test(pathname)) return keptOrFetch(request, waitUntil);
      return mayKeep && !request.headers.has("range") ? fetchOrKept(request, waitUntil) : fetch(request);
    };
    event.respondWith(answer().then((response) => isolatedResponse(response, coep)));
  });
}

/** From the network where it answers, else as it was when it last did. */
async function fetchOrKept(request: Request, waitUntil: (work: Promise<unknown>) => void): Promise<Response> {
  try {
    const response = await fetch(request);
    if (response.status === 200 && response.type === "basic") {
      const copy = response.clone();
      // No room is no reason to fail.
      waitUntil(keep(request, copy).catch(() => {}));
    }
    return response;
  } catch (error) {
    const kept = await caches.match(request, { cacheName: CACHE, ignoreVary: true });
    if (!kept) throw error;
    return kept;
  }
}

async function keep(request: Request, response: Response): Promise<void> {
  const list = INDEX_LIST.test(new URL(request.url).pathname) ? await response.clone().text() : null;
  const cache = await caches.open(CACHE);
  await cache.put(request, response);
  if (list !== null) await forgetIndexesBefore(cache, request.url, list);
}

/** When a new index is published, files of the one before are of no use any more. */
async function forgetIndexesBefore(cache: Cache, url: string, list: string): Promise<void> {
  const { languages } = JSON.parse(list) as { readonly languages?: Readonly<Record<string, { readonly folder?: string }>> };
  if (!languages) return;
  const folders = Object.values(languages).map(({ folder }) => new URL(folder ?? "", url).href);
  const beside = new URL("./", url).href;
  for (const { url: kept } of await cache.keys())
    if (kept.startsWith(beside) && INDEX_FILE.test(kept) && !folders.some((folder) => kept.startsWith(folder))) await cache.delete(kept);
}

const beingKept = new Set<string>();

/** A file that never changes: as it is kept, else from the network; then the whole of it is kept, also where a piece was asked for. */
async function keptOrFetch(request: Request, waitUntil: (work: Promise<unknown>) => void): Promise<Response> {
  const { url } = request;
  const range = request.headers.get("range");
  const kept = await caches.match(url, { cacheName: CACHE, ignoreVary: true });
  if (kept) return range === null ? kept : await pieceOf(kept, range);
  const response = await fetch(request);
  if (response.ok && !beingKept.has(url)) {
    beingKept.add(url);
    const whole = response.status === 200 ? Promise.resolve(response.clone()) : fetch(url);
    const kept = whole.then((copy) => (copy.status === 200 ? keep(new Request(url), copy) : undefined)).catch(() => {});
    waitUntil(kept.then(() => beingKept.delete(url)));
  }
  return response;
}

async function pieceOf(kept: Response, range: string): Promise<Response> {
  const whole = await kept.blob();
  const [, from = "0", to = ""] = /^bytes=(\d+)-(\d*)$/.exec(range) ?? [];
  const [start, end] = [Number(from), Math.min(to === "" ? whole.size : Number(to) + 1, whole.size)];
  if (start >= end) return new Response(null, { status: 416, headers: { "Content-Range": `bytes */${whole.size}` } });
  return new Response(whole.slice(start, end), { status: 206, headers: { "Content-Range": `bytes ${start}-${end - 1}/${whole.size}` } });
}
