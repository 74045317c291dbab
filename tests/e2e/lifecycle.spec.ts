/**
 * Tabs that are put to sleep, hidden, left and shown again: what was under way goes on.
 *
 * Headless Chromium freezes no tab, not even when the DevTools protocol tells it to (`Page.setWebLifecycleState`, Chromium 156). So its processes are stopped and
 * continued, which is what a machine that sleeps does to them, and the page hears the events of a freeze.
 */
import { type Browser, expect, type Page } from "@playwright/test";
import { DemoPage } from "./demo-page.ts";
import { test } from "./strict-page.ts";

/** Every thread of every page stops, and goes on. */
async function sleepAndWake(browser: Browser, page: Page): Promise<void> {
  await page.evaluate(() => document.dispatchEvent(new Event("freeze")));
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  const pages = processInfo.filter(({ type }) => type === "renderer").map(({ id }) => id);
  expect(pages.length).toBeGreaterThan(0);
  for (const id of pages) process.kill(id, "SIGSTOP");
  // An answer of the browser, which is awake, and of no page.
  await session.send("Browser.getVersion");
  for (const id of pages) process.kill(id, "SIGCONT");
  await session.detach();
  await page.evaluate(() => document.dispatchEvent(new Event("resume")));
}

test("a tab that is frozen while the model loads, and while it answers", async ({ browser, page }) => {
  const demo = new DemoPage(page);
  await demo.open();
  await sleepAndWake(browser, page);
  await demo.ready();
  await demo.question.fill("how do I take a screenshot");
  await sleepAndWake(browser, page);
  await demo.answered();
  expect((await demo.ids())[0]).toBe("screen-shot-record");
  expect(demo.complaints).toEqual([]);
});

test("a tab that is left and come back to", async ({ page }) => {
  const demo = new DemoPage(page);
  await demo.open({ q: "how do I take a screenshot" });
  await demo.ready();
  await demo.answered();
  await page.goto("about:blank");
  await page.goBack();
  await demo.ready();
  await demo.answered();
  expect((await demo.ids())[0]).toBe("screen-shot-record");
  // A page that is kept for the back button gets these and goes on.
  await page.evaluate(() => {
    for (const name of ["pagehide", "pageshow"]) window.dispatchEvent(new PageTransitionEvent(name, { persisted: true }));
  });
  await demo.ask("change the background");
  expect((await demo.ids())[0]).toBe("look-background");
  expect(demo.complaints).toEqual([]);
});
