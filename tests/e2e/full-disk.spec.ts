/** The first visit where storage is full, or fills while the model is written: the page answers all the same, and says what a next visit will cost. */
import { expect, type Page } from "@playwright/test";
import { looks, seriousFindings, take } from "./audit.ts";
import { DemoPage } from "./demo-page.ts";
import { test } from "./strict-page.ts";

const PATIENT = { timeout: 60_000 };
const SAID = "There is no room left to keep the model on this device: it works, and is downloaded again at the next visit.";

/** Lets the page's origin store so many bytes; without a number, as many as it may by itself. */
async function setQuota(page: Page, origin: string, quotaSize?: number): Promise<void> {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("Storage.overrideQuotaForOrigin", { origin, ...(quotaSize === undefined ? {} : { quotaSize }) });
}

const usage = (page: Page) => page.evaluate(async () => (await navigator.storage.estimate()).usage ?? 0);

/** Names of what is stored of models. */
const storedNames = (page: Page) =>
  page.evaluate(async () => {
    const names: string[] = [];
    let folder = await navigator.storage.getDirectory();
    for (const name of ["bge-m3-web", "models"]) folder = await folder.getDirectoryHandle(name, { create: true });
    for await (const name of (folder as unknown as { keys(): AsyncIterable<string> }).keys()) names.push(name);
    return names;
  });

/** Bytes of stored models as the part "Device & storage" tells them. */
async function keptModels(page: Page): Promise<string> {
  await page.getByRole("link", { name: "Device & storage" }).click();
  return (await page.locator(".kept-list li").filter({ hasText: "m3-mini" }).textContent(PATIENT)) ?? "";
}

test("the disk fills while the model is being written", async ({ page, baseURL }) => {
  const demo = new DemoPage(page);
  const asked: string[] = [];
  let open = () => {};
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  // Four of the shards come at once, all others when the disk is full.
  await page.route("**/models/m3-mini/*.safetensors", async (route) => {
    if (asked.push(route.request().url()) > 4) await gate;
    await route.continue();
  });
  await demo.open({ lang: "en" });
  const origin = new URL(baseURL!).origin;
  // Files of the model are stored, and more are asked for.
  const whole = async () => (await storedNames(page)).filter((name) => name.startsWith("f-")).length;
  await expect.poll(() => asked.length, PATIENT).toBeGreaterThan(4);
  await expect.poll(whole, PATIENT).toBeGreaterThan(0);
  await expect(page.getByText(SAID)).toHaveCount(0);
  await setQuota(page, origin, (await usage(page)) + 1_000);
  open();

  await demo.ready();
  await expect(page.getByRole("status").filter({ hasText: SAID })).toBeVisible();
  await demo.ask("how do I take a screenshot");
  expect((await demo.ids())[0]).toBe("screen-shot-record");
  await expect(page.getByRole("alert")).toHaveCount(0);

  // What was stored before is whole, and nothing of the rest is left by half.
  expect(await keptModels(page)).toMatch(/m3-mini/);
  await expect(page.locator(".fact", { hasText: "What was noticed" })).toContainText("kept in memory only");
  await page.getByRole("button", { name: "Verify m3-mini" }).click();
  await expect(page.getByText(/[1-9]\d* files? read: all are as they should be\./)).toBeVisible(PATIENT);
  expect((await storedNames(page)).filter((name) => !/^[fm]-/.test(name))).toEqual([]);

  // With room again, what is missing is downloaded and kept: at the visit after that nothing is.
  await setQuota(page, origin);
  asked.length = 0;
  await page.goto(`${origin}/?device=wasm&lang=en`);
  await demo.ready();
  const needed = asked.splice(0);
  expect(needed.length).toBeGreaterThan(0);
  await expect(page.getByText(SAID)).toHaveCount(0);
  await demo.ask("how do I take a screenshot");
  asked.length = 0;
  await page.reload();
  await demo.ready();
  await demo.ask("how do I take a screenshot");
  expect((await demo.ids())[0]).toBe("screen-shot-record");
  expect(asked.filter((url) => needed.includes(url))).toEqual([]);
  expect(demo.complaints).toEqual([]);
});

test("the disk is full from the first visit on: nothing is written, and what cannot be kept is not promised", async ({ page, baseURL }) => {
  const demo = new DemoPage(page);
  const origin = new URL(baseURL!).origin;
  await page.goto("about:blank");
  await setQuota(page, origin, 100_000);
  await demo.open({ lang: "en" });
  await demo.ready();
  await expect(page.getByRole("status").filter({ hasText: SAID })).toBeVisible();
  await demo.ask("how do I take a screenshot");
  expect((await demo.ids())[0]).toBe("screen-shot-record");
  expect(await usage(page)).toBeLessThan(100_000);
  for (const look of looks) {
    await take(page, look);
    expect(await seriousFindings(page)).toEqual([]);
  }

  await page.getByRole("button", { name: "한국어" }).click();
  await expect(page.getByText("이 기기에 모델을 저장할 공간이 없습니다.")).toBeVisible();
  await page.getByRole("button", { name: "English" }).click();

  await page.getByRole("link", { name: "Device & storage" }).click();
  await page.getByRole("button", { name: "Download the rest" }).click();
  await expect(page.getByRole("alert")).toContainText("kept in memory only", PATIENT);
  await expect(page.getByText("Everything is here")).toHaveCount(0);
  expect(demo.complaints).toEqual([]);
});
