/**
 * The reader's own files, in an index that stays: reads them, adds their sections, removes them, searches them. A file is in the catalogue before its sections are in
 * the index, so that whatever ends an addition half way, the next look finds what to drop.
 */
import type { AdaptReport, M3, M3Index, ProgressEvent } from "bge-m3-web";
import { Live } from "../score/live.ts";
import type { State } from "../state.ts";
import { Store } from "../store.ts";
import { Catalogue, type CatalogueEntry, documentIds } from "./catalogue.ts";
import type { PickedFile } from "./pick.ts";
import { readSections, type Section } from "./read.ts";
import type { AdaptationStep, FilesState, Found, Report, Skipped } from "./state.ts";
import { isAdapted, loadTrainee, setAdapted } from "./trainee.ts";
import { Unreadable } from "./unreadable.ts";

export const FILES_INDEX = "my-files";
const HITS = 10;

interface ReadFile {
  readonly entry: CatalogueEntry;
  readonly sections: readonly Section[];
}

export class Library {
  readonly store = new Store<FilesState>({
    adaptation: { kind: "none" },
    adapted: false,
    index: { kind: "waiting" },
    files: [],
    work: null,
    report: null,
    query: "",
    found: { kind: "empty" },
  });
  readonly #app: Store<State>;
  readonly #live = new Live<Found>((found) => this.store.update({ found }));
  readonly #others = new BroadcastChannel("demo-files");
  #opened: { readonly index: M3Index; readonly catalogue: Catalogue } | undefined;
  /** The model with heads that were trained on the files: another than that of the pages of GNOME Help, whose vectors are of the shipped heads. */
  #own: M3 | undefined;
  #underway: AbortController | null = null;
  /** Changes come one after another. */
  #queue: Promise<void> = Promise.resolve();

  constructor(app: Store<State>) {
    this.#app = app;
    app.watch(["model"], ({ model }) => {
      if (model.kind === "ready") void this.open();
    });
    this.store.watch(["query"], () => this.#search());
    this.#others.addEventListener("message", () => void this.#refresh());
  }

  /** Never rejects; may be called again after a failure. */
  async open(): Promise<void> {
    const m3 = this.#model();
    if (!m3 || this.#opened || this.store.state.index.kind === "opening") return;
    this.store.update({ index: { kind: "opening" } });
    try {
      this.#own = isAdapted() ? await loadTrainee() : undefined;
      const index = await (this.#own ?? m3).openIndex(FILES_INDEX, { reencode: true });
      this.#opened = { index, catalogue: await Catalogue.open() };
      this.store.update({ adapted: this.#own !== undefined });
      await this.#changing(() => this.#dropUnfinished());
      this.store.update({ index: { kind: "ready" } });
      await this.#refresh();
    } catch (error) {
      this.#opened = undefined;
      this.store.update({ index: { kind: "failed", error } });
    }
  }

  /** Adds files after those that are being added. Never rejects: `report` tells what became of it. */
  add(picked: readonly PickedFile[]): Promise<void> {
    const controller = new AbortController();
    return this.#enqueue(async () => {
      if (!this.#opened || picked.length === 0) return;
      this.#underway = controller;
      this.store.update({ report: null });
      this.store.update({ report: await this.#changing(() => this.#add(picked, controller.signal)) });
    });
  }

  /** Ends the addition that is under way; files that are in the index stay. */
  cancel(): void {
    this.#underway?.abort();
  }

  remove(entry: CatalogueEntry): Promise<void> {
    return this.#enqueue(async () => {
      await this.#changing(() => this.#drop([entry]));
      this.store.update({ report: { kind: "removed", path: entry.path } });
    });
  }

  /** Removes the index itself, also one that cannot be opened, and opens an empty one. */
  reset(): Promise<void> {
    return this.#enqueue(async () => {
      await this.#opened?.index.close();
      this.#opened = undefined;
      await this.#own?.resetHeads();
      await this.#giveUpOwn();
      this.store.update({ adaptation: { kind: "none" } });
      await this.#model()?.removeIndex(FILES_INDEX);
      await (await Catalogue.open()).clear();
      this.store.update({ index: { kind: "waiting" }, files: [], report: null });
      await this.open();
    });
  }

  /** Trains heads on the files, and encodes these again with them, if they are better or wanted always. Never rejects. */
  adapt(adopt: "ifBetter" | "always"): Promise<void> {
    const controller = new AbortController();
    return this.#enqueue(async () => {
      if (!this.#opened) return;
      this.#underway = controller;
      this.store.update({ report: null, adaptation: { kind: "underway", step: "prepare", done: 0, total: 0, remainingMs: undefined, curve: [] } });
      try {
        this.store.update({ adaptation: { kind: "done", report: await this.#changing(() => this.#adapt(this.#opened!.index, adopt, controller.signal)) } });
      } catch (error) {
        this.store.update({ adaptation: controller.signal.aborted ? { kind: "none" } : { kind: "failed", error } });
      }
    });
  }

  /** The model's own heads again, and the files encoded again with them. Never rejects. */
  undoAdapt(): Promise<void> {
    return this.#enqueue(async () => {
      const m3 = this.#model();
      if (!this.#opened || !this.#own || !m3) return;
      await this.#opened.index.close();
      await this.#own.resetHeads();
      await this.#giveUpOwn();
      this.#opened = { ...this.#opened, index: await m3.openIndex(FILES_INDEX, { reencode: true, onProgress: this.#hear }) };
      this.store.update({ adaptation: { kind: "undone" } });
    });
  }

  ask(query: string): void {
    if (this.store.state.query !== query) this.store.update({ query });
  }

  /** The whole text of a section. */
  async textOf(documentId: string): Promise<string> {
    const [document] = (await this.#opened?.index.get([documentId])) ?? [];
    return document?.text ?? "";
  }

  async #add(picked: readonly PickedFile[], signal: AbortSignal): Promise<Report> {
    const skipped: Skipped[] = [];
    let files: ReadFile[] = [];
    let error: unknown = null;
    try {
      files = await this.#read(picked, skipped, signal);
      await this.#encode(files, signal);
    } catch (thrown) {
      if (!signal.aborted) error = thrown;
    }
    this.store.update({ work: { kind: "finishing" } });
    const entries = files.map(({ entry }) => entry);
    const complete = await this.#complete(entries);
    await this.#drop(entries.filter((entry) => !complete.includes(entry)));
    // A file that was there already is replaced by what it is now.
    const paths = new Set(complete.map(({ path }) => path));
    await this.#drop(this.store.state.files.filter((old) => paths.has(old.path) && !complete.some(({ key }) => key === old.key)));
    return { kind: "added", files: complete.length, cancelled: signal.aborted, skipped, error };
  }

  async #read(picked: readonly PickedFile[], skipped: Skipped[], signal: AbortSignal): Promise<ReadFile[]> {
    const files: ReadFile[] = [];
    for (const [done, one] of picked.entries()) {
      signal.throwIfAborted();
      this.store.update({ work: { kind: "reading", done, total: picked.length, path: one.path } });
      try {
        const sections = await readSections(one, navigator.languages, signal);
        const entry = { key: crypto.randomUUID(), path: one.path, bytes: one.file.size, sections: sections.length, added: Date.now() };
        files.push({ entry, sections });
      } catch (error) {
        if (!(error instanceof Unreadable)) throw error;
        skipped.push({ path: one.path, reason: error.reason, detail: error.detail });
      }
    }
    return files;
  }

  async #encode(files: readonly ReadFile[], signal: AbortSignal): Promise<void> {
    const { index, catalogue } = this.#opened!;
    const documents = files.flatMap(({ entry, sections }) => documentIds(entry).map((id, number) => ({ id, ...sections[number]! })));
    if (documents.length === 0) return;
    this.store.update({ work: { kind: "encoding", done: 0, total: documents.length, remainingMs: undefined } });
    await catalogue.put(files.map(({ entry }) => entry));
    await index.add(documents, {
      signal,
      onProgress: ({ documents: progress, remainingMs }) => {
        if (progress && !signal.aborted) this.store.update({ work: { kind: "encoding", done: progress.committed, total: progress.total, remainingMs } });
      },
    });
  }

  async #adapt(before: M3Index, adopt: "ifBetter" | "always", signal: AbortSignal): Promise<AdaptReport> {
    const trainee = this.#own ?? (await loadTrainee());
    try {
      const index = this.#own ? before : await trainee.openIndex(FILES_INDEX, { reencode: true });
      const report = await trainee.adapt(index, { adopt, signal, onProgress: this.#hear });
      if (!report.adopted) return report;
      // Not to be cancelled: index and heads belong together.
      await index.reencode({ onProgress: this.#hear });
      setAdapted(true);
      this.#own = trainee;
      this.#opened = { ...this.#opened!, index };
      if (index !== before) await before.close();
      this.store.update({ adapted: true });
      return report;
    } finally {
      if (this.#own !== trainee) await trainee.dispose();
    }
  }

  readonly #hear = ({ phase, loaded, total, remainingMs, training, documents }: ProgressEvent): void => {
    const { adaptation } = this.store.state;
    const curve = adaptation.kind === "underway" ? adaptation.curve : [];
    const step: AdaptationStep = documents ? "index" : phase === "encode" || phase === "train" || phase === "evaluate" || phase === "index" ? phase : "prepare";
    const points = training ? [...curve, training] : curve;
    this.store.update({ adaptation: { kind: "underway", step, done: loaded, total, remainingMs, curve: points } });
  };

  async #giveUpOwn(): Promise<void> {
    setAdapted(false);
    await this.#own?.dispose();
    this.#own = undefined;
    this.store.update({ adapted: false });
  }

  /** Those of which the index holds all sections: they are added in order, so it holds the last one. */
  async #complete(entries: readonly CatalogueEntry[]): Promise<CatalogueEntry[]> {
    const last = await this.#opened!.index.get(entries.map((entry) => documentIds(entry).at(-1)!));
    return entries.filter((_, place) => last[place] !== undefined);
  }

  async #dropUnfinished(): Promise<void> {
    const entries = await this.#opened!.catalogue.list();
    const complete = await this.#complete(entries);
    await this.#drop(entries.filter((entry) => !complete.includes(entry)));
  }

  async #drop(entries: readonly CatalogueEntry[]): Promise<void> {
    if (entries.length === 0) return;
    await this.#opened!.index.remove(entries.flatMap(documentIds));
    await this.#opened!.catalogue.delete(entries.map(({ key }) => key));
  }

  /** One tab changes files at a time: another would take what is half added for left over. */
  #changing<T>(work: () => Promise<T>): Promise<T> {
    return navigator.locks.request("demo-files", work) as Promise<T>;
  }

  #enqueue(work: () => Promise<void>): Promise<void> {
    this.#queue = this.#queue.then(async () => {
      try {
        await work();
      } catch (error) {
        this.store.update({ report: { kind: "failed", error } });
      } finally {
        this.#underway = null;
        this.store.update({ work: null });
        await this.#refresh().catch(() => {});
        this.#others.postMessage("changed");
      }
    });
    return this.#queue;
  }

  async #refresh(): Promise<void> {
    if (!this.#opened) return;
    this.store.update({ files: await this.#opened.catalogue.list() });
    this.#search();
  }

  #search(): void {
    const query = this.store.state.query.trim();
    const index = this.#opened?.index;
    const canAnswer = query !== "" && index !== undefined && this.store.state.files.length > 0;
    const work = async (_: M3, signal: AbortSignal) => {
      const started = performance.now();
      const result = await index!.search(query, { limit: HITS, explain: true, signal });
      return { query, result, ms: performance.now() - started };
    };
    void this.#live.compute(this.#model(), canAnswer ? work : null);
  }

  #model(): M3 | null {
    const { model } = this.#app.state;
    return model.kind === "ready" ? model.value : null;
  }
}
