/** A model's tokenizer in a worker: for pages without a bundler, the optional peer lies beside the worker's script. */
import type { Manifest } from "#core/manifest.ts";
import { openTokenizer } from "#tokenizer/open-tokenizer.ts";
import { importPeer, type PeerLibrary } from "#tokenizer/peer-library.ts";
import type { Tokenizer } from "#tokenizer/tokenizer.ts";

/** @throws as openTokenizer */
export function openModelTokenizer(manifest: Manifest, bytes: Uint8Array): Promise<Tokenizer> {
  return openTokenizer(manifest, bytes, () => importPeer(importBeside));
}

/** Where `copy-assets --transformers` puts it. */
async function importBeside(): Promise<PeerLibrary> {
  const url = `${import.meta.url.replace(/[^/]*$/, "")}transformers.js`;
  return await import(/* @vite-ignore */ /* webpackIgnore: true */ url);
}
