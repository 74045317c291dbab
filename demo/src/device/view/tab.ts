/** The fourth part: the device, and what is kept on it. */
import { t } from "../../i18n/language.ts";
import type { State } from "../../state.ts";
import type { Store } from "../../store.ts";
import { h } from "../../view/dom.ts";
import type { DeviceStorage } from "../storage.ts";
import { devicePanels } from "./device-panel.ts";
import { type StorageActions, storagePanels } from "./storage-panel.ts";

export function deviceTab(
  app: Store<State>,
  storage: DeviceStorage,
  actions: StorageActions & { readonly retryModel: () => void },
  signal: AbortSignal,
): HTMLElement {
  const { headline, lede } = t().device;
  void storage.look();
  return h(
    "main",
    { class: "page page-device" },
    h("div", { class: "intro" }, h("h1", {}, headline), h("p", { class: "lede" }, lede)),
    ...devicePanels(app, actions.retryModel, signal),
    ...storagePanels(storage, actions, signal),
  );
}
