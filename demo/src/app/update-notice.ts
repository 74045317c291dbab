/** Tells that a new version waits. Nothing is loaded again before the reader says so. */
import { t } from "../i18n/language.ts";
import type { Store } from "../store.ts";
import { h } from "../view/dom.ts";
import type { AppState } from "./state.ts";

export function updateNotice(app: Store<AppState>, takeUpdate: () => void, signal: AbortSignal): HTMLElement {
  const notice = h("div", { class: "update", role: "status" });
  app.watch(
    ["update"],
    ({ update }) => {
      const use = h("button", { type: "button", class: "button button-strong", onclick: takeUpdate }, t().app.update);
      const later = h("button", { type: "button", class: "button", onclick: () => app.update({ update: "put off" }) }, t().app.later);
      notice.replaceChildren(...(update === "waiting" ? [h("p", {}, t().app.newVersion), use, later] : []));
      notice.hidden = update !== "waiting";
    },
    signal,
  );
  return notice;
}
