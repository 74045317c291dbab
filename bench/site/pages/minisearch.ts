/** MiniSearch with its defaults: its own JSON, loaded whole; texts are stored in it, since results show them. */
import MiniSearch from "minisearch";
import { LIMIT } from "../protocol.ts";
import { language, offer, timed } from "./page.ts";

let index: Promise<MiniSearch> | undefined;
const open = async () =>
  MiniSearch.loadJSON(await (await fetch(`/json/minisearch-${language}.json`)).text(), { fields: ["title", "text"], storeFields: ["title", "text"] });

offer({
  ask: (question) =>
    timed(async () => {
      index ??= open();
      return (await index)
        .search(question)
        .slice(0, LIMIT)
        .map(({ id }) => id as string);
    }),
});
