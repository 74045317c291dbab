/** What a file is for, by its address: what a first visit's bytes go to. */
import { readFileSync } from "node:fs";
import path from "node:path";
import type { Manifest } from "../../src/core/manifest.ts";
import type { Sent } from "./counting-server.ts";

export const KINDS = ["page and scripts", "runtime's WebAssembly", "manifest and configuration", "tokenizer", "layers and heads", "embedding pages"] as const;
export type Kind = (typeof KINDS)[number];

export type KindOf = (sent: Sent) => Kind;

/** @param manifest tells layers from pages */
export function kindsOf(manifest: Manifest): KindOf {
  const pages = new Set(manifest.wordEmbeddings.shards.map((shard) => manifest.shards[shard]!.file));
  return ({ url }) => {
    const name = path.posix.basename(new URL(url, "http://localhost").pathname);
    if (name.endsWith(".wasm")) return "runtime's WebAssembly";
    if (name.endsWith(".vocab") || name === "tokenizer.json") return "tokenizer";
    if (name.endsWith(".json")) return "manifest and configuration";
    if (name.endsWith(".onnx")) return "layers and heads";
    if (name.endsWith(".safetensors")) return pages.has(name) ? "embedding pages" : "layers and heads";
    return "page and scripts";
  };
}

export function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(path.join(folder, "manifest.json"), "utf8"));
}
