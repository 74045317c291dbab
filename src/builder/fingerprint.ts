/** The fingerprint of an artefact: changes when anything that changes a vector changes, and with nothing else (not with name, licence, source or self-test). */
import type { Manifest } from "#core/manifest.ts";
import { sha256Hex } from "#core/sha256.ts";

/** SHA-256 of the JSON of what decides the vectors, in this order. */
export function fingerprint(manifest: Omit<Manifest, "fingerprint">): Promise<string> {
  const { formatVersion, architecture, heads, maxTokens, prompts, tokenizer, shards, onnx } = manifest;
  const parts = [
    formatVersion,
    architecture,
    heads,
    maxTokens,
    prompts,
    tokenizer.kind,
    tokenizer.sha256,
    shards.map(({ sha256 }) => sha256),
    ...(onnx ? [onnx] : []),
  ];
  return sha256Hex(new TextEncoder().encode(JSON.stringify(parts)));
}
