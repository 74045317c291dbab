/** The recipes with a site generator: built with the installed package, shown below a sub-path by a host without headers, and searched in Chromium. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { beforeAll, describe, expect, inject, it } from "vitest";
import {
  bearsFullDisk,
  bearsHostilePages,
  bearsInputMethods,
  bearsKeysAlone,
  bearsLossOfNetwork,
  findingsOf,
  letsNoScriptIn,
  strictPolicy,
} from "./hardships.ts";
import { writePage } from "./hostile-pages.ts";
import { buildRecipe, rebuild, recipeFolder } from "./recipe.ts";
import { placeOf, RECIPE_MS, stage } from "./stage.ts";

const { folder: installed } = inject("installed");
const show = stage();

const [PUNCTURE, BRAKES] = ["Repair a flat tyre", "Adjust the brakes"];

describe.each([
  {
    name: "vite",
    published: "dist",
    sources: { folder: ".", around: "brakes.html" },
    page: "puncture.html",
    place: "brakes.html#squeal",
    saddle: "saddle.html",
  },
  {
    name: "eleventy",
    published: "_site",
    sources: { folder: ".", layout: "page.njk", titleLength: 5_000 },
    page: "puncture/",
    place: "brakes/#stop-the-squealing",
    saddle: "saddle/",
  },
  {
    name: "vitepress",
    published: "docs/.vitepress/dist",
    sources: { folder: "docs" },
    page: "puncture.html",
    place: "brakes.html#stop-the-squealing",
    saddle: "saddle.html",
  },
])("the recipe $name", ({ name, published, sources, page, place, saddle }) => {
  const loud = { question: "loud screeching when braking", place };
  let site: string;
  beforeAll(() => {
    site = buildRecipe(name, { installed, published, sources });
  }, RECIPE_MS);

  it(
    "answers in five languages on a page below the sub-path, and leads to the section by keys alone, without an error or a serious finding of axe",
    async () => {
      const { reader, host } = await show(site, page);
      for (const [question, title] of [
        ["my tube has a hole", PUNCTURE],
        ["Reifen reparieren", PUNCTURE],
        ["Les freins grincent", BRAKES],
        ["ブレーキの音がうるさい", BRAKES],
        ["브레이크 소음", BRAKES],
      ] as const)
        expect([question, (await reader.ask(question))[0]!.title.split(" › ")[0]]).toEqual([question, title]);
      expect(await findingsOf(reader, "m3-search")).toEqual([]);
      await reader.page.reload();
      await bearsKeysAlone(reader, loud);
      await reader.page.getByRole("heading", { name: "Stop the squealing" }).waitFor();
      expect(reader.problems).toEqual([]);
      expect(host.sent.filter(({ status }) => status >= 400)).toEqual([]);
    },
    RECIPE_MS,
  );

  it(
    "answers after a reload without a byte of the model, and when the network is gone",
    async () => bearsLossOfNetwork(await show(site, page), loud.question),
    RECIPE_MS,
  );

  it("answers where the disk is full", async () => bearsFullDisk(await show(site, page), loud), RECIPE_MS);

  it(
    "shows hostile pages as text and waits for input methods, under a policy that lets no script in",
    async () => {
      const html = readFileSync(path.join(site, page.endsWith("/") ? `${page}index.html` : page), "utf8");
      const { reader, host } = await show(site, page, { policy: strictPolicy(html) });
      await bearsHostilePages(reader, loud);
      await bearsInputMethods(reader, place.split("#")[0]!);
      expect(host.sent.filter(({ status }) => status >= 400)).toEqual([]);
      await letsNoScriptIn(reader);
    },
    RECIPE_MS,
  );

  it(
    "is brought up to date by another build",
    async () => {
      const { reader, host } = await show(site, page);
      await reader.ask(loud.question);
      const folder = recipeFolder(name, installed);
      const text = "Your leg is almost straight at the lowest point.";
      writePage(folder, { name: "saddle", title: "Set the height of the saddle", heading: "How high", text, harm: "en" }, sources);
      rebuild(folder, "npm run build");
      await reader.page.reload();
      expect(placeOf((await reader.ask("Sattelhöhe einstellen"))[0]!).split("#")[0]).toBe(saddle);
      expect(reader.problems).toEqual([]);
      expect(host.sent.filter(({ status }) => status >= 400)).toEqual([]);
    },
    RECIPE_MS,
  );
});
