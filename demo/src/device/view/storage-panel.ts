/** What is kept of models, indexes and the page itself, how large it is, and what can be done about it. */
import type { StoredModel } from "bge-m3-web";
import { FILES_INDEX } from "../../files/library.ts";
import { bytes, whole } from "../../i18n/format.ts";
import { t } from "../../i18n/language.ts";
import { h, svg } from "../../view/dom.ts";
import { failure } from "../../view/failure.ts";
import { progressRow } from "../../view/progress.ts";
import type { DeviceStorage, StorageState, StoredIndex } from "../storage.ts";
import { action, facts } from "./panel.ts";

export interface StorageActions {
  /** Takes the reader's own files away, with their index. */
  readonly removeFiles: () => Promise<void>;
}

export function storagePanels(storage: DeviceStorage, actions: StorageActions, signal: AbortSignal): HTMLElement[] {
  const text = t().device;
  const news = h("div", { class: "storage-news", role: "status" });
  const tell = (words: string, error: unknown) => news.replaceChildren(error === null ? h("p", {}, words) : failure(text.failed, error, null));
  const usage = h("div", {});
  const models = h("div", {});
  const indexes = h("div", {});
  const failed = h("div", {});

  storage.store.watch(["usage", "persisted"], (state) => usage.replaceChildren(...usageInWords(storage, state, tell)), signal);
  storage.store.watch(
    ["error"],
    ({ error }) => failed.replaceChildren(...(error === null ? [] : [failure(text.failed, error, () => void storage.look())])),
    signal,
  );
  storage.store.watch(["models"], (state) => models.replaceChildren(...modelLines(storage, state, tell)), signal);
  storage.store.watch(["indexes"], (state) => indexes.replaceChildren(...indexLines(storage, actions, state, tell)), signal);

  return [
    h("section", { class: "card" }, h("h2", {}, text.storage), usage, failed, offlineDownload(storage, signal), news),
    h("section", { class: "card" }, h("h2", { tabindex: "-1" }, text.models), models, h("h2", { class: "card-second", tabindex: "-1" }, text.indexes), indexes),
  ];
}

type Tell = (words: string, error: unknown) => void;

function usageInWords(storage: DeviceStorage, { usage, persisted }: StorageState, tell: Tell): Element[] {
  const text = t().device;
  if (usage === null) return [];
  const share = usage.quota ? Math.min(1, usage.used / usage.quota) : 0;
  const bar = svg(
    "svg",
    { class: "bar", height: 8, "aria-hidden": "true" },
    svg("rect", { class: "lane-track", width: "100%", height: 8, rx: 4 }),
    svg("rect", { class: "fill-dense", width: `${Math.max(1, share * 100)}%`, height: 8, rx: 4 }),
  );
  const words = usage.quota ? text.used(bytes(usage.used), bytes(usage.quota)) : text.usedAlone(bytes(usage.used));
  const ask = action(text.persist, text.persist, async () => ((await storage.persist()) ? text.persisted : text.persistDenied), tell);
  const kept = persisted ? [text.persisted] : [h("span", {}, text.notPersisted), ask];
  return [
    h("p", {}, words),
    bar,
    facts([
      [text.kept, kept],
      [text.pagesKept, [...(usage.pages === undefined ? [] : [`${bytes(usage.pages)}. `]), h("span", { class: "fact-note" }, text.pagesKeptNote)]],
    ]),
  ];
}

function offlineDownload(storage: DeviceStorage, signal: AbortSignal): HTMLElement {
  const text = t().device;
  const button = h("button", { type: "button", class: "button button-small", onclick: () => void storage.downloadAll() }, text.offlineDo);
  const progress = progressRow(t().engine.model);
  const outcome = h("div", {});
  storage.store.watch(
    ["download"],
    ({ download }) => {
      button.hidden = download.kind === "underway" || download.kind === "done";
      progress.element.hidden = download.kind !== "underway";
      if (download.kind === "underway") progress.set(download.bytes, "");
      const failed = download.kind === "failed" ? [failure(text.offlineFailed, download.error, null)] : [];
      outcome.replaceChildren(...(download.kind === "done" ? [h("p", { class: "has" }, text.offlineDone)] : failed));
    },
    signal,
  );
  const note = h("p", { class: "card-note" }, text.offlineNote);
  return h("div", { class: "offline" }, h("h3", { class: "card-sub" }, text.offline), note, button, progress.element, outcome);
}

function modelLines(storage: DeviceStorage, { models }: StorageState, tell: Tell): HTMLElement[] {
  const text = t().device;
  if (models === null) return [];
  if (models.length === 0) return [h("p", { class: "card-note" }, text.noModels)];
  const line = (model: StoredModel) => {
    const verify = async () => {
      tell(text.verifying, null);
      const { checked, damaged } = await storage.verify(model);
      return damaged.length > 0 ? text.damaged(whole(damaged.length), whole(checked)) : text.verified(checked, whole(checked));
    };
    const remove = async () => {
      await storage.removeModel(model);
      return text.modelRemoved;
    };
    return kept(model.name, `${text.modelSize(bytes(model.bytes), bytes(model.totalBytes))} · ${model.fingerprint.slice(0, 8)}`, [
      action(text.verify, text.verifyNamed(model.name), verify, tell),
      action(text.remove, text.removeNamed(model.name), remove, tell),
    ]);
  };
  return [h("ul", { class: "kept-list" }, ...models.map(line))];
}

function indexLines(storage: DeviceStorage, { removeFiles }: StorageActions, { indexes }: StorageState, tell: Tell): HTMLElement[] {
  const text = t().device;
  if (indexes === null) return [h("p", { class: "card-note" }, text.notYet)];
  if (indexes.length === 0) return [h("p", { class: "card-note" }, text.noIndexes)];
  const line = ({ name, content }: StoredIndex) => {
    const remove = async () => {
      if (name === FILES_INDEX) await removeFiles();
      await storage.removeIndex(name);
      return text.indexRemoved(name);
    };
    const about = content === null ? text.unknown : `${bytes(content.bytes)} · ${t().files.sections(content.documents, whole(content.documents))}`;
    return kept(name, about, [action(text.remove, text.removeNamed(name), remove, tell)]);
  };
  return [h("ul", { class: "kept-list" }, ...indexes.map(line))];
}

function kept(name: string, about: string, actions: readonly HTMLElement[]): HTMLElement {
  const what = h("div", { class: "file-about" }, h("bdi", { class: "file-name" }, name), h("span", { class: "file-size" }, about));
  return h("li", {}, what, h("div", { class: "kept-actions" }, ...actions));
}
