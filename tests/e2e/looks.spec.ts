/** Widths, colour schemes, and what assistive technology finds, in each state of the page. */
import { expect } from "@playwright/test";
import { type Look, looks, seriousFindings, take } from "./audit.ts";
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

const name = ({ width, colorScheme }: Look) => `${width} pixels, ${colorScheme}: nothing sticks out, nothing serious is found`;

for (const state of ["before a question", "with answers", "with an open page"] as const) {
  test.describe(state, () => {
    test.beforeAll(async () => {
      if (state === "before a question") return;
      if (state === "with answers") {
        await demo.searchIn(["English", "한국어", "فارسی"]);
        await demo.ask("how can I change my password?");
      } else await demo.hits.first().locator(".hit-open").click();
    });

    for (const look of looks) test(name(look), () => looksWell(look));
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
      await take(demo.page, looks.at(-1)!);
      await demo.page.getByRole("link", { name: part }).click();
      await prepare();
    });

    for (const look of looks) test(name(look), () => looksWell(look));
  });
}

test.describe("in Korean", () => {
  test.beforeAll(async () => {
    const { page } = demo;
    await page.getByRole("button", { name: "한국어" }).click();
    await expect(page.getByRole("button", { name: "한국어" })).toBeFocused();
    expect(await page.evaluate(() => document.documentElement.lang)).toBe("ko");
  });

  for (const [link, heading, content] of [
    ["검색", "GNOME 도움말에 물어보세요, 어떤 언어로든", ".hit"],
    ["점수", "점수가 나오는 과정", ".heat-best"],
    ["내 파일", "내 파일로 해 보기", ".page-files .hit"],
    ["기기", "기기와 저장 공간", ".kept-list li"],
  ] as const) {
    for (const look of looks) {
      test(`${link}, ${name(look)}`, async () => {
        await take(demo.page, look);
        await demo.page.getByRole("navigation").getByRole("link", { name: link }).click();
        await expect(demo.page.getByRole("heading", { level: 1 })).toHaveText(heading);
        await expect(demo.page.locator(content).first()).toBeVisible();
        await looksWell(look);
      });
    }
  }

  test("the language is remembered, and can be undone", async () => {
    const { page } = demo;
    await page.reload();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("기기와 저장 공간");
    await page.getByRole("button", { name: "English" }).click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Device & storage");
  });
});

test("nothing was complained about", () => expect(demo.complaints).toEqual([]));

async function looksWell(look: Look): Promise<void> {
  const { page } = demo;
  await take(page, look);
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(overflow).toBeLessThanOrEqual(0);
  const background = await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  expect(brightness(background) > 128).toBe(look.colorScheme === "light");
  expect(await seriousFindings(page)).toEqual([]);
}

/** Of "rgb(r, g, b)". */
function brightness(color: string): number {
  const [red, green, blue] = color.match(/\d+/g)!.map(Number);
  return (red! + green! + blue!) / 3;
}
