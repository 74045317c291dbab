/**
 * MaxSim of our WASM kernels (float32, int8, 1-bit documents) against npm's maxsim-web (float32), documents in memory beforehand, one thread, in one page of
 * Chromium. The peer's module is taken from node_modules/maxsim-web or from --peer; without it only our own figures are printed.
 */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { type BenchOptions, type BenchReport, countOption, note } from "./harness/bench.ts";
import { openPage } from "./harness/browser.ts";
import { buildPages } from "./harness/build-pages.ts";
import { serveFolders } from "./harness/static-server.ts";
import { type Contender, type MaxsimFigures, measureMaxsim, type Shape } from "./maxsim/measure.ts";

export const summary = "MaxSim kernels against maxsim-web: 1,000 documents × 180 tokens, 32 query tokens, 128 dimensions";

const PEER_FILE = "maxsim_web_wasm_bg.wasm";

export const options = {
  documents: { type: "string", help: "documents (1000)" },
  tokens: { type: "string", help: "tokens a document (180)" },
  query: { type: "string", help: "query tokens (32)" },
  dim: { type: "string", help: "width of a vector, a multiple of 16 (128)" },
  rounds: { type: "string", help: "rounds; the best one counts (10)" },
  peer: { type: "string", help: `folder with ${PEER_FILE} of maxsim-web 0.6.0 (node_modules/maxsim-web/dist/wasm)` },
  node: { type: "boolean", help: "measure in Node instead of Chromium" },
} as const;

export async function run(given: BenchOptions): Promise<BenchReport> {
  const shape: Shape = {
    documents: countOption(given, "documents", 1000),
    tokens: countOption(given, "tokens", 180),
    queryTokens: countOption(given, "query", 32),
    dim: countOption(given, "dim", 128),
    rounds: countOption(given, "rounds", 10),
  };
  const folder = typeof given.peer === "string" ? given.peer : "node_modules/maxsim-web/dist/wasm";
  const peerFile = path.join(folder, PEER_FILE);
  const hasPeer = existsSync(peerFile);
  if (!hasPeer) note(`No ${peerFile}: measuring without maxsim-web. Install it (npm install --no-save maxsim-web@0.6.0) or give --peer FOLDER.`);
  const { figures, where } = given.node
    ? { figures: await measureMaxsim(shape, hasPeer ? readFileSync(peerFile) : null), where: `node ${process.version}` }
    : await inChromium(shape, hasPeer ? folder : null);

  const products = shape.documents * shape.tokens * shape.queryTokens * shape.dim;
  const of = (name: Contender["name"]) => figures.contenders.find((contender) => contender.name === name);
  const times = (name: Contender["name"], slower: Contender["name"]) => (of(slower)?.bestMs ?? Number.NaN) / (of(name)?.bestMs ?? Number.NaN);
  return {
    tables: [
      {
        title: `${shape.documents} documents × ${shape.tokens} tokens, ${shape.queryTokens} query tokens, ${shape.dim} dimensions; one thread, ${where}`,
        columns: ["", "best ms", "median ms", "10⁹ products/s", "bytes/token", "mean error %", "worst error %"],
        rows: figures.contenders.map(({ name, bestMs, medianMs, bytesPerToken, meanError, worstError }) => [
          name,
          bestMs,
          medianMs,
          products / bestMs / 1e6,
          bytesPerToken,
          meanError * 100,
          worstError * 100,
        ]),
      },
    ],
    notes: [
      "Errors are relative differences of scores to those of the plain loop in float64 on float32 vectors.",
      ...(hasPeer ? [] : ["maxsim-web was not there: the ratios to it are missing."]),
    ],
    ratios: [
      ...(hasPeer
        ? [
            { name: "int8 against maxsim-web", value: times("int8", "maxsim-web"), aim: 5 },
            { name: "1-bit against maxsim-web", value: times("1-bit", "maxsim-web"), aim: 10 },
            { name: "float32 against maxsim-web", value: times("float32", "maxsim-web") },
          ]
        : []),
      { name: "int8 against the plain loop", value: times("int8", "plain loop") },
      { name: "worst error of int8, in %", value: (of("int8")?.worstError ?? Number.NaN) * 100, aim: 1, atMost: true },
    ],
    raw: figures,
  };
}

async function inChromium(shape: Shape, peerFolder: string | null): Promise<{ figures: MaxsimFigures; where: string }> {
  note("Building the page.");
  const pages = await buildPages("bench/maxsim", ["page.html"], ".cache/bench/maxsim");
  const server = await serveFolders({ "/": pages, ...(peerFolder === null ? {} : { "/peer/": peerFolder }) });
  const opened = await openPage(`${server.origin}/page.html`);
  try {
    const peerUrl = peerFolder === null ? null : `${server.origin}/peer/${PEER_FILE}`;
    const figures = await opened.page.evaluate(([asked, url]) => window.measureMaxsim(asked, url), [shape, peerUrl] as const);
    return { figures, where: `Chromium ${opened.version}` };
  } finally {
    await opened.close();
    await server.close();
  }
}
