/** The recipes with a site generator: built with the installed package, shown below a sub-path by a host without headers, and searched in Chromium. */
import { describe, expect, inject, it } from "vitest";
import { BASE, buildRecipe } from "./recipe.ts";
import { placeOf, RECIPE_MS, stage } from "./stage.ts";

const { folder } = inject("installed");
const show = stage();

describe.each([
  { name: "vite", published: "dist", page: "puncture.html", place: "brakes.html#squeal" },
  { name: "eleventy", published: "_site", page: "puncture/", place: "brakes/#stop-the-squealing" },
  { name: "vitepress", published: "docs/.vitepress/dist", page: "puncture.html", place: "brakes.html#stop-the-squealing" },
])("the recipe $name", ({ name, published, page, place }) => {
  it(
    "finds the right section from a page below the sub-path, in two languages, without an error, and leads there",
    async () => {
      const { reader, host } = await show(buildRecipe(name, folder, published), page);
      const korean = await reader.ask("브레이크 소음");
      expect(placeOf(korean[0]!)).toBe(place);
      const [first] = await reader.ask("loud screeching when braking");
      expect([first!.title, placeOf(first!)]).toEqual(["Adjust the brakes › Stop the squealing", place]);
      await reader.box.press("ArrowDown");
      await reader.box.press("Enter");
      await reader.page.waitForURL(`**${BASE}${place}`);
      await reader.page.getByRole("heading", { name: "Stop the squealing" }).waitFor();
      expect(reader.problems).toEqual([]);
      expect(host.sent.filter(({ status }) => status >= 400)).toEqual([]);
    },
    RECIPE_MS,
  );
});
