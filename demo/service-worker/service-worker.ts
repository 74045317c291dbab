/**
 * The demo without a network, and with threads on hosts that set no headers. The page, its scripts and styles are kept when this is installed; pages of GNOME Help,
 * their vectors and other large files when they are first asked for. Files of the model are not touched: the package keeps those itself.
 */
import { isolatedResponse } from "bge-m3-web/isolation";
import { clientsClaim } from "workbox-core";
import { addPlugins, cleanupOutdatedCaches, precacheAndRoute } from "workbox-precaching";
import { registerRoute } from "workbox-routing";
import { CacheFirst } from "workbox-strategies";

interface KeptFile {
  readonly url: string;
  /** Null for files whose name says their content. */
  readonly revision: string | null;
}

declare const self: ServiceWorkerGlobalScope & { readonly __WB_MANIFEST: readonly (KeptFile | string)[] };

const ON_DEMAND_CACHE = "demo-on-demand";
const onDemand = /\.(jsonl|bin|bcmap)$|ort-wasm/;

const files = self.__WB_MANIFEST.map((entry) => (typeof entry === "string" ? { url: entry, revision: null } : entry));
const atOnce = files.filter(({ url }) => !onDemand.test(url));
/** Addresses of the others, with what they are kept under. */
const later = new Map(
  files
    .filter(({ url }) => onDemand.test(url))
    .map(({ url, revision }) => {
      const { href } = new URL(url, self.registration.scope);
      return [href, revision === null ? href : `${href}?revision=${revision}`];
    }),
);

const isolation = { handlerWillRespond: async ({ response }: { response: Response }) => isolatedResponse(response) };
const revised = { cacheKeyWillBeUsed: async ({ request }: { request: Request }) => later.get(request.url) ?? request.url };

addPlugins([isolation]);
// Parameters say what is asked, and never which file is meant.
precacheAndRoute([...atOnce], { ignoreURLParametersMatching: [/./] });
registerRoute(({ url }) => later.has(url.href), new CacheFirst({ cacheName: ON_DEMAND_CACHE, plugins: [revised, isolation] }));
cleanupOutdatedCaches();
// The first visit is served already, so that the second needs no network. A new version waits until the page asks for it.
clientsClaim();

self.addEventListener("message", ({ data }) => {
  if (data?.type === "SKIP_WAITING") void self.skipWaiting();
});

self.addEventListener("activate", (event) => event.waitUntil(dropOldFiles()));

async function dropOldFiles(): Promise<void> {
  const cache = await caches.open(ON_DEMAND_CACHE);
  const kept = new Set(later.values());
  for (const { url } of await cache.keys()) if (!kept.has(url)) await cache.delete(url);
}
