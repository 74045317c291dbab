/** Questions and answers, with one page and one model for all tests: what a reader does in a sitting. */
import { expect } from "@playwright/test";
import { DemoPage } from "./demo-page.ts";
import { questions } from "./questions.ts";
import { test } from "./strict-page.ts";

test.describe.configure({ mode: "serial" });

let demo: DemoPage;

test.beforeAll(async ({ browser }) => {
  demo = new DemoPage(await (await browser.newContext()).newPage());
  await demo.open();
});

test.afterAll(async () => {
  await demo.page.context().close();
});

test("the page becomes ready: WebAssembly, isolated, on two threads or all there are", async () => {
  await demo.ready();
  const { isolated, cores } = await demo.page.evaluate(() => ({ isolated: crossOriginIsolated, cores: navigator.hardwareConcurrency }));
  expect(isolated).toBe(true);
  await expect(demo.engine).toContainText("WebAssembly");
  if (cores > 1) await expect(demo.engine).toContainText(/([2-9]|\d\d) threads/);
  await demo.engine.click();
  await expect(demo.page.getByText("Why", { exact: true })).toBeVisible();
  await demo.engine.click();
});

for (const { asked, language, searchIn, expected } of questions) {
  test(`${language} question in ${searchIn}: “${asked}”`, async () => {
    await demo.searchIn([searchIn]);
    await demo.ask(asked);
    expect(expected).toContain((await demo.ids())[0]);
  });
}

test("an answer shows its three scores, its best paragraph and, on request, its page", async () => {
  await demo.searchIn(["English"]);
  await demo.ask("my laptop gets warm and the fan is loud");
  const best = demo.hits.first();
  await expect(best.getByRole("term")).toHaveText(["Score", "Dense", "Lexical", "ColBERT"]);
  const [total, dense, lexical, colbert] = (await best.getByRole("definition").allTextContents()).map(Number);
  for (const score of [total, dense, lexical, colbert]) expect(score).toBeGreaterThan(0);
  // Sums of shared words have no upper end.
  for (const cosine of [dense, colbert]) expect(cosine).toBeLessThanOrEqual(1);
  await expect(best.locator("mark").first()).toHaveText(/laptop|fan|warm/i);
  const title = best.getByRole("heading", { level: 3 }).getByRole("button");
  await title.click();
  await expect(title).toHaveAttribute("aria-expanded", "true");
  await expect(best.locator(".best-line")).toBeVisible();
  await title.click();
  await expect(best.locator(".best-line")).toBeHidden();
});

test("the times of the last question are told", async () => {
  await demo.ask("how do I take a screenshot");
  await expect(demo.page.getByText(/encoded in .+ ms · ranked in .+ ms/)).toBeVisible();
});

test("weights change the order without encoding again", async () => {
  await demo.ask("no sound comes out of the speakers");
  const balanced = await demo.ids();
  await demo.page.getByRole("radio", { name: "Lexical" }).check({ force: true });
  await expect(demo.page.getByText(/encoded before/)).toBeVisible();
  expect(await demo.ids()).not.toEqual(balanced);
  await demo.page.getByRole("radio", { name: "Balanced" }).check({ force: true });
  await expect.poll(() => demo.ids()).toEqual(balanced);
});

test("a page in several languages is one answer, and each version can be read", async () => {
  await demo.searchIn(["English", "한국어", "فارسی"]);
  await demo.ask("how can I change my password?");
  const ids = await demo.ids();
  expect(new Set(ids).size).toBe(ids.length);
  const best = demo.hits.first();
  await expect(best.getByRole("heading", { level: 3 })).toHaveAttribute("lang", "en");
  await best.getByRole("button", { name: "한국어" }).click();
  await expect(best.getByRole("heading", { level: 3 })).toHaveAttribute("lang", "ko");
});

test("Persian is set from right to left", async () => {
  await demo.searchIn(["فارسی"]);
  await demo.ask("چگونه رمز عبورم را عوض کنم؟");
  const title = demo.hits.first().getByRole("heading", { level: 3 });
  await expect(title).toHaveAttribute("lang", "fa");
  await expect(title).toHaveAttribute("dir", "rtl");
  expect(await title.evaluate((element) => getComputedStyle(element).direction)).toBe("rtl");
});

test("words alone find nothing across languages, and the page says so", async () => {
  await demo.searchIn(["English"]);
  await demo.page.getByRole("radio", { name: "Lexical" }).check({ force: true });
  await demo.question.fill("스피커에서 소리가 안 나와요");
  await expect(demo.page.getByText("No page shares a word with the question.")).toBeVisible();
  await demo.page.getByRole("radio", { name: "Balanced" }).check({ force: true });
  await demo.answered();
});

test("the address brings question, languages and weights back", async () => {
  await demo.searchIn(["Deutsch"]);
  await demo.page.getByRole("radio", { name: "Dense" }).check({ force: true });
  await demo.ask("Wie mache ich die Schrift größer?");
  const ids = await demo.ids();
  await demo.page.reload();
  await demo.answered();
  expect(await demo.ids()).toEqual(ids);
  await expect(demo.question).toHaveValue("Wie mache ich die Schrift größer?");
  await expect(demo.page.getByRole("radio", { name: "Dense" })).toBeChecked();
});

test("nothing was complained about, and nothing came from elsewhere", () => {
  expect(demo.complaints).toEqual([]);
});
