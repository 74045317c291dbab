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
        test(`${size.width} pixels, ${colorScheme}: nothing sticks out${isAudited(size.width, colorScheme) ? ", nothing serious is found" : ""}`, async () => {
          await looksWell(size, colorScheme);
        });
      }
    }
  });
}

/** Goes to a part and brings it to something that is worth a look; the page stays loaded, and its model with it. */
const parts: Readonly<Record<string, () => Promise<unknown>>> = {
  "How scores come about": async () => {
    // Each cell of the grid is looked at: a few are enough.
    await demo.page.getByRole("textbox", { name: "Passage" }).fill("The fan cools the laptop.");
    await expect(demo.page.locator(".heat-best").first()).toBeVisible({ timeout: 60_000 });
    await expect(demo.page.locator(".cosine").first()).toBeVisible({ timeout: 60_000 });
  },
  "Your files": async () => {
    await demo.page.getByRole("button", { name: "Try it with a sample" }).click();
    await expect(demo.page.locator(".file-list li")).toHaveCount(3, { timeout: 60_000 });
    await demo.page.getByRole("searchbox", { name: "Search your files" }).fill("how do I clean a bicycle chain?");
    await expect(demo.page.locator(".page-files .hit").first()).toBeVisible({ timeout: 60_000 });
  },
  "Device & storage": () => expect(demo.page.locator(".kept-list li").first()).toBeVisible({ timeout: 60_000 }),
};

for (const [part, prepare] of Object.entries(parts)) {
  test.describe(part, () => {
    test.beforeAll(async () => {
      await demo.page.setViewportSize(sizes[1]!);
      await demo.page.getByRole("link", { name: part }).click();
      await prepare();
    });

    for (const size of sizes) {
      for (const colorScheme of ["light", "dark"] as const) {
        test(`${size.width} pixels, ${colorScheme}: nothing sticks out${isAudited(size.width, colorScheme) ? ", nothing serious is found" : ""}`, () =>
          looksWell(size, colorScheme));
      }
    }
  });
}

test("in Korean: every part, its language told, and nothing sticking out", async () => {
  const { page } = demo;
  await page.setViewportSize(sizes[0]!);
  await page.getByRole("button", { name: "한국어" }).click();
  await expect(page.getByRole("button", { name: "한국어" })).toBeFocused();
  expect(await page.evaluate(() => document.documentElement.lang)).toBe("ko");
  for (const [link, heading] of Object.entries({
    검색: "GNOME 도움말에 물어보세요, 어떤 언어로든",
    점수: "점수가 나오는 과정",
    "내 파일": "내 파일로 해 보기",
    기기: "기기와 저장 공간",
  })) {
    await page.getByRole("navigation").getByRole("link", { name: link }).click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText(heading);
    await looksWell(sizes[0]!, "dark");
  }
  // It is remembered, and can be undone.
  await page.reload();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("기기와 저장 공간");
  await page.getByRole("button", { name: "English" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Device & storage");
});

test("nothing was complained about", () => expect(demo.complaints).toEqual([]));

/** What axe finds depends on colours and on structure, and an audit takes seconds: each width is audited once, and each colour scheme. */
function isAudited(width: number, colorScheme: "light" | "dark"): boolean {
  return width < 600 === (colorScheme === "light");
}

async function looksWell(size: { width: number; height: number }, colorScheme: "light" | "dark"): Promise<void> {
  const { page } = demo;
  await page.setViewportSize(size);
  await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(overflow).toBeLessThanOrEqual(0);
  const background = await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  expect(brightness(background) > 128).toBe(colorScheme === "light");
  // What axe finds depends on colours and on structure, which is the same at both widths but for what is hidden: each is looked at once.
  if (size.width < 600 !== (colorScheme === "light")) return;
  const { violations } = await new AxeBuilder({ page }).analyze();
  const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  expect(serious.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`)).toEqual([]);
}

/** Of "rgb(r, g, b)". */
function brightness(color: string): number {
  const [red, green, blue] = color.match(/\d+/g)!.map(Number);
  return (red! + green! + blue!) / 3;
}
