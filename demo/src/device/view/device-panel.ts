/** What runs the model, what was considered, and what this browser has. */
import { whole } from "../../i18n/format.ts";
import { t } from "../../i18n/language.ts";
import type { State } from "../../state.ts";
import type { Store } from "../../store.ts";
import { h } from "../../view/dom.ts";
import { backendName, inEnglish, otherDevices } from "../../view/engine.ts";
import { failure } from "../../view/failure.ts";
import { type Capabilities, findCapabilities } from "../capabilities.ts";
import { facts, type Row } from "./panel.ts";

export function devicePanels(app: Store<State>, retryModel: () => void, signal: AbortSignal): HTMLElement[] {
  const text = t().device;
  const running = h("div", {});
  app.watch(["model", "notices"], (state) => running.replaceChildren(...runningModel(state, retryModel)), signal);
  const capabilities = h("div", {});
  void findCapabilities().then((found) => capabilities.replaceChildren(facts(inWords(found))));
  return [
    h("section", { class: "card" }, h("h2", {}, text.running), running),
    h("section", { class: "card" }, h("h2", {}, text.capabilities), capabilities, benchmark()),
  ];
}

function benchmark(): HTMLElement {
  const link = h("a", { class: "button button-small button-link", href: "./bench/" }, t().device.benchmark);
  return h("div", { class: "offline" }, h("p", { class: "card-note" }, t().device.benchmarkNote), link);
}

function runningModel({ model, notices }: State, retry: () => void): HTMLElement[] {
  const text = t().device;
  if (model.kind === "failed") return [failure(t().engine.modelFailed, model.error, retry)];
  if (model.kind === "loading") return [h("p", { class: "card-note" }, text.notYet)];
  const { device, info } = model.value;
  const links = otherDevices(device.backend).flatMap((link, index) => (index > 0 ? [", ", link] : [link]));
  const rows: Row[] = [
    [t().engine.model, info.name],
    [text.backend, backendName(device.backend)],
    [text.threads, whole(device.threads)],
    [text.precision, inEnglish(device.precision)],
    [t().engine.engine, inEnglish(device.engine)],
    [t().engine.why, inEnglish(device.why)],
    [t().engine.instead, h("span", {}, ...links)],
    ...(notices.length > 0 ? [[text.notices, notices.map(({ message }) => inEnglish(message))] as const] : []),
  ];
  const attempts = device.attempts.map(({ backend, outcome, reason, tokensPerSecond }) =>
    h(
      "li",
      {},
      h("strong", {}, backendName(backend)),
      ` – ${text.outcome[outcome]}`,
      tokensPerSecond === undefined ? null : `, ${text.speed(whole(tokensPerSecond))}`,
      ": ",
      inEnglish(reason),
    ),
  );
  return [facts(rows), h("h3", { class: "card-sub" }, text.attempts), h("ul", { class: "attempts" }, ...attempts)];
}

function inWords(found: Capabilities): Row[] {
  const text = t().device;
  const yesNo = (has: boolean) => h("span", { class: has ? "has" : "has-not" }, has ? text.yes : text.no);
  const gpu = found.gpu === null ? yesNo(false) : inEnglish(`${found.gpu.name || text.yes}${found.gpu.isSoftware ? " (software)" : ""}`);
  return [
    [text.isolated, [yesNo(found.isolated), h("span", { class: "fact-note" }, ` (${text.isolatedWhy})`)]],
    [text.cores, whole(found.cores)],
    [text.webgpu, gpu],
    [text.simd, yesNo(found.simd)],
    [text.relaxed, yesNo(found.relaxedSimd)],
    [text.jspi, yesNo(found.jspi)],
    [text.serviceWorker, found.serviceWorker ? text.active : yesNo(false)],
  ];
}
