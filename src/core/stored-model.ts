/** What is kept of models on the device, for settings pages. */

/** A model of which something is stored on this device. */
export interface StoredModel {
  /** Of its manifest: what tells stored models apart. */
  readonly url: string;
  /** As the manifest has it. */
  readonly name: string;
  readonly fingerprint: string;
  /** Bytes stored, broken-off downloads included. Files that two models share count for both. */
  readonly bytes: number;
  /** Bytes of all its files. Most of them are pages of the embedding table, which are downloaded when a text needs them. */
  readonly totalBytes: number;
}

/** What `models.verify` found. */
export interface ModelCheck {
  /** Files that were stored. */
  readonly checked: number;
  /** Those that were damaged, and are removed. */
  readonly damaged: readonly string[];
}
