/**
 * Bytes from nothing to the first answer: 20 queries in ten languages, each in a new Chromium with an empty profile, counted at the server's sockets. Then once
 * more with the same profile. transformers.js on the same model is served by the same server.
 */
import { ensurePeer, PEERS } from "../encode/peer-files.ts";
import { type BenchOptions, type BenchReport, type Cell, countOption, note } from "../harness/bench.ts";
import { buildPages } from "../harness/build-pages.ts";
import { packageVersion } from "../harness/machine.ts";
import { sum } from "../harness/statistics.ts";
import type { Encoding } from "./compressed-files.ts";
import { type Sent, serveCounting } from "./counting-server.ts";
import { KINDS, type KindOf, kindsOf, readManifest } from "./kinds.ts";
import { deliveryQueries, type Query } from "./queries.ts";
import { type Visited, visitTwice } from "./visits.ts";

export const summary = "bytes that are sent from an empty cache to the first query's three heads, and at a second visit, against transformers.js";

export const options = {
  limit: { type: "string", help: "ask only the first N of the 20 queries" },
  gzip: { type: "boolean", help: "the server compresses with gzip, not with brotli" },
  "skip-peer": { type: "boolean", help: "leave out transformers.js" },
} as const;

/** In MB of 1,000,000 bytes, as the issue and data plans count. */
const AIM_MB = 20;
const PEER_AIM_MB = 120;
const MODEL = "public/models/m3-mini";
const PEER_ORT = "node_modules/@huggingface/transformers/node_modules/onnxruntime-web/dist";

interface Row extends Visited {
  readonly query: Query;
}

const megabytes = (sent: readonly Sent[]) => sum(sent.map(({ socketBytes }) => socketBytes)) / 1e6;
const bodies = (sent: readonly Sent[]) => sum(sent.map(({ bodyBytes }) => bodyBytes));

export async function run(given: BenchOptions): Promise<BenchReport> {
  const queries = deliveryQueries().slice(0, countOption(given, "limit", Number.POSITIVE_INFINITY));
  const encoding: Encoding = given.gzip ? "gzip" : "br";
  if (!given["skip-peer"]) ensurePeer();
  note("Building the pages.");
  const pages = await buildPages("bench/delivery/pages", ["ours.html", "peer.html"], ".cache/bench/bytes");
  const server = await serveCounting({ "/": pages, "/models/": "public/models", "/peer/": PEERS, "/peer-ort/": PEER_ORT }, encoding);
  try {
    const kindOf = kindsOf(readManifest(MODEL));
    const rows: Row[] = [];
    for (const [index, query] of queries.entries()) {
      note(`Query ${index + 1} of ${queries.length}.`);
      rows.push({ query, ...(await visitTwice(server, "ours", query.text)) });
    }
    // Its files do not depend on the query.
    if (!given["skip-peer"]) note("transformers.js (compressing its model takes a while at the first run).");
    const peer = given["skip-peer"] ? null : await visitTwice(server, "peer", queries[0]!.text);
    return report(rows, peer, kindOf, encoding);
  } finally {
    await server.close();
  }
}

const plain = (sent: readonly Sent[]) => sum(sent.map(({ plainBytes }) => plainBytes)) / 1e6;

/** Model hubs send weights as they are. */
const withPlainWeights = (sent: readonly Sent[]) => sum(sent.map((one) => (one.url.endsWith(".onnx") ? one.plainBytes : one.socketBytes))) / 1e6;

function report(rows: readonly Row[], peer: Visited | null, kindOf: KindOf, encoding: Encoding): BenchReport {
  const most = Math.max(...rows.map(({ first }) => megabytes(first)));
  const secondBodies = Math.max(...rows.map(({ second }) => bodies(second)));
  const secondHeaders = Math.max(...rows.map(({ second }) => sum(second.map(({ socketBytes }) => socketBytes))));
  const kindRow = (name: string, ours: readonly (readonly Sent[])[], theirs: readonly Sent[] | null): Cell[] => [
    name,
    sum(ours.map(megabytes)) / ours.length,
    Math.max(...ours.map(megabytes)),
    Math.max(...ours.map(plain)),
    theirs && megabytes(theirs),
    theirs && plain(theirs),
  ];
  return {
    tables: [
      {
        title: `From an empty profile to the first query's three heads (MB = 1,000,000 bytes, ${encoding})`,
        columns: ["language", "query", "tokens", "files", "pages", "first visit MB", "second visit, bodies B", "second visit, all B"],
        rows: rows.map(({ query, answer, first, second }) => [
          query.language,
          query.text.length > 32 ? `${query.text.slice(0, 31)}…` : query.text,
          answer.tokens,
          first.length,
          first.filter((sent) => kindOf(sent) === "embedding pages").length,
          megabytes(first),
          bodies(second),
          sum(second.map(({ socketBytes }) => socketBytes)),
        ]),
      },
      {
        title: "Where they go, MB",
        columns: ["what", "bge-m3-web, on average", "at most", "uncompressed, at most", "transformers.js", "uncompressed"],
        rows: KINDS.map((kind): Cell[] => {
          const only = (sent: readonly Sent[]) => sent.filter((one) => kindOf(one) === kind);
          return kindRow(
            kind,
            rows.map(({ first }) => only(first)),
            peer && only(peer.first),
          );
        }).concat([
          kindRow(
            "all",
            rows.map(({ first }) => first),
            peer?.first ?? null,
          ),
        ]),
      },
    ],
    versions: { chromium: rows[0]!.chromium, "@huggingface/transformers": packageVersion("@huggingface/transformers") },
    notes: [
      `Ours: ${rows[0]!.answer.engine}`,
      ...(peer ? [`transformers.js: ${peer.answer.engine}; it gives the dense vector only.`] : []),
      "The peer's weights are made of the same 4-bit ones, so they compress far better than 8-bit weights do; hubs send them uncompressed.",
      "Counted at the server's sockets, headers included. Without a GPU; a browser with one gets a WebGPU build of the runtime too (docs/loading.md has the sizes).",
      `A second visit asks whether page and manifest are still the same ("304"): ${secondHeaders} bytes of headers.`,
    ],
    ratios: [
      ...(peer
        ? [
            { name: "transformers.js to our largest first visit, both compressed", value: megabytes(peer.first) / most },
            { name: "the same model in transformers.js, its weights as hubs send them", value: withPlainWeights(peer.first), aim: PEER_AIM_MB, unit: " MB" },
          ]
        : []),
      { name: "bytes of bodies at a second visit", value: secondBodies, aim: 0, atMost: true, unit: " B" },
      { name: "the largest first visit", value: most, aim: AIM_MB, atMost: true, unit: " MB" },
    ],
    raw: { rows, peer },
  };
}
