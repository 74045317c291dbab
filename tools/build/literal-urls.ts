/**
 * Keeps `new URL("…", import.meta.url)` in the output as it is written here.
 *
 * In library mode Vite turns such an expression into the file itself, as a data URL. The package wants the opposite: dist says where a file lies, as the
 * literal pattern that bundlers look for and that plain browsers understand, and the file is had when it is needed.
 */
import type { Plugin } from "vite";

const PLACEHOLDER = "__BGE_M3_WEB_URL__";

/** Source code of the expression, to be written into modules; {@link literalUrls} turns it into `new URL(specifier, import.meta.url)` at the end. */
export function literalUrl(specifier: string): string {
  return `${PLACEHOLDER}(${JSON.stringify(specifier)})`;
}

/** @param rename specifiers in the source, and what they are called in dist; any other `new URL` is left alone */
export function literalUrls(rename: Readonly<Record<string, string>> = {}): Plugin {
  return {
    name: "literal-urls",
    enforce: "pre",
    transform(code) {
      let changed = code;
      for (const [source, output] of Object.entries(rename)) changed = changed.replaceAll(`new URL("${source}", import.meta.url)`, literalUrl(output));
      return changed === code ? null : { code: changed, map: null };
    },
    generateBundle(_, bundle) {
      const call = new RegExp(`${PLACEHOLDER}\\((["'\`])([^"'\`]+)\\1\\)`, "g");
      for (const output of Object.values(bundle)) {
        if (output.type === "chunk") output.code = output.code.replace(call, (_match, _quote, specifier) => `new URL("${specifier}", import.meta.url)`);
      }
    },
  };
}
