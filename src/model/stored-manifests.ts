/** The manifests of stored models. What no manifest names any more is not kept. */
import type { FileEntry, Manifest } from "#core/manifest.ts";
import { parseManifest } from "#core/parse-manifest.ts";
import { sha256Hex } from "#core/sha256.ts";
import { blobNames } from "./model-storage.ts";
import type { Shelf } from "./shelf.ts";

const SHA256_DIGITS = 64;

export class StoredManifests {
  readonly #shelf: Shelf;

  constructor(shelf: Shelf) {
    this.#shelf = shelf;
  }

  /** Undefined when there is none, or none that this version of the package can read. */
  async read(url: URL): Promise<Manifest | undefined> {
    return parse(await this.#shelf.read(await nameOf(url)));
  }

  /** @param replaces whether there was one: then files of the model's last version may have become useless, and are removed */
  async write(url: URL, manifest: unknown, replaces: boolean): Promise<void> {
    const name = await nameOf(url);
    const bytes = new TextEncoder().encode(JSON.stringify({ url: url.href, manifest }));
    const before = replaces ? await this.#shelf.read(name) : undefined;
    if (before?.length === bytes.length && bytes.every((byte, index) => byte === before[index])) return;
    const written = await this.#shelf.write(name, bytes);
    if (written && before) await this.#removeUnnamed(parse(before));
  }

  /** All that this version of the package can read. */
  async list(): Promise<{ readonly url: string; readonly manifest: Manifest }[]> {
    const stored = [];
    for (const name of await this.#shelf.list(blobNames.manifests)) {
      const blob = await this.#shelf.read(name);
      const manifest = parse(blob);
      if (blob && manifest) stored.push({ url: String(JSON.parse(new TextDecoder().decode(blob)).url), manifest });
    }
    return stored;
  }

  /** Removes a manifest, and the files that only it named. */
  async remove(url: URL): Promise<void> {
    const gone = await this.read(url);
    await this.#shelf.remove(await nameOf(url));
    await this.#removeUnnamed(gone);
  }

  /** @param gone what no longer has a manifest: heads that were trained for it are of no use */
  async #removeUnnamed(gone: Manifest | undefined): Promise<void> {
    const named = new Set<string>();
    const fingerprints = new Set<string>();
    for (const name of await this.#shelf.list(blobNames.manifests)) {
      const manifest = parse(await this.#shelf.read(name));
      // What cannot be read now may be of a newer version of this package: its files are not ours to remove.
      if (!manifest) return;
      for (const { sha256 } of filesOf(manifest)) named.add(sha256);
      fingerprints.add(manifest.fingerprint);
    }
    if (gone && !fingerprints.has(gone.fingerprint)) {
      const training = await this.#shelf.list(blobNames.training(gone.fingerprint));
      for (const name of [blobNames.heads(gone.fingerprint), ...training]) await this.#shelf.remove(name);
    }
    for (const prefix of ["f-", "p-"]) {
      for (const name of await this.#shelf.list(prefix)) {
        if (!named.has(name.slice(prefix.length, prefix.length + SHA256_DIGITS))) await this.#shelf.remove(name);
      }
    }
  }
}

/** All files of a model but the manifest. */
export function filesOf(manifest: Manifest): readonly FileEntry[] {
  return [manifest.tokenizer, ...manifest.shards];
}

async function nameOf(url: URL): Promise<string> {
  return blobNames.manifest(await sha256Hex(new TextEncoder().encode(url.href)));
}

function parse(bytes: Uint8Array | undefined): Manifest | undefined {
  if (!bytes) return undefined;
  try {
    return parseManifest(JSON.parse(new TextDecoder().decode(bytes)).manifest);
  } catch {
    return undefined;
  }
}
