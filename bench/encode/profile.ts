/** Where the time goes, by operator: both graphs in Chromium on WASM with two threads, one text at a time, with ONNX Runtime's own profiling. */
import type { BenchReport, Table } from "../harness/bench.ts";
import { openPage } from "../harness/browser.ts";
import { buildPages } from "../harness/build-pages.ts";
import { serveFolders } from "../harness/static-server.ts";
import { ASSETS } from "./contenders.ts";
import { type Profile, summariseProfile } from "./profile-events.ts";

const PAGES = ["profile-ours", "profile-peer"] as const;
const WARM_UP_RUNS = 4;

export async function profileOperators(texts: readonly string[]): Promise<BenchReport> {
  const pages = await buildPages(
    "bench/encode/pages",
    PAGES.map((page) => `${page}.html`),
    ".cache/bench/encode-profile",
  );
  const server = await serveFolders({ "/": pages, ...ASSETS });
  const profiles: Profile[] = [];
  for (const name of PAGES) profiles.push(await profilePage(`${server.origin}/${name}.html`, [...texts.slice(0, WARM_UP_RUNS), ...texts]));
  await server.close();
  const [ours, peer] = profiles as [Profile, Profile];
  return {
    tables: [profileTable("bge-m3-web, three heads", ours), profileTable("transformers.js, dense", peer)],
    notes: [
      `${texts.length} texts, one run each, after ${WARM_UP_RUNS} to warm up; milliseconds are of one run on average.`,
      "Profiling itself costs a few microseconds a node. A run's remainder is what lies between the operators.",
    ],
    ratios: [{ name: "time of a run, peer to ours (the graph alone: no tokenizer, no worker boundary)", value: peer.runMs / ours.runMs }],
    raw: { ours, peer },
  };
}

async function profilePage(address: string, texts: readonly string[]): Promise<Profile> {
  const { page, close } = await openPage(address);
  await page.waitForFunction("globalThis.bench !== undefined");
  const printed = await page.evaluate(
    (list) => (globalThis as unknown as { bench: { profile(texts: readonly string[]): Promise<string> } }).bench.profile(list),
    texts,
  );
  await close();
  return summariseProfile(printed, WARM_UP_RUNS);
}

function profileTable(title: string, { operators, runMs }: Profile): Table {
  const listed = operators.filter(({ ms }) => ms >= runMs / 1000);
  const rest = runMs - listed.reduce((total, { ms }) => total + ms, 0);
  return {
    title: `${title}: one run ${runMs.toFixed(1)} ms`,
    columns: ["operator", "nodes", "ms", "% of the run"],
    rows: [...listed.map(({ operator, nodes, ms }) => [operator, nodes, ms, (100 * ms) / runMs]), ["the remainder", null, rest, (100 * rest) / runMs]],
  };
}
