/** The element over a published index: `src` and `model` in the markup are all that a site needs. */
import type { PropertyDeclarations, PropertyValues } from "lit";
import { SiteSearch } from "#client/site-search.ts";
import { M3SearchElement } from "./m3-search.ts";

const OWN = ["src", "model", "languages", "load", "prefetch", "assets", "base"] as const;

/**
 * Attributes besides those of {@link M3SearchElement}: `src` (folder of the index), `model` (name, URL or path; default "m3-mini"), `languages` (tags separated
 * by spaces; default all), `load` ("auto", "now" or "asked"), `prefetch` ("hot", "all" or "none": what of the vocabulary's embeddings is read before a question
 * needs it; "all" to answer any question offline), `assets` (folder that `copy-assets` filled), `base` (what the model is resolved against).
 */
export class M3SiteSearchElement extends M3SearchElement {
  static override readonly properties: PropertyDeclarations = {
    src: { type: String },
    model: { type: String },
    languages: { type: String },
    load: { type: String },
    prefetch: { type: String },
    assets: { type: String },
    base: { type: String },
  };

  declare src: string | undefined;
  declare model: string | undefined;
  declare languages: string | undefined;
  declare load: "auto" | "now" | "asked" | undefined;
  declare prefetch: "hot" | "all" | "none" | undefined;
  declare assets: string | undefined;
  declare base: string | undefined;

  #own: SiteSearch | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    // A search that was ended with an earlier connection cannot be asked again.
    if (this.hasUpdated && !this.#own) this.#open();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#end();
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (OWN.some((name) => changed.has(name))) this.#open();
    super.willUpdate(changed);
  }

  #open(): void {
    this.#end();
    if (!this.src) return;
    const tags = this.languages?.split(/\s+/).filter((tag) => tag !== "");
    this.#own = new SiteSearch(this.src, {
      model: this.model,
      languages: tags?.length ? tags : undefined,
      load: this.load,
      prefetch: this.prefetch,
      assetsUrl: this.assets,
      baseUrl: this.base,
    });
    this.source = this.#own;
  }

  #end(): void {
    this.#own?.dispose();
    if (this.source === this.#own) this.source = undefined;
    this.#own = undefined;
  }
}
