/** What happens between the keys: nothing is encoded that nobody waits for. */
import { expect } from "@playwright/test";
import { DemoPage } from "./demo-page.ts";
import { test } from "./strict-page.ts";

test.describe.configure({ mode: "serial" });

let demo: DemoPage;

/** Calls that the page made of its worker, by name. */
const calls = () => demo.page.evaluate(() => (globalThis as unknown as { workerCalls: string[] }).workerCalls);
const forgetCalls = () => demo.page.evaluate(() => (globalThis as unknown as { workerCalls: string[] }).workerCalls.splice(0));

test.beforeAll(async ({ browser }) => {
  const page = await (await browser.newContext()).newPage();
  await page.addInitScript(() => {
    const seen: string[] = [];
    Object.assign(globalThis, { workerCalls: seen });
    const post = Worker.prototype.postMessage;
    Worker.prototype.postMessage = function (this: Worker, message: { path?: string[] }, ...rest: unknown[]) {
      if (message?.path) seen.push(message.path.join("."));
      return Reflect.apply(post, this, [message, ...rest]);
    };
  });
  demo = new DemoPage(page);
  // As a reader comes: the page chooses the device.
  await demo.open({ device: "auto" });
  await demo.ready();
});

test.afterAll(async () => {
  await demo.page.context().close();
});

test("a question typed in one go is encoded once", async () => {
  await forgetCalls();
  await demo.question.pressSequentially("how do I take a screenshot", { delay: 10 });
  await demo.answered();
  expect((await calls()).filter((call) => call === "encode")).toHaveLength(1);
  expect((await demo.ids())[0]).toBe("screen-shot-record");
});

test("a question that is overtaken while it is encoded is cancelled, and its answer never shown", async () => {
  await forgetCalls();
  // Long enough to be under way still when the next comes.
  const long = "how do I change the wallpaper ".repeat(60);
  await demo.page.evaluate(() => {
    const shown: string[] = [];
    Object.assign(globalThis, { shown });
    new MutationObserver(() => shown.push(document.querySelector(".hit-id")?.textContent ?? "")).observe(document.querySelector("main")!, {
      childList: true,
      subtree: true,
    });
  });
  await demo.question.fill(long);
  await expect.poll(async () => (await calls()).includes("encode"), { intervals: [5] }).toBe(true);
  await demo.question.fill("no sound comes out of the speakers");
  await demo.answered();
  await expect.poll(async () => (await demo.ids())[0]).toBe("sound-nosound");
  expect(await calls()).toContain("cancel");
  const shown = await demo.page.evaluate(() => (globalThis as unknown as { shown: string[] }).shown);
  expect(shown).not.toContain("look-background");
});

test("half a syllable is not a question: nothing is encoded while an input method composes", async () => {
  await demo.question.fill("");
  await forgetCalls();
  // Timers are the test's from here on: what a pause would start is started when the test says so.
  await demo.page.clock.install();
  const devtools = await demo.page.context().newCDPSession(demo.page);
  for (const text of ["ㅅ", "소", "솔", "소리"])
    await devtools.send("Input.imeSetComposition", { text, selectionStart: text.length, selectionEnd: text.length });
  // Longer than the pause after which a question is encoded: every timer of that time has gone off.
  await demo.page.clock.runFor(2000);
  expect((await calls()).filter((call) => call === "encode")).toEqual([]);
  await devtools.send("Input.insertText", { text: "소리" });
  await demo.answered();
  expect((await calls()).filter((call) => call === "encode")).toHaveLength(1);
  await expect(demo.question).toHaveValue("소리");
});

test("all of it works without a mouse", async () => {
  const { page, question, hits } = demo;
  await page.reload();
  await page.keyboard.press("/");
  await expect(question).toBeFocused();
  await page.keyboard.press("Control+a");
  await page.keyboard.type("no sound comes out of the speakers");
  await demo.ready();
  await demo.answered();
  await page.keyboard.press("ArrowDown");
  const first = hits.first().locator(".hit-open");
  await expect(first).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(first).toHaveAttribute("aria-expanded", "true");
  await page.keyboard.press("ArrowDown");
  await expect(hits.nth(1).locator(".hit-open")).toBeFocused();
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("ArrowUp");
  await expect(question).toBeFocused();

  await page.getByRole("radio", { name: "Balanced" }).focus();
  await page.keyboard.press("ArrowDown");
  await expect(page.getByRole("radio", { name: "Dense" })).toBeChecked();
  await demo.language("Deutsch").focus();
  await page.keyboard.press("Space");
  await expect(demo.language("Deutsch")).toBeChecked();

  await page.keyboard.press("/");
  await page.keyboard.press("Escape");
  await expect(question).toHaveValue("");
  await expect(page.getByText("Ask as you would ask a person.")).toBeVisible();
});
