/**
 * Serves m3-mini with something wrong with it, to tests in the browser: `/faulty-models/<fault>/manifest.json` and so on.
 *
 * All files are those of public/models/m3-mini, but for the fault. "The first shard" is the one that every encode needs.
 */
import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import type { Plugin } from "vite";
import type { Manifest } from "../../../src/core/manifest.ts";
import { flakyModels } from "./flaky-models.ts";
import { otherOrigin } from "./other-origin.ts";

const PREFIX = "/faulty-models/";
const folder = path.resolve(import.meta.dirname, "../../../public/models/m3-mini");

/** What a server answers for a file: bytes, or a status without any. */
type Answer = { readonly type?: string; readonly body: Uint8Array | string } | { readonly status: number };

type Fault = (file: string, model: { readonly manifest: Manifest; readonly firstShard: string; read(file: string): Promise<Buffer> }) => Promise<Answer | null>;

const onFirstShard =
  (change: (bytes: Buffer) => Answer): Fault =>
  async (file, { firstShard, read }) =>
    file === firstShard ? change(await read(file)) : null;

const onManifest =
  (change: (manifest: Manifest) => unknown): Fault =>
  async (file, { manifest }) =>
    file === "manifest.json" ? { type: "application/json", body: JSON.stringify(change(manifest)) } : null;

const withoutLaterLayers = <T>(byName: Readonly<Record<string, T>>) =>
  Object.fromEntries(Object.entries(byName).filter(([name]) => !/^encoder\.layer\.[1-9]/.test(name)));

const faults: Readonly<Record<string, Fault>> = {
  "no-manifest": async () => ({ status: 404 }),
  "html-manifest": async () => ({ type: "text/html", body: "<!doctype html><title>Single page</title>" }),
  "text-manifest": async () => ({ type: "application/json", body: "not json" }),
  "newer-format": onManifest((manifest) => ({ ...manifest, formatVersion: 99 })),
  "wrong-vectors": onManifest(({ selfTest, ...manifest }) => ({
    ...manifest,
    selfTest: { ...selfTest, answers: selfTest?.answers.map((answer) => ({ ...answer, dense: answer.dense.toReversed() })) },
  })),
  // Sound, and quicker: one layer, and so nothing that is known of its answers.
  shallow: onManifest((manifest) => ({
    ...manifest,
    architecture: { ...manifest.architecture, numHiddenLayers: 1 },
    tensors: withoutLaterLayers(manifest.tensors),
    encodings: withoutLaterLayers(manifest.encodings),
    selfTest: null,
  })),
  "no-shard": onFirstShard(() => ({ status: 404 })),
  "html-shard": onFirstShard(() => ({ type: "text/html; charset=utf-8", body: "<!doctype html>" })),
  "short-shard": onFirstShard((bytes) => ({ body: bytes.subarray(0, -1) })),
  "flipped-bit": onFirstShard((bytes) => {
    bytes[bytes.length >> 1]! ^= 1;
    return { body: bytes };
  }),
  "no-pages": async (file, { manifest }) => {
    const pages = new Set(manifest.wordEmbeddings.shards.map((shard) => manifest.shards[shard]!.file));
    return pages.has(file) ? { status: 404 } : null;
  },
  // The whole model, but its first shard never ends.
  stuck: async (file, { firstShard }) => (file === firstShard ? new Promise<never>(() => {}) : null),
};

export function faultyModels(): Plugin {
  return {
    name: "faulty-models",
    configureServer(server) {
      const flaky = flakyModels();
      server.middlewares.use(otherOrigin(flaky));
      server.middlewares.use(flaky);
      server.middlewares.use(async (request, response, next) => {
        const url = request.url?.split("?")[0] ?? "";
        if (!url.startsWith(PREFIX)) return next();
        const [fault = "", file = ""] = url.slice(PREFIX.length).split("/");
        const read = (name: string) => readFile(path.join(folder, path.basename(name)));
        const manifest: Manifest = JSON.parse((await read("manifest.json")).toString());
        const firstShard = manifest.shards[Object.values(manifest.tensors)[0]!.parts[0]!.shard]!.file;
        const answer = await faults[fault]?.(file, { manifest, firstShard, read });
        response.setHeader("Cross-Origin-Resource-Policy", "same-origin");
        if (!answer) return void createReadStream(path.join(folder, path.basename(file))).pipe(response);
        if ("status" in answer) {
          response.statusCode = answer.status;
          return void response.end();
        }
        response.setHeader("Content-Type", answer.type ?? "application/octet-stream");
        response.end(answer.body);
      });
    },
  };
}
