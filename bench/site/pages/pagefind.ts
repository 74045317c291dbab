/** Pagefind with its defaults: its own script and index, of which it reads what a question needs; and the ten results with their texts, as its interface does. */
import { LIMIT } from "../protocol.ts";
import { idOf, offer, timed } from "./page.ts";

interface Pagefind {
  search(question: string): Promise<{ readonly results: readonly { data(): Promise<{ readonly url: string }> }[] }>;
}

const folder = new URL(location.href).searchParams.get("index") ?? "pagefind";
let pagefind: Promise<Pagefind> | undefined;

offer({
  ask: (question) =>
    timed(async () => {
      pagefind ??= import(/* @vite-ignore */ `/${folder}/pagefind.js`);
      const { results } = await (await pagefind).search(question);
      return (await Promise.all(results.slice(0, LIMIT).map((result) => result.data()))).map(({ url }) => idOf(url));
    }),
});
