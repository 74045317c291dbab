/** Widths, colour schemes, and what assistive technology finds, in each state of the page. */
import AxeBuilder from "@axe-core/playwright";
import { expect } from "@playwright/test";
import { DemoPage } from "./demo-page.ts";
import { test } from "./strict-page.ts";

test.describe.configure({ mode: "serial" });

let demo: DemoPage;

test.beforeAll(async ({ browser }) => {
  demo = new DemoPage(await (await browser.newContext()).newPage());
  await demo.open();
  await demo.ready();
});

test.afterAll(async () => {
  await demo.page.context().close();
});

const sizes = [
  { width: 390, height: 844 },
  { width: 1280, height: 900 },
];

for (const state of ["before a question", "with answers", "with an open page"] as const) {
  test.describe(state, () => {
    test.beforeAll(async () => {
      if (state === "before a question") return;
      if (state === "with answers") {
        await demo.searchIn(["English", "한국어", "فارسی"]);
        await demo.ask("how can I change my password?");
      } else await demo.hits.first().locator(".hit-open").click();
    });

    for (const size of sizes) {
      for (const colorScheme of ["light", "dark"] as const) {
        test(`${size.width} pixels, ${colorScheme}: nothing sticks out, nothing serious is found`, async () => {
          const { page } = demo;
          await page.setViewportSize(size);
          await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
          const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
          expect(overflow).toBeLessThanOrEqual(0);
          const background = await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
          expect(brightness(background) > 128).toBe(colorScheme === "light");
          const { violations } = await new AxeBuilder({ page }).analyze();
          const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
          expect(serious.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`)).toEqual([]);
        });
      }
    }
  });
}

/** Of "rgb(r, g, b)". */
function brightness(color: string): number {
  const [red, green, blue] = color.match(/\d+/g)!.map(Number);
  return (red! + green! + blue!) / 3;
}
