/** The recipe without a generator, as the workflow for GitHub Pages builds it: everything that a reader may meet. */
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { beforeAll, describe, expect, inject, it } from "vitest";
import { parse } from "yaml";
import { repository } from "../installed.ts";
import { bearsFullDisk, bearsHostilePages, bearsInputMethods, bearsKeysAlone, bearsLossOfNetwork, findingsOf, letsNoScriptIn } from "./hardships.ts";
import { buildRecipe, rebuild } from "./recipe.ts";
import { placeOf, RECIPE_MS, stage } from "./stage.ts";

interface Step {
  readonly name?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly with?: { readonly path?: string };
}

const workflow = parse(readFileSync(path.join(repository, "docs/recipes/github-pages/deploy.yml"), "utf8"));
const steps: readonly Step[] = workflow.jobs.publish.steps;
const { folder: installed } = inject("installed");
const show = stage();
let site: string;

beforeAll(() => {
  const command = steps.find(({ name }) => name === "Build")!.run!;
  const published = steps.find(({ uses }) => uses?.startsWith("actions/upload-pages-artifact"))!.with!.path!;
  site = buildRecipe("plain-html", { installed, published, command, sources: { folder: "site", around: "brakes.html" } });
}, RECIPE_MS);

describe("the recipe plain-html", () => {
  it(
    "is searched in five languages, with threads, and by keys alone",
    async () => {
      const { reader, host } = await show(site, "puncture.html", { colorScheme: "dark" });
      await bearsKeysAlone(reader, { question: "loud screeching when braking", place: "brakes.html#squeal" });
      for (const [question, place] of [
        ["Reifen reparieren", "puncture.html"],
        ["Comment nettoyer la chaîne ?", "chain.html"],
        ["バッテリーを充電する", "ko/lights.html"],
        ["브레이크 소음", "brakes.html"],
        ["setting up the brake cable", "brakes.html"],
      ] as const)
        expect([question, placeOf((await reader.ask(question))[0]!).split("#")[0]]).toEqual([question, place]);
      expect(await findingsOf(reader)).toEqual([]);
      expect(reader.problems).toEqual([]);
      expect(host.sent.filter(({ status }) => status >= 400)).toEqual([]);
    },
    RECIPE_MS,
  );

  it(
    "answers after a reload without a byte of the model, and when the network is gone",
    async () => {
      const shown = await show(site, "index.html");
      await bearsLossOfNetwork(shown, "Reifen reparieren");
      // Of its words some may not be there: then the words that are find the page.
      expect(placeOf((await shown.reader.ask("barrel adjuster", "either"))[0]!)).toBe("brakes.html#cable");
    },
    RECIPE_MS,
  );

  it(
    "is brought up to date by another build, of which a reader gets what is new",
    async () => {
      const { reader, host } = await show(site, "index.html");
      await reader.ask("Reifen reparieren");
      const page = '<html lang="en"><main><h1>Set the height of the saddle</h1><p>Your leg is almost straight at the lowest point.</p></main>';
      writeFileSync(path.join(site, "saddle.html"), page);
      expect(rebuild(path.dirname(site), "npm run index")).toMatch(/^en: 10 sections .*\nko: 2 sections .*\nund: 3 sections .*\n9 pages, /m);
      await reader.page.reload();
      await reader.isolated();
      expect(placeOf((await reader.ask("Sattelhöhe einstellen"))[0]!)).toBe("saddle.html");
      expect(reader.problems).toEqual([]);
      // Of the index before, nothing is kept.
      const folders = () =>
        reader.page.evaluate(async () => (await (await caches.open("bge-m3-web-pages")).keys()).map(({ url }) => /search\/(en-\w+)/.exec(url)?.[1]));
      await expect.poll(async () => new Set((await folders()).filter((name) => name !== undefined)).size, { timeout: 60_000 }).toBe(1);
      expect(host.sent.filter(({ status }) => status >= 400)).toEqual([]);
    },
    RECIPE_MS,
  );

  it(
    "shows hostile pages as text and waits for input methods, under the policy that its pages have",
    async () => {
      const { reader, host } = await show(site, "puncture.html");
      await bearsHostilePages(reader, { question: "loud screeching when braking", place: "brakes.html#squeal" });
      await bearsInputMethods(reader, "brakes.html");
      expect(host.sent.filter(({ status }) => status >= 400)).toEqual([]);
      await letsNoScriptIn(reader);
    },
    RECIPE_MS,
  );

  it(
    "works where the disk is full",
    async () => {
      const shown = await show(site, "index.html");
      await bearsFullDisk(shown, { question: "Reifen reparieren", place: "puncture.html#patch" });
    },
    RECIPE_MS,
  );
});
