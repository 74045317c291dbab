/** The state that is worth sharing or coming back to, in the page's address: ?q=…&lang=en,ko&rank=dense. */

import { isLanguage } from "./languages.ts";
import { defaultPreset, type Preset, presetOf } from "./presets.ts";

export interface Address {
  readonly query: string;
  /** Null: the reader's own. */
  readonly languages: readonly string[] | null;
  readonly preset: Preset;
  /** `?device=wasm`: which backend to ask for. Only read, never written. */
  readonly device: "auto" | "webgpu" | "wasm";
}

export function readAddress(search: string): Address {
  const parameters = new URLSearchParams(search);
  const languages = (parameters.get("lang") ?? "").split(",").filter(isLanguage);
  const device = parameters.get("device");
  return {
    query: parameters.get("q") ?? "",
    languages: languages.length > 0 ? languages : null,
    preset: presetOf(parameters.get("rank")),
    device: device === "webgpu" || device === "wasm" ? device : "auto",
  };
}

/** The query string for a state; parameters that this page does not know stay. */
export function writeAddress(search: string, state: { query: string; languages: readonly string[]; preset: Preset }): string {
  const parameters = new URLSearchParams(search);
  const set = (name: string, value: string) => (value ? parameters.set(name, value) : parameters.delete(name));
  set("q", state.query);
  set("lang", state.languages.join(","));
  set("rank", state.preset === defaultPreset ? "" : state.preset.id);
  const text = parameters.toString().replaceAll("%2C", ",");
  return text && `?${text}`;
}
