/** This package: a published index of all languages, of which one is asked. Embeddings that nobody asks for are not read ahead, so that bytes are a question's own. */
import { SiteSearch } from "../../../src/site.ts";
import { LIMIT } from "../protocol.ts";
import { idOf, language, offer, timed } from "./page.ts";

const wish = new URL(location.href).searchParams;
const load = wish.get("load") === "asked" ? "asked" : "auto";
const search = new SiteSearch("/ours/", { baseUrl: "/", languages: wish.has("all") ? undefined : [language], load, prefetch: "none" });

offer({
  ask: (question, stage) =>
    timed(async () => {
      for await (const page of search.search(question, { limit: LIMIT })) if (page.stage === stage) return page.results.map(({ url }) => idOf(url));
      throw new Error(`There is no answer by ${stage}.`);
    }),
});
