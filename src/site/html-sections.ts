/** Cuts the content of an HTML page at its headings. */
import { attribute, type ChildNode, type Element, isElement } from "./html-tree.ts";
import type { Section } from "./page.ts";
import { SectionBuilder, type Slug } from "./section-builder.ts";

const HEADING = /^h([1-6])$/;
/** Not content, wherever they stand. `header` and `footer` of a page are, as a rule, the same on each. */
const SKIPPED = new Set(
  "script style template noscript nav aside footer form button select textarea input iframe object embed svg math canvas audio video dialog".split(" "),
);
const SKIPPED_ROLES = new Set(["navigation", "banner", "contentinfo", "search", "complementary", "dialog", "alertdialog", "menu", "menubar", "toolbar"]);
/** Text on both sides of them belongs to one line. All other elements are blocks. */
const INLINE = new Set(
  "a abbr acronym b bdi bdo big cite code data del dfn em font i img ins kbd label mark q ruby rb rt rp s samp small span strike strong sub sup time tt u var wbr".split(
    " ",
  ),
);
/** Readings above Chinese and Japanese words would stand in the middle of them. */
const READINGS = new Set(["rt", "rp"]);

interface Context {
  readonly weight: number;
  readonly preformatted: boolean;
}

type Step = { readonly node: ChildNode; readonly context: Context } | { readonly leave: () => void };

export class HtmlSections {
  readonly #builder = new SectionBuilder();
  readonly #slug: Slug | undefined;
  /** The first h1: it names the page better than `<title>`, which often names the site as well. */
  title: string | undefined;

  /** @param slug gives headings without an id one of their own */
  constructor(slug?: Slug) {
    this.#slug = slug;
  }

  read(body: Element): void {
    // A stack, not recursion: a hostile page is nested as deep as it likes.
    const steps: Step[] = [{ node: body, context: { weight: 1, preformatted: false } }];
    for (let step = steps.pop(); step; step = steps.pop()) {
      if ("leave" in step) step.leave();
      else this.#visit(step.node, step.context, steps, step.node === body);
    }
    this.#builder.endParagraph();
  }

  finish(): Section[] {
    return this.#builder.finish();
  }

  #visit(node: ChildNode, context: Context, steps: Step[], isBody: boolean): void {
    if (!isElement(node)) {
      if (node.nodeName === "#text" && "value" in node) this.#builder.text(node.value, context.preformatted);
      return;
    }
    const { tagName } = node;
    if (!isBody && isSkipped(node)) return;
    if (tagName === "br") this.#builder.lineBreak();
    else if (tagName === "img") this.#builder.text(` ${attribute(node, "alt") ?? ""} `, false);
    else this.#enter(node, context, steps);
  }

  #enter(element: Element, context: Context, steps: Step[]): void {
    const { tagName } = element;
    const id = attribute(element, "id") || (tagName === "a" && attribute(element, "name")) || null;
    const weight = context.weight * weightOf(element);
    const level = Number(HEADING.exec(tagName)?.[1] ?? 0);
    const isBlock = !INLINE.has(tagName);
    if (isBlock) this.#builder.endParagraph();
    if (level > 0) {
      this.#builder.beginHeading(level, id, weight);
      steps.push({ leave: () => this.#leaveHeading(level) });
    } else {
      if (id) this.#builder.anchor(id);
      if (isPermalink(element)) return;
      if (weight !== context.weight) {
        this.#builder.beginWeight(weight);
        steps.push({ leave: () => this.#builder.beginWeight(context.weight) });
      } else if (isBlock) steps.push({ leave: () => this.#builder.endParagraph() });
    }
    const inside = { weight, preformatted: context.preformatted || tagName === "pre" };
    for (let place = element.childNodes.length - 1; place >= 0; place--) steps.push({ node: element.childNodes[place]!, context: inside });
  }

  #leaveHeading(level: number): void {
    const heading = this.#builder.endHeading(this.#slug);
    if (level > 1 || this.title !== undefined || heading === "") return;
    this.title = heading;
    this.#builder.takeAsTitle();
  }
}

function isSkipped(element: Element): boolean {
  const { tagName } = element;
  if (SKIPPED.has(tagName) || READINGS.has(tagName)) return true;
  if (attribute(element, "data-m3-ignore") !== undefined || attribute(element, "hidden") !== undefined) return true;
  return attribute(element, "aria-hidden") === "true" || SKIPPED_ROLES.has(attribute(element, "role") ?? "");
}

/** The link to itself that generators put into a heading: a sign, or a character without a width. */
function isPermalink({ tagName, attrs, childNodes }: Element): boolean {
  if (tagName !== "a" || !attrs.some(({ name, value }) => name === "href" && value.includes("#"))) return false;
  return childNodes.every((node) => "value" in node && /^[\s#¶§\u200B]*$/u.test(node.value));
}

/** `data-m3-weight` of an element: from 0 (not searched first) to 10; 1 for anything else. */
function weightOf(element: Element): number {
  const given = attribute(element, "data-m3-weight");
  const weight = given === undefined || given.trim() === "" ? 1 : Number(given);
  return weight >= 0 && weight <= 10 ? weight : 1;
}
