/** The head of the page: where one is, where one can go, and the interface's language. */
import { type InterfaceLanguage, interfaceLanguages, locale, t } from "../i18n/language.ts";
import type { Store } from "../store.ts";
import { h, svg } from "../view/dom.ts";
import { followLink } from "./routes.ts";
import type { AppState } from "./state.ts";
import { type Tab, tabs, withTab } from "./tab.ts";

export function header(app: Store<AppState>, chooseLanguage: (language: InterfaceLanguage) => void, signal: AbortSignal): HTMLElement {
  const links = tabs.map((tab) => [tab, link(app, tab)] as const);
  app.watch(
    ["tab"],
    ({ tab: shown }) => {
      for (const [tab, element] of links) {
        element.setAttribute("href", withTab(location.search, tab) || "./");
        if (tab === shown) element.setAttribute("aria-current", "page");
        else element.removeAttribute("aria-current");
      }
      document.title = shown === "search" ? t().title : `${t().nav[shown]} · bge-m3-web`;
    },
    signal,
  );
  return h(
    "header",
    { class: "top" },
    h("p", { class: "wordmark" }, bars(), "bge-m3-web"),
    h("nav", { class: "tabs", "aria-label": t().nav.label }, h("ul", {}, ...links.map(([, element]) => h("li", {}, element)))),
    h("div", { class: "top-end" }, installButton(app, signal), languageSwitch(chooseLanguage)),
  );
}

function link(app: Store<AppState>, tab: Tab): HTMLAnchorElement {
  const short = h("span", { class: "tab-short" }, t().navShort[tab]);
  const long = h("span", { class: "tab-long" }, t().nav[tab]);
  return h("a", { class: "tab-link", href: "./", onclick: (event) => followLink(event, app, tab) }, short, long);
}

function bars(): SVGElement {
  const bar = (head: string, y: number, width: number) => svg("rect", { class: `fill-${head}`, x: 0, y, width, height: 4, rx: 2 });
  const picture = { class: "wordmark-bars", viewBox: "0 0 22 18", "aria-hidden": "true" };
  return svg("svg", picture, bar("dense", 0, 22), bar("sparse", 7, 9), bar("colbert", 14, 16));
}

/** Every language by its own name, so that those who need it can read it. */
function languageSwitch(choose: (language: InterfaceLanguage) => void): HTMLElement {
  const button = ([code, messages]: [string, (typeof interfaceLanguages)[InterfaceLanguage]]) =>
    h(
      "button",
      {
        type: "button",
        class: "language-button",
        lang: code,
        "aria-pressed": String(code === locale()),
        "data-language": code,
        onclick: () => choose(code as InterfaceLanguage),
      },
      messages.language.name,
    );
  return h("div", { class: "language-switch", role: "group", "aria-label": t().language.label }, ...Object.entries(interfaceLanguages).map(button));
}

function installButton(app: Store<AppState>, signal: AbortSignal): HTMLElement {
  const ask = () => {
    void app.state.install?.prompt();
    // It can be asked once.
    app.update({ install: null });
  };
  const button = h("button", { type: "button", class: "button button-small", onclick: ask }, t().app.install);
  app.watch(["install"], ({ install }) => button.toggleAttribute("hidden", install === null), signal);
  return button;
}
