/** Names of files as text that cannot deceive: characters that turn the direction of writing, or cannot be seen, are shown as what they are not. */
import { h } from "../../view/dom.ts";

const deceiving = /[\p{Cc}\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu;

export function plainName(path: string): string {
  return path.replace(deceiving, "\ufffd");
}

export function nameElement(path: string): HTMLElement {
  return h("bdi", { class: "file-name", title: plainName(path) }, plainName(path));
}
