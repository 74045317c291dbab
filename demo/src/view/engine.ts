/** Below the question: how far model and pages are loaded; then one line that tells what runs the model, and on request why. */
import type { DeviceAttempt, DeviceStory, M3 } from "bge-m3-web";
import { whole } from "../i18n/format.ts";
import { t } from "../i18n/language.ts";
import { notKept } from "../loading/model.ts";
import type { Bytes, State } from "../state.ts";
import type { Store } from "../store.ts";
import { h } from "./dom.ts";
import { failure } from "./failure.ts";
import { progressRow } from "./progress.ts";

export interface Retry {
  readonly model: () => void;
  readonly corpora: () => void;
}

export function engineStatus(store: Store<State>, retry: Retry, signal: AbortSignal): HTMLElement {
  const model = progressRow(t().engine.model);
  const pages = progressRow(t().engine.pages);
  const story = h("div", {});
  const modelFailure = h("div", {});
  const keeping = h("p", { class: "not-kept", role: "status" });
  const pagesFailure = h("div", {});
  const ready = h("p", { class: "visually-hidden", role: "status" });
  store.watch(
    ["model"],
    ({ model: state }) => {
      model.element.hidden = state.kind !== "loading";
      if (state.kind === "loading") model.set(state.step === "prepare" ? null : state.bytes, state.step === "prepare" ? t().engine.starting : "");
      story.replaceChildren(...(state.kind === "ready" ? [deviceStory(state.value)] : []));
      modelFailure.replaceChildren(...(state.kind === "failed" ? [failure(t().engine.modelFailed, state.error, retry.model)] : []));
      ready.textContent = state.kind === "ready" ? t().engine.isReady : "";
    },
    signal,
  );
  store.watch(
    ["notices"],
    ({ notices }) => {
      const notice = notKept(notices);
      keeping.textContent = notice === undefined ? "" : t().engine.notKept[notice.code];
    },
    signal,
  );
  store.watch(
    ["corpora"],
    ({ corpora }) => {
      const states = [...corpora.values()];
      const underway = states.flatMap((state) => (state.kind === "loading" ? [state.bytes] : []));
      pages.element.hidden = underway.length === 0;
      pages.set(underway.includes(null) ? null : sum(underway.filter((bytes) => bytes !== null)), "");
      const failed = states.find((state) => state.kind === "failed");
      pagesFailure.replaceChildren(...(failed ? [failure(t().engine.pagesFailed, failed.error, retry.corpora)] : []));
    },
    signal,
  );
  return h("div", { class: "engine" }, model.element, pages.element, story, keeping, modelFailure, pagesFailure, ready);
}

export function backendName(backend: DeviceStory["backend"]): string {
  return { webgpu: "WebGPU", wasm: "WebAssembly", native: t().engine.native }[backend];
}

function deviceStory({ device, info }: M3): HTMLElement {
  const { backend, engine, precision, threads, why, attempts } = device;
  const summary = [backendName(backend), backend === "webgpu" ? null : t().engine.threads(threads, whole(threads)), precision]
    .filter((part) => part !== null)
    .join(" · ");
  const row = (term: string, ...description: (string | Node)[]) => [h("dt", {}, term), h("dd", {}, ...description)];
  return h(
    "details",
    { class: "story" },
    h("summary", {}, h("span", { class: "story-light", "aria-hidden": "true" }), t().engine.ready, summary),
    h(
      "dl",
      {},
      ...row(t().engine.why, inEnglish(why)),
      ...row(t().engine.engine, inEnglish(engine)),
      ...(attempts.length > 0 ? row(t().engine.considered, h("ul", {}, ...attempts.map((attempt) => h("li", { lang: "en" }, attemptInWords(attempt))))) : []),
      ...row(t().engine.model, t().engine.weights(info.name, info.dtype, info.license), inEnglish(info.source)),
      ...row(t().engine.instead, ...otherDevices(backend).flatMap((link, index) => (index > 0 ? [", ", link] : [link]))),
    ),
  );
}

/** What the package says, it says in English. */
export function inEnglish(text: string): HTMLElement {
  return h("span", { lang: "en" }, text);
}

function attemptInWords({ backend, outcome, reason, tokensPerSecond }: DeviceAttempt): string {
  const speed = tokensPerSecond === undefined ? "" : `, ${Math.round(tokensPerSecond)} tokens/s`;
  return `${backendName(backend)}: ${outcome}${speed} (${reason})`;
}

export function otherDevices(backend: DeviceStory["backend"]): HTMLElement[] {
  const asked = new URLSearchParams(location.search).get("device") ?? "auto";
  const otherBackend = backend === "wasm" ? "webgpu" : "wasm";
  const links = [deviceLink(otherBackend, backendName(otherBackend))];
  return asked === "auto" ? links : [deviceLink("auto", t().engine.fastest), ...links];
}

/** This page with another choice of device, and with whatever is asked when the link is followed. */
function deviceLink(device: string, name: string): HTMLElement {
  const address = () => {
    const parameters = new URLSearchParams(location.search);
    parameters.set("device", device);
    return `?${parameters}`;
  };
  const link = h("a", { href: address() }, name);
  link.addEventListener("click", () => link.setAttribute("href", address()));
  return link;
}

function sum(parts: readonly Bytes[]): Bytes {
  return parts.reduce((all, { loaded, total }) => ({ loaded: all.loaded + loaded, total: all.total + total }), { loaded: 0, total: 0 });
}
