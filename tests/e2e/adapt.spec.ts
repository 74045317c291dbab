/** "Adapt to these documents": heads are trained in the page on files that were brought, judged on what was held out, used, and given back. */
import { readFileSync } from "node:fs";
import { expect } from "@playwright/test";
import { DemoPage } from "./demo-page.ts";
import { test } from "./strict-page.ts";

test.describe.configure({ mode: "serial", timeout: 240_000 });

const PATIENT = { timeout: 200_000 };
/** Enough to learn from, and read in seconds. */
const PAGES = 24;
const QUESTION = "how do I remove an account?";
const ANSWER = /account/i;

let demo: DemoPage;

interface HelpPage {
  readonly id: string;
  readonly title: string;
  readonly body: string;
}

const pages = readFileSync("corpus/gnome-help/en.jsonl", "utf8")
  .trim()
  .split("\n")
  .slice(0, PAGES)
  .map((line) => JSON.parse(line) as HelpPage);

test.beforeAll(async ({ browser }) => {
  demo = new DemoPage(await (await browser.newContext()).newPage());
  await demo.open({ tab: "files" });
  await expect(demo.page.getByRole("button", { name: "Try it with a sample" })).toBeEnabled(PATIENT);
  await demo.page
    .locator("#choose-files")
    .setInputFiles(
      pages.map(({ id, title, body }) => ({ name: `${id}.md`, mimeType: "text/markdown", buffer: Buffer.from(`# ${title}\n\n${body.slice(0, 300)}\n`) })),
    );
  await expect(demo.page.locator(".report")).toContainText(`${PAGES} files added.`, PATIENT);
});

test.afterAll(async () => {
  await demo.page.context().close();
});

const card = () => demo.page.locator("section", { has: demo.page.getByRole("heading", { name: "Adapt to these documents" }) });

test("it can be cancelled", async () => {
  await card().getByRole("button", { name: "Adapt" }).click();
  await expect(card().locator(".work-words")).toHaveText(/Reading your files|Training|Ranking/, PATIENT);
  await card().getByRole("button", { name: "Cancel" }).click();
  await expect(card().getByRole("button", { name: "Adapt" })).toBeEnabled(PATIENT);
  await expect(card().getByRole("table")).toHaveCount(0);
});

test("it shows its curves and what the heads are worth before and after; adapted files are searched with them, also after a reload", async () => {
  const { page } = demo;
  await card().getByRole("button", { name: "Adapt" }).click();
  await expect(card().locator(".report-outcome")).toBeVisible(PATIENT);
  await expect(
    card()
      .getByRole("table", { name: /held-out pairs/ })
      .getByRole("rowheader"),
  ).toHaveText(["Dense", "Lexical", "ColBERT", "Together"]);
  await expect(card().getByRole("img", { name: /Step \d+: loss/ })).toBeVisible();
  // So little is seldom enough to be better on what was held out.
  const anyway = card().getByRole("button", { name: "Use them anyway" });
  if (await anyway.isVisible()) await anyway.click();
  await expect(card().getByRole("button", { name: "Undo" })).toBeEnabled(PATIENT);
  await page.reload();
  await expect(card().getByRole("button", { name: "Undo" })).toBeEnabled(PATIENT);
  await page.getByRole("searchbox", { name: "Search your files" }).fill(QUESTION);
  await expect(page.locator(".page-files .hit").first()).toContainText(ANSWER, PATIENT);
});

test("it can be undone, and the pages of GNOME Help are answered all the time", async () => {
  const { page } = demo;
  await page.getByRole("link", { name: "Search", exact: true }).click();
  await demo.ask("how do I take a screenshot");
  expect((await demo.ids())[0]).toBe("screen-shot-record");
  await page.getByRole("link", { name: "Your files" }).click();
  await card().getByRole("button", { name: "Undo" }).click();
  await expect(card().getByText("The model's own heads are back.")).toBeVisible(PATIENT);
  await expect(card().getByRole("button", { name: "Undo" })).toBeHidden();
  await expect(page.locator(".page-files .hit").first()).toContainText(ANSWER, PATIENT);
});

test("nothing was complained about", () => expect(demo.complaints).toEqual([]));
