/**
 * Pages that mean harm, in the form that each recipe's generator takes. Whatever stands in them is text: in the index, and in the list of results. They are searched
 * for, not opened: what such a page does to its own visitors is its site's affair.
 */
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

export interface WrittenPage {
  readonly name: string;
  readonly title: string;
  readonly heading: string;
  readonly text: string;
  /** Stands in every other field: description, metadata, language, anchor. */
  readonly harm: string;
}

export interface HostilePage extends WrittenPage {
  /** Finds the page. */
  readonly question: string;
  /** Is in the title of the result. */
  readonly shown: string;
}

const MARKUP = `"'><img src=x onerror="globalThis.hacked=1"><script>globalThis.hacked=1</script>`;
/** Turns what follows it, and never ends. */
const TURNED = "invoice\u202Egpj.exe\u2066";
const MILLION = 1_000_000;

export const hostilePages: readonly HostilePage[] = [
  {
    name: "markup",
    question: "bags for luggage on the rear rack",
    shown: `Pannier bags ${MARKUP}`,
    title: `Pannier bags ${MARKUP}`,
    heading: `Hang them up ${MARKUP}`,
    text: `${MARKUP} Bags for your luggage hang on both sides of the rear rack. ${MARKUP}`,
    harm: MARKUP,
  },
  {
    name: "turned",
    question: "ring the bell to warn people on foot",
    shown: "A bell invoicegpj.exe",
    title: `A bell ${TURNED}`,
    heading: `Ring it ${TURNED}`,
    text: `${TURNED} Ring the bell to warn people who go on foot. ${TURNED}`,
    harm: TURNED,
  },
  {
    name: "endless",
    question: "mudguards against water from the road",
    shown: "Mudguards xxxx",
    title: `Mudguards ${"x".repeat(MILLION)}`,
    // Characters without a width: of no weight for the model, and still a line of a million.
    heading: `Mount ${"\u200B".repeat(MILLION)}them`,
    text: `Mudguards keep the water of a wet road away from you.${"\u200B".repeat(MILLION)}`,
    harm: "x".repeat(MILLION),
  },
];

export interface PageSources {
  /** Folder of the recipe that pages are written to. */
  readonly folder: string;
  /** The recipe's own page that stands around the hostile content; for a generator that takes Markdown, none. */
  readonly around?: string | undefined;
  /** The layout that pages in Markdown name; it shows their title. */
  readonly layout?: string | undefined;
  /** Longest title that the generator itself can take. */
  readonly titleLength?: number | undefined;
}

/** @param recipe folder of the recipe's copy */
export function writePage(recipe: string, page: WrittenPage, { folder, around, layout, titleLength }: PageSources): void {
  const cut = { ...page, title: page.title.slice(0, titleLength) };
  const write = (extension: string, source: string) => writeFileSync(path.join(recipe, folder, `${page.name}.${extension}`), source);
  if (around === undefined) write("md", asMarkdown(cut, layout));
  else write("html", asHtml(cut, readFileSync(path.join(recipe, folder, around), "utf8")));
}

function asHtml(page: WrittenPage, around: string): string {
  const metas = ["description", "m3:kind"].map((name) => `<meta name="${name}" content="${escaped(page.harm)}">`).join("");
  return around
    .replace(/lang="\w+"/, () => `lang="${escaped(page.harm)}"`)
    .replace(/<title>.*<\/title>/, () => `<title>${escaped(page.title)}</title>${metas}`)
    .replace(/<main>.*<\/main>/s, () => `<main><h1>${escaped(page.title)}</h1>${contentOf(page)}<script>globalThis.hacked = 1;</script></main>`);
}

/**
 * What VitePress would make of it is its own affair: it writes front matter into a script of its build, which `</script>` ends, and headings in Markdown into labels,
 * which a quotation mark does. So the one has no such end here, and the others are HTML.
 */
function asMarkdown(page: WrittenPage, layout: string | undefined): string {
  const harm = page.harm.replaceAll("</script>", "");
  const title = page.title.replaceAll("</script>", "");
  const front =
    layout === undefined ? { title, description: harm, head: [["meta", { name: "m3:kind", content: harm }]] } : { layout, title: page.title, lang: page.harm };
  const lines = Object.entries(front).map(([name, value]) => `${name}: ${JSON.stringify(value)}`);
  const heading = layout === undefined ? `<h1>${escaped(page.title)}</h1>` : "";
  return `---\n${lines.join("\n")}\n---\n\n${heading}${contentOf(page)}\n`;
}

/** Markup as text, and some as markup. */
function contentOf({ heading, text, harm }: WrittenPage): string {
  const image = `<img src="data:," alt="${escaped(text)}" onerror="globalThis.hacked=1">`;
  return `<h2 id="${escaped(harm)}">${escaped(heading)}</h2><p>${escaped(text)}</p><div>${image}</div>`;
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character]!);
}
