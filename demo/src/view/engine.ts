/** Below the question: how far model and pages are loaded; then one line that tells what runs the model, and on request why. */
import type { DeviceAttempt, DeviceStory, M3 } from "bge-m3-web";
import type { Bytes, State } from "../state.ts";
import type { Store } from "../store.ts";
import { byId, h } from "./dom.ts";
import { failure } from "./failure.ts";
import { progressRow } from "./progress.ts";
import { count } from "./words.ts";

export interface Retry {
  readonly model: () => void;
  readonly corpora: () => void;
}

export function showEngine(store: Store<State>, retry: Retry): void {
  const model = progressRow("Model");
  const pages = progressRow("Pages");
  const story = h("div", {});
  const modelFailure = h("div", {});
  const pagesFailure = h("div", {});
  const ready = h("p", { class: "visually-hidden", role: "status" });
  byId("engine").append(model.element, pages.element, story, modelFailure, pagesFailure, ready);

  store.watch(["model"], ({ model: state }) => {
    model.element.hidden = state.kind !== "loading";
    if (state.kind === "loading") model.set(state.step === "prepare" ? null : state.bytes, state.step === "prepare" ? "starting …" : "");
    story.replaceChildren(...(state.kind === "ready" ? [deviceStory(state.value)] : []));
    modelFailure.replaceChildren(...(state.kind === "failed" ? [failure("The model could not be loaded", state.error, retry.model)] : []));
    ready.textContent = state.kind === "ready" ? "The model is ready." : "";
  });

  store.watch(["corpora"], ({ corpora }) => {
    const states = [...corpora.values()];
    const underway = states.flatMap((state) => (state.kind === "loading" ? [state.bytes] : []));
    pages.element.hidden = underway.length === 0;
    pages.set(underway.includes(null) ? null : sum(underway.filter((bytes) => bytes !== null)), "");
    const failed = states.find((state) => state.kind === "failed");
    pagesFailure.replaceChildren(...(failed ? [failure("Some pages could not be loaded", failed.error, retry.corpora)] : []));
  });
}

const BACKENDS = { webgpu: "WebGPU", wasm: "WebAssembly", native: "native code" } as const;

function deviceStory({ device, info }: M3): HTMLElement {
  const { backend, engine, precision, threads, why, attempts } = device;
  const summary = [BACKENDS[backend], backend === "webgpu" ? null : count(threads, "thread", "threads"), precision].filter((part) => part !== null).join(" · ");
  const row = (term: string, ...description: (string | Node)[]) => [h("dt", {}, term), h("dd", {}, ...description)];
  return h(
    "details",
    { class: "story" },
    h("summary", {}, h("span", { class: "story-light", "aria-hidden": "true" }), "Ready: ", summary),
    h(
      "dl",
      {},
      ...row("Why", why),
      ...row("Engine", engine),
      ...(attempts.length > 0 ? row("Considered", h("ul", {}, ...attempts.map((attempt) => h("li", {}, attemptInWords(attempt))))) : []),
      ...row("Model", `${info.name}, weights in ${info.dtype}, ${info.license}. ${info.source}`),
      ...row("Instead", ...otherDevices(backend).flatMap((link, index) => (index > 0 ? [", ", link] : [link]))),
    ),
  );
}

function attemptInWords({ backend, outcome, reason, tokensPerSecond }: DeviceAttempt): string {
  const speed = tokensPerSecond === undefined ? "" : `, ${Math.round(tokensPerSecond)} tokens/s`;
  return `${BACKENDS[backend]}: ${outcome}${speed} (${reason})`;
}

function otherDevices(backend: DeviceStory["backend"]): HTMLElement[] {
  const asked = new URLSearchParams(location.search).get("device") ?? "auto";
  const otherBackend = backend === "wasm" ? "webgpu" : "wasm";
  const links = [deviceLink(otherBackend, BACKENDS[otherBackend])];
  return asked === "auto" ? links : [deviceLink("auto", "The fastest that works"), ...links];
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
