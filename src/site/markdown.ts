/** A Markdown page (CommonMark with GitHub's extensions and YAML front matter): rendered to HTML, and read as such. */
import GithubSlugger from "github-slugger";
import { micromark } from "micromark";
import { frontmatter, frontmatterHtml } from "micromark-extension-frontmatter";
import { gfm, gfmHtml } from "micromark-extension-gfm";
import { parse as parseYaml } from "yaml";
import { InvalidInputError } from "#core/errors.ts";
import { readHtml } from "./html.ts";
import { languageTag, type SitePage } from "./page.ts";

const FRONT_MATTER = /^\uFEFF?---[^\S\n]*\r?\n([\s\S]*?)\r?\n---[^\S\n]*(?:\r?\n|$)/;

/**
 * Anchors are those that GitHub and most site generators give: the heading's text as a slug. Front matter may have `title`, `description`, `lang`, and others,
 * which become fields where they are strings, numbers, booleans or lists of strings.
 *
 * @returns null for a page whose front matter says `draft: true`
 * @throws InvalidInputError for front matter that is not YAML
 */
export function readMarkdown(text: string, url: string): SitePage | null {
  const front = readFrontMatter(text, url);
  if (front.draft === true) return null;
  const options = { allowDangerousHtml: true, extensions: [gfm(), frontmatter()], htmlExtensions: [gfmHtml(), frontmatterHtml()] };
  const slugger = new GithubSlugger();
  const page = readHtml(micromark(text.replace(/^\uFEFF/, ""), options), url, { slug: (heading) => slugger.slug(heading) });
  if (!page) return null;
  const { title, description, lang, draft: _, ...others } = front;
  return {
    ...page,
    title: typeof title === "string" && title !== "" ? title : page.title,
    lang: languageTag(typeof lang === "string" ? lang : null) ?? page.lang,
    description: typeof description === "string" ? description : null,
    fields: { ...page.fields, ...fieldsOf(others) },
  };
}

function readFrontMatter(text: string, url: string): Readonly<Record<string, unknown>> {
  const [, yaml] = FRONT_MATTER.exec(text) ?? [];
  if (yaml === undefined) return {};
  let value: unknown;
  try {
    value = parseYaml(yaml);
  } catch (cause) {
    throw new InvalidInputError(`the front matter of ${url}`, `YAML (${(cause as Error).message})`, yaml);
  }
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

function fieldsOf(values: Readonly<Record<string, unknown>>): Record<string, string | number | boolean | readonly string[]> {
  const fields: Record<string, string | number | boolean | readonly string[]> = {};
  for (const [name, value] of Object.entries(values)) {
    if (typeof value === "string" || typeof value === "boolean" || (typeof value === "number" && Number.isFinite(value))) fields[name] = value;
    else if (Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === "string")) fields[name] = value;
  }
  return fields;
}
