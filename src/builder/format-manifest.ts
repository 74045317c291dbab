/** The text of a manifest.json: one line per entry of its long lists, so that a change shows as a few changed lines; always the same for the same manifest. */
import type { Manifest } from "#core/manifest.ts";

export function formatManifest(manifest: Manifest): string {
  const fields = Object.entries(manifest).map(([key, value]) => ` ${JSON.stringify(key)}: ${formatField(value)}`);
  return `{\n${fields.join(",\n")}\n}\n`;
}

/** A list of objects, or an object of objects, takes a line per entry; anything else one line. */
function formatField(value: unknown): string {
  if (Array.isArray(value) && value.every(isObject)) return `[\n${value.map((item) => `  ${JSON.stringify(item)}`).join(",\n")}\n ]`;
  if (isObject(value) && Object.values(value).every(isObject)) {
    const lines = Object.entries(value).map(([key, entry]) => `  ${JSON.stringify(key)}: ${JSON.stringify(entry)}`);
    return lines.length === 0 ? "{}" : `{\n${lines.join(",\n")}\n }`;
  }
  return JSON.stringify(value);
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
