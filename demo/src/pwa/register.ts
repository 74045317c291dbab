/** The service worker: without a network after the first visit, threads on hosts that set no headers, new versions that wait until they are wanted. */
import { Workbox } from "workbox-window";
import type { AppState, InstallPrompt } from "../app/state.ts";
import type { Store } from "../store.ts";

/** So that a page that does not become isolated is not loaded again and again. */
const RELOADED = "demo-isolation";

export interface Pwa {
  /** Resolves when the model may be loaded; never, where the page is about to be loaded again to get threads. */
  readonly prepared: Promise<void>;
  /** The new version takes over, and the page is loaded again with it. */
  takeUpdate(): void;
}

export function startPwa(app: Store<AppState>): Pwa {
  addEventListener("beforeinstallprompt", (event) => {
    event.preventDefault();
    app.update({ install: event as InstallPrompt });
  });
  addEventListener("appinstalled", () => app.update({ install: null }));
  // The development server changes files all the time, and sets the headers itself.
  if (!import.meta.env.PROD || !("serviceWorker" in navigator)) return { prepared: Promise.resolve(), takeUpdate: () => {} };

  const workbox = new Workbox("./service-worker.js", { scope: "./" });
  const waits = () => app.update({ update: "waiting" });
  workbox.addEventListener("waiting", waits);
  workbox.addEventListener("activated", () => keepWhatIsLoaded(workbox));
  const registered = workbox.register({ immediate: true }).catch((error: unknown) => {
    console.info("The page is not kept for use without a network.", error);
    return undefined;
  });
  const takeUpdate = async () => {
    const registration = await registered;
    // Another tab may have let it in already.
    if (!registration?.waiting) return location.reload();
    workbox.addEventListener("controlling", () => location.reload());
    workbox.messageSkipWaiting();
  };
  return { prepared: isolated(app, registered), takeUpdate: () => void takeUpdate() };
}

/** On a first visit, pages and vectors came before there was a service worker to keep them. */
function keepWhatIsLoaded(workbox: Workbox): void {
  const urls = performance.getEntriesByType("resource").map(({ name }) => name);
  void workbox.messageSW({ type: "CACHE_URLS", payload: { urlsToCache: urls.filter((url) => url.startsWith(location.origin)) } });
}

async function isolated(app: Store<AppState>, registered: Promise<ServiceWorkerRegistration | undefined>): Promise<void> {
  if (crossOriginIsolated || navigator.serviceWorker.controller || sessionStorage.getItem(RELOADED)) return;
  app.update({ preparing: true });
  const installing = (await registered)?.installing;
  if (installing) await ended(installing);
  app.update({ preparing: false });
  if (!navigator.serviceWorker.controller) return;
  sessionStorage.setItem(RELOADED, "yes");
  location.reload();
  await new Promise(() => {});
}

/** Resolves when an installation has failed, or succeeded and controls this page. */
function ended(worker: ServiceWorker): Promise<void> {
  return new Promise((resolve) => {
    worker.addEventListener("statechange", () => worker.state === "redundant" && resolve());
    navigator.serviceWorker.addEventListener("controllerchange", () => resolve(), { once: true });
    if (navigator.serviceWorker.controller) resolve();
  });
}
