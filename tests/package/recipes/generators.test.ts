/** The recipes with a site generator: built with the installed package, shown below a sub-path by a host without headers, and searched in Chromium. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { beforeAll, describe, expect, inject, it } from "vitest";
import { bearsHostilePages, bearsInputMethods, findingsOf, letsNoScriptIn, strictPolicy } from "./hardships.ts";
import { BASE, buildRecipe } from "./recipe.ts";
import { placeOf, RECIPE_MS, stage } from "./stage.ts";

const { folder: installed } = inject("installed");
const show = stage();

describe.each([
  { name: "vite", published: "dist", hostile: { folder: ".", around: "brakes.html" }, page: "puncture.html", place: "brakes.html#squeal" },
  {
    name: "eleventy",
    published: "_site",
    hostile: { folder: ".", layout: "page.njk", titleLength: 5_000 },
    page: "puncture/",
    place: "brakes/#stop-the-squealing",
  },
  { name: "vitepress", published: "docs/.vitepress/dist", hostile: { folder: "docs" }, page: "puncture.html", place: "brakes.html#stop-the-squealing" },
])("the recipe $name", ({ name, published, hostile, page, place }) => {
  let site: string;
  beforeAll(() => {
    site = buildRecipe(name, { installed, published, hostile });
  }, RECIPE_MS);

  it(
    "finds the right section from a page below the sub-path, in two languages, without an error or a serious finding of axe, and leads there",
    async () => {
      const { reader, host } = await show(site, page);
      const korean = await reader.ask("브레이크 소음");
      expect(placeOf(korean[0]!)).toBe(place);
      const [first] = await reader.ask("loud screeching when braking");
      expect([first!.title, placeOf(first!)]).toEqual(["Adjust the brakes › Stop the squealing", place]);
      expect(await findingsOf(reader, "m3-search")).toEqual([]);
      await reader.box.press("ArrowDown");
      await reader.box.press("Enter");
      await reader.page.waitForURL(`**${BASE}${place}`);
      await reader.page.getByRole("heading", { name: "Stop the squealing" }).waitFor();
      expect(reader.problems).toEqual([]);
      expect(host.sent.filter(({ status }) => status >= 400)).toEqual([]);
    },
    RECIPE_MS,
  );

  it(
    "shows hostile pages as text and waits for input methods, under a policy that lets no script in",
    async () => {
      const html = readFileSync(path.join(site, page.endsWith("/") ? `${page}index.html` : page), "utf8");
      const { reader, host } = await show(site, page, { policy: strictPolicy(html) });
      await bearsHostilePages(reader, { question: "loud screeching when braking", place });
      await bearsInputMethods(reader, place.split("#")[0]!);
      expect(host.sent.filter(({ status }) => status >= 400)).toEqual([]);
      await letsNoScriptIn(reader);
    },
    RECIPE_MS,
  );
});
