/**
 * Memory of the renderer process on WASM: a 300 MB model loaded (from the network, and again from storage), used and disposed of; then 50 times m3-mini loaded
 * and disposed of, and 2,000 texts encoded, to see whether anything stays. Linux only (/proc).
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { chromiumArguments } from "../../tools/chromium.ts";
import { ensureChromium } from "../../tools/install-chromium.ts";
import { type BenchOptions, type BenchReport, countOption, note } from "../harness/bench.ts";
import { buildPages } from "../harness/build-pages.ts";
import { serveFolders } from "../harness/static-server.ts";
import { ensureArtefact, MODELS, NAME } from "./artefact.ts";
import { Browser } from "./browser.ts";
import { Page } from "./page.ts";
import type { MemorySide } from "./protocol.ts";
import { Renderer } from "./renderer.ts";
import { growth } from "./trend.ts";

export const summary = "memory of the renderer while a 300 MB model is loaded, when it is ready and after dispose; and whether anything stays after many times";

export const options = {
  cycles: { type: "string", help: "load and dispose m3-mini so many times (default 50)" },
  encodes: { type: "string", help: "encode so many texts (default 2,000)" },
  "only-load": { type: "boolean", help: "the 300 MB model only" },
} as const;

/** The bars, in MB beyond the model's size or the start. */
const PEAK_MB = 180;
const LOADED_MB = 60;
const AFTER_MB = 30;
/** Resident memory of a browser swings by some MB by itself. */
const TREND_MB = 15;
/** Looks along the 2,000 encodes. */
const LOOKS = 20;

export async function run(given: BenchOptions): Promise<BenchReport> {
  const bytes = await ensureArtefact();
  note("Building the page.");
  const pages = await buildPages("bench/memory/pages", ["ours.html"], ".cache/bench/memory");
  const server = await serveFolders({ "/": pages, "/models/": "public/models", "/big/": MODELS });
  const address = `${server.origin}/ours.html`;
  try {
    const size = bytes / 1e6;
    const loads = await inProfile(address, async (open) => [
      { how: "from the network", ...(await loadOnce(open)) },
      { how: "from storage", ...(await loadOnce(open)) },
    ]);
    const trends = given["only-load"]
      ? []
      : await inProfile(address, (open) => many(open, countOption(given, "cycles", 50), countOption(given, "encodes", 2000)));
    const worst = (pick: (load: Load) => number) => Math.max(...loads.map(pick));
    return {
      tables: [
        {
          title: `A model of ${size.toFixed(0)} MB: resident memory of the renderer (MB = 1,000,000 bytes)`,
          columns: ["load", "start", "peak", "ready", "after dispose", "peak − start − size", "ready − start − size", "after − start"],
          rows: loads.map(({ how, start, peak, ready, after }) => [how, start, peak, ready, after, peak - start - size, ready - start - size, after - start]),
        },
        ...(trends.length > 0
          ? [
              {
                title: "Many times, m3-mini: resident memory",
                columns: ["what", "times", "MB over the second quarter", "over the last quarter", "growth MB"],
                rows: trends.map(({ what, times, looks }) => [what, times, ...growth(looks).quarters, growth(looks).megabytes]),
              },
            ]
          : []),
      ],
      notes: [
        `Ours: ${loads[0]!.engine}.`,
        "Start: the page is open, no worker runs. Ready: a query was encoded. All but the peak after a collection of garbage.",
        `Growth compares the means of the second and the last quarter of the looks; up to ${TREND_MB} MB are the browser's own swing.`,
      ],
      ratios: [
        ...trends.map(({ what, looks }) => ({ name: `growth, ${what}`, value: growth(looks).megabytes, aim: TREND_MB, atMost: true, unit: " MB" })),
        { name: "after dispose, above the start", value: worst(({ start, after }) => after - start), aim: AFTER_MB, atMost: true, unit: " MB" },
        { name: "ready, above start and size", value: worst(({ start, ready }) => ready - start - size), aim: LOADED_MB, atMost: true, unit: " MB" },
        { name: "peak, above start and size", value: worst(({ start, peak }) => peak - start - size), aim: PEAK_MB, atMost: true, unit: " MB" },
      ],
      raw: { bytes, loads, trends },
    };
  } finally {
    await server.close();
  }
}

interface Load {
  readonly engine: string;
  readonly start: number;
  readonly peak: number;
  readonly ready: number;
  readonly after: number;
}

interface Trend {
  readonly what: string;
  readonly times: number;
  /** Settled memory after each step, MB. */
  readonly looks: readonly number[];
}

interface Opened {
  readonly renderer: Renderer;
  call<Name extends keyof MemorySide>(name: Name, ...args: Parameters<MemorySide[Name]>): Promise<Awaited<ReturnType<MemorySide[Name]>>>;
  /** Also waits until the worker has ended, which a browser takes a second or two for. */
  dispose(): Promise<void>;
  close(): Promise<void>;
}

async function loadOnce(open: () => Promise<Opened>): Promise<Load> {
  note("Loading the 300 MB model.");
  const { renderer, call, dispose, close } = await open();
  try {
    const start = await renderer.settledMB();
    renderer.forgetPeak();
    const engine = await call("load", `/big/${NAME}/`);
    const peak = renderer.peakMB();
    const ready = await renderer.settledMB();
    await dispose();
    return { engine, start, peak, ready, after: await renderer.settledMB() };
  } finally {
    await close();
  }
}

async function many(open: () => Promise<Opened>, cycles: number, encodes: number): Promise<Trend[]> {
  const { renderer, call, dispose, close } = await open();
  try {
    const afterDispose: number[] = [];
    for (let cycle = 1; cycle <= cycles; cycle++) {
      if (cycle % 10 === 0) note(`Load and dispose ${cycle} of ${cycles}.`);
      await call("load", "m3-mini");
      await dispose();
      afterDispose.push(await renderer.settledMB());
    }
    await call("load", "m3-mini");
    const afterEncode: number[] = [];
    for (let look = 1; look <= LOOKS; look++) {
      note(`Encode ${Math.round((look * encodes) / LOOKS)} of ${encodes}.`);
      await call("encode", Math.ceil(encodes / LOOKS));
      afterEncode.push(await renderer.settledMB());
    }
    return [
      { what: "load and dispose", times: cycles, looks: afterDispose },
      { what: "encode", times: encodes, looks: afterEncode },
    ];
  } finally {
    await close();
  }
}

/** Gives the task a way to open the page in a browser of its own, each time with the same profile. */
async function inProfile<T>(address: string, task: (open: () => Promise<Opened>) => Promise<T>): Promise<T> {
  const profile = mkdtempSync(path.join(tmpdir(), "memory-"));
  try {
    return await task(() => openPage(address, profile));
  } finally {
    rmSync(profile, { recursive: true, force: true });
  }
}

async function openPage(address: string, profile: string): Promise<Opened> {
  const browser = await Browser.launch(ensureChromium(), profile, chromiumArguments);
  try {
    const page = await Page.open(browser, address);
    const call = (name: string, ...args: unknown[]) => page.evaluate(`bench.${name}(...${JSON.stringify(args)})`);
    const dispose = async () => {
      await call("dispose");
      await page.noWorker();
    };
    return { renderer: await Renderer.of(browser, page), call, dispose, close: () => browser.close() };
  } catch (error) {
    await browser.close();
    throw error;
  }
}
