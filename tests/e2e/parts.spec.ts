/** The other parts of the demo: routes, how a score comes about, the device and what is stored, the keyboard. One page and one model for all. */
import { expect } from "@playwright/test";
import { DemoPage } from "./demo-page.ts";
import { test } from "./strict-page.ts";

test.describe.configure({ mode: "serial" });

let demo: DemoPage;
const PATIENT = { timeout: 60_000 };
const heading = () => demo.page.getByRole("heading", { level: 1 });

test.beforeAll(async ({ browser }) => {
  demo = new DemoPage(await (await browser.newContext()).newPage());
  await demo.open({ q: "how do I take a screenshot", lang: "en" });
  await demo.ready();
});

test.afterAll(async () => {
  await demo.page.context().close();
});

test("each part has an address, a title and a way back", async () => {
  const { page } = demo;
  await page.getByRole("link", { name: "How scores come about" }).click();
  await expect(heading()).toHaveText("How a score comes about");
  await expect(page).toHaveURL(/tab=score/);
  await expect(page).toHaveTitle(/How scores come about/);
  await expect(page.getByRole("navigation").getByRole("link", { name: "How scores come about" })).toHaveAttribute("aria-current", "page");
  await page.getByRole("link", { name: "Device & storage" }).click();
  await expect(heading()).toHaveText("Device & storage");
  await page.goBack();
  await expect(heading()).toHaveText("How a score comes about");
  await page.goBack();
  await expect(heading()).toHaveText(/Ask GNOME Help/);
  await expect(demo.question).toHaveValue("how do I take a screenshot");
  await demo.answered();
});

test("lexical weights: shared tokens are told, and give the score", async () => {
  const { page } = demo;
  await page.getByRole("link", { name: "How scores come about" }).click();
  await page.getByRole("textbox", { name: "Question" }).fill("battery life of my laptop");
  await page.getByRole("textbox", { name: "Passage" }).fill("The battery lasts longer when the screen is dark.");
  const bars = page.getByRole("table", { name: "Question", exact: true });
  await expect(bars.getByRole("rowheader", { name: "battery (shared)" })).toBeVisible(PATIENT);
  const lexical = Number(await page.locator(".total-lane dd").nth(1).textContent());
  expect(lexical).toBeGreaterThan(0);
  await expect(page.getByText(`Shared tokens give ${lexical.toFixed(3)}.`)).toBeVisible();
});

test("MaxSim: a grid that the keyboard goes through; the mean of the best of each row is the score", async () => {
  const { page } = demo;
  const grid = page.getByRole("grid", { name: "Similarity of each token" });
  await expect(grid.getByRole("rowheader", { name: "battery" })).toBeVisible();
  const best = await grid.locator(".heat-best").allTextContents();
  const rows = await grid.getByRole("rowheader").count();
  expect(best).toHaveLength(rows);
  const mean = best.reduce((sum, text) => sum + Number.parseFloat(text), 0) / rows;
  // The cells tell two digits.
  expect(Math.abs(mean - Number(await page.locator(".total-lane dd").nth(2).textContent()))).toBeLessThan(0.006);
  await grid.locator("[tabindex='0']").focus();
  await page.keyboard.press("Home");
  await expect(page.locator(".heat-readout")).toContainText("“battery” × “The”");
  await page.keyboard.press("ArrowRight");
  await expect(page.locator(".heat-readout")).toContainText("“battery” × “battery”");
  await expect(page.locator(".heat-readout")).toContainText("the best of its row");
  await page.keyboard.press("ArrowDown");
  await expect(page.locator(".heat-readout")).toContainText("“life” × “battery”");
});

test("dense vectors: the same sentence in other languages is more alike than another sentence", async () => {
  const cosines = demo.page.getByRole("table", { name: "Cosine of each sentence with each other" });
  await expect(cosines.getByRole("rowheader")).toHaveCount(6, PATIENT);
  const rows = await cosines.locator("tbody tr").all();
  for (const row of rows.slice(1, 5)) {
    const [first, , , , , other] = (await row.locator(".cosine").allTextContents()).map(Number);
    expect(first).toBeGreaterThan(other!);
  }
});

test("no question, no passage: nothing is computed, and that is said", async () => {
  await demo.page.getByRole("textbox", { name: "Passage" }).fill(" ");
  await expect(demo.page.getByText("Type a question and a passage.")).toBeVisible();
  await demo.page.getByRole("button", { name: "Korean → English" }).click();
  await expect(demo.page.getByText(/No token is shared|Shared tokens give/)).toBeVisible(PATIENT);
});

test("the device: what runs the model, and what the browser has", async () => {
  const { page } = demo;
  await page.getByRole("link", { name: "Device & storage" }).click();
  await expect(page.getByRole("definition").filter({ hasText: "WebAssembly" }).first()).toBeVisible();
  const isolated = page.locator(".fact", { hasText: "Cross-origin isolation" });
  await expect(isolated).toContainText("yes");
  const benchmark = await page.getByRole("link", { name: "Measure this device" }).getAttribute("href");
  expect((await page.request.get(new URL(benchmark!, page.url()).href)).status()).toBe(200);
  await expect(page.locator(".fact", { hasText: "Processor cores" })).toContainText(String(await page.evaluate(() => navigator.hardwareConcurrency)));
});

test("storage: a stored model is verified, found damaged, and removed", async () => {
  const { page } = demo;
  await expect(page.locator(".kept-list li")).toContainText("m3-mini", PATIENT);
  await page.getByRole("button", { name: "Verify m3-mini" }).click();
  await expect(page.getByText(/\d+ files read: all are as they should be\./)).toBeVisible(PATIENT);
  // A byte of the largest file turns.
  await page.evaluate(async () => {
    const files: FileSystemFileHandle[] = [];
    const walk = async (folder: FileSystemDirectoryHandle) => {
      for await (const entry of (folder as unknown as { values(): AsyncIterable<FileSystemDirectoryHandle | FileSystemFileHandle> }).values()) {
        if (entry.kind === "directory") await walk(entry);
        else files.push(entry);
      }
    };
    await walk(await navigator.storage.getDirectory());
    // Smaller files come and go: pages of the embedding table are still being read ahead.
    const sized = await Promise.allSettled(files.map(async (file) => ({ file, size: (await file.getFile()).size })));
    const there = sized.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
    const { file, size } = there.toSorted((a, b) => b.size - a.size)[0]!;
    const writable = await file.createWritable({ keepExistingData: true });
    const [byte] = new Uint8Array(await (await file.getFile()).slice(size - 1).arrayBuffer());
    await writable.write({ type: "write", position: size - 1, data: Uint8Array.of(byte! ^ 1) });
    await writable.close();
  });
  await page.getByRole("button", { name: "Verify m3-mini" }).click();
  await expect(page.getByText(/1 of \d+ files were damaged and are removed/)).toBeVisible(PATIENT);
  await page.getByRole("button", { name: "Remove m3-mini" }).click();
  await expect(page.getByText("No model is stored.")).toBeVisible(PATIENT);
  // What is loaded goes on.
  await page.getByRole("link", { name: "Search" }).first().click();
  await demo.ask("change the background");
  expect((await demo.ids())[0]).toBe("look-background");
});

test("all parts can be reached without a mouse", async () => {
  const { page } = demo;
  await page.evaluate(() => (document.activeElement as HTMLElement).blur());
  for (const title of ["Search", "How scores come about", "Your files", "Device & storage"]) {
    await page.getByRole("navigation").getByRole("link", { name: title }).focus();
    await page.keyboard.press("Enter");
    await expect(page.getByRole("navigation").getByRole("link", { name: title })).toHaveAttribute("aria-current", "page");
    await expect(page.getByRole("navigation").getByRole("link", { name: title })).toBeFocused();
    await expect(page.getByRole("main")).toBeVisible();
  }
  await page.getByRole("link", { name: "Your files" }).focus();
  await page.keyboard.press("Enter");
  // From the links on: language, then the choosers of files, in this order.
  await page.getByRole("button", { name: "한국어" }).focus();
  await page.keyboard.press("Tab");
  await expect(page.locator("#choose-files")).toBeFocused();
  await page.keyboard.press("Tab");
  await expect(page.locator("#choose-folder")).toBeFocused();
  await page.keyboard.press("Tab");
  await expect(page.getByRole("button", { name: "Try it with a sample" })).toBeFocused();
});

test("nothing was complained about, and nothing came from elsewhere", () => {
  expect(demo.complaints).toEqual([]);
});
