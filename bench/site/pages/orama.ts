/** Orama with its defaults: its own JSON, loaded whole. Its tokenizer knows English and German, but neither Korean nor Japanese. */
import { create, load, search } from "@orama/orama";
import { LIMIT } from "../protocol.ts";
import { language, offer, timed } from "./page.ts";

const open = async () => {
  const database = create({ schema: { title: "string", text: "string" }, language: language === "de" ? "german" : "english" });
  load(database, await (await fetch(`/json/orama-${language}.json`)).json());
  return database;
};
let database: ReturnType<typeof open> | undefined;

offer({
  ask: (question) =>
    timed(async () => {
      database ??= open();
      const { hits } = await search(await database, { term: question, limit: LIMIT });
      return hits.map(({ id }) => id);
    }),
});
