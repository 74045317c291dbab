/**
 * Which models have a name, and where a model's manifest lies.
 *
 * Nothing here names another origin: a name stands for a path below the base URL, which is the page's own unless the caller says otherwise.
 */
import { InvalidInputError, UnknownModelError } from "#core/errors.ts";
import { publishedModels } from "#core/published-models.ts";

/** Path of each named model's manifest, relative to the base URL. */
const CATALOG: Readonly<Record<string, string>> = {
  "m3-mini": "models/m3-mini/manifest.json",
};

/** The names that {@link manifestUrl} knows. `M3.load` knows those of published ONNX repositories (core/published-models.ts) as well, which have no manifest. */
export const modelNames: readonly string[] = Object.keys(CATALOG);

const allNames: readonly string[] = [...modelNames, ...publishedModels.map(({ repository }) => repository)];

/**
 * URL of a model's manifest.
 *
 * @param model a name of the catalogue; or the URL or path of a manifest (`….json`) or of the folder that holds a `manifest.json` (`…/`)
 * @param baseUrl absolute URL that names and relative paths are resolved against
 * @throws UnknownModelError when it is neither
 */
export function manifestUrl(model: string, baseUrl: string): URL {
  const base = parseUrl(baseUrl);
  if (!base) throw new InvalidInputError("options.baseUrl", "an absolute URL", baseUrl);
  const path = Object.hasOwn(CATALOG, model) ? CATALOG[model]! : model;
  const url = looksLikePath(path) ? parseUrl(path, base) : null;
  if (!url) throw new UnknownModelError(model, allNames);
  return url.pathname.endsWith("/") ? new URL("manifest.json", url) : url;
}

/** A bare word is a name that the catalogue does not have, not a path: "bge-m4" must not become a request. */
function looksLikePath(model: string): boolean {
  const path = model.replace(/[?#].*$/s, "");
  return path.endsWith(".json") || path.endsWith("/");
}

function parseUrl(url: string, base?: URL): URL | null {
  return URL.canParse(url, base) ? new URL(url, base) : null;
}
