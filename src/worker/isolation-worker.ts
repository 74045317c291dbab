/**
 * A service worker for hosts that cannot set headers: it gives a page's files the headers for cross-origin isolation, without which WebAssembly has one thread.
 * One file, to be put beside (or above) the pages:
 *
 *     <script src="./isolation-worker.js"></script>
 *
 * As a page's script it registers itself as the service worker, and loads the page again, once, to come under it. Its address may say more:
 * `?coep=credentialless` lets the page show files of other origins that have no CORP header (not in Safari, which then stays at one thread); `?offline` keeps
 * what the page loads, for when there is no network. Files of models are not kept: the package stores them itself. docs/loading.md tells how to remove it.
 */
import { isolatedResponse } from "./isolated-response.ts";

// The same file runs in two places, and each has only one half of this.
declare const document: { readonly currentScript: { readonly src: string } | null } | undefined;
declare const sessionStorage: { getItem(key: string): string | null; setItem(key: string, value: string): void };

const CACHE = "bge-m3-web-pages";
/** So that a page that does not become isolated is not loaded again and again. */
const RELOADED = "bge-m3-web-isolation";
const MODEL_FILE = /\.(safetensors|vocab)$/;

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
    const isKept = keeps && request.method === "GET" && !request.headers.has("range") && !MODEL_FILE.test(pathname);
    const answer = isKept ? fetchOrKept(request, (work) => event.waitUntil(work)) : fetch(request);
    event.respondWith(answer.then((response) => isolatedResponse(response, coep)));
  });
}

/** From the network where it answers, else as it was when it last did. */
async function fetchOrKept(request: Request, waitUntil: (work: Promise<unknown>) => void): Promise<Response> {
  try {
    const response = await fetch(request);
    if (response.status === 200 && response.type === "basic") {
      const copy = response.clone();
      // No room is no reason to fail.
      waitUntil(caches.open(CACHE).then((cache) => cache.put(request, copy).catch(() => {})));
    }
    return response;
  } catch (error) {
    const kept = await caches.match(request, { cacheName: CACHE, ignoreVary: true });
    if (!kept) throw error;
    return kept;
  }
}
