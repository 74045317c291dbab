/** The page that measures a device: it runs, stops when it is told to, and what it copies is what it shows. */
import { expect, type Page } from "@playwright/test";
import { looks, seriousFindings, take } from "./audit.ts";
import { test, watchPolicy } from "./strict-page.ts";

test.describe.configure({ mode: "serial" });

let page: Page;

test.beforeAll(async ({ browser }) => {
  const context = await browser.newContext();
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  page = await context.newPage();
  watchPolicy(page);
  await page.goto("/bench/?leastMs=0");
});

test.afterAll(async () => {
  await page.context().close();
});

const button = (name: string) => page.getByRole("button", { name });
const status = () => page.locator("#status");

async function fill(lengths: string, sizes: string, backends: readonly string[]): Promise<void> {
  await page.getByLabel("Tokens of a text").fill(lengths);
  await page.getByLabel("Texts of a call").fill(sizes);
  for (const name of ["WebGPU", "WebGPU with 16-bit floats", "WebAssembly"]) await page.getByLabel(name, { exact: true }).setChecked(backends.includes(name));
}

test("tells what is missing before it begins", async () => {
  for (const [lengths, sizes, backends, message] of [
    ["many", "1", ["WebAssembly"], /Tokens of a text/],
    ["16", "0", ["WebAssembly"], /Texts of a call/],
    ["16", "1", [], /Choose a backend/],
  ] as const) {
    await fill(lengths, sizes, backends);
    await button("Measure").click();
    await expect(page.locator("#problem")).toHaveText(message);
  }
  await expect(page.locator("#results")).toBeHidden();
});

test("measures WebAssembly, and copies a table with the figures that it shows", async () => {
  await fill("8, 16", "1, 3", ["WebAssembly"]);
  await button("Measure").click();
  await expect(status()).toHaveText("Done.", { timeout: 80_000 });
  const shown = await page.locator("#table tbody tr").evaluateAll((rows) => rows.map((row) => [...row.children].map((cell) => cell.textContent ?? "")));
  expect(shown.map(([backend, tokens, texts]) => [backend, tokens, texts])).toEqual([
    ["WebAssembly", "8", "1"],
    ["WebAssembly", "8", "3"],
    ["WebAssembly", "16", "1"],
    ["WebAssembly", "16", "3"],
  ]);
  for (const [, tokens, texts, tokensPerSecond, textsPerSecond, ms, calls] of shown) {
    const perCall = Number(tokens) * Number(texts);
    // Three figures each.
    expect(Number(tokensPerSecond)).toBeGreaterThan(0);
    expect((perCall / Number(ms)) * 1000).toBeGreaterThan(Number(tokensPerSecond) * 0.98);
    expect((perCall / Number(ms)) * 1000).toBeLessThan(Number(tokensPerSecond) * 1.02);
    expect(Number(textsPerSecond) * Number(tokens)).toBeGreaterThan(Number(tokensPerSecond) * 0.98);
    expect(Number(calls)).toBeGreaterThanOrEqual(2);
  }
  await expect(page.locator("#device")).toContainText("m3-mini, q4");
  await expect(page.locator("#device")).toContainText(/bge-m3-web wasm.*2 threads|bge-m3-web wasm.*1 thread/);
  await button("Copy the result as a table").click();
  await expect(page.locator("#copied")).toHaveText("Copied.");
  const text = await page.evaluate(() => navigator.clipboard.readText());
  const lines = text.split("\n");
  const table = lines.filter((line) => line.startsWith("|")).map((line) => line.slice(2, -2).split(" | "));
  expect(table[0]).toEqual(["backend", "tokens of a text", "texts of a call", "tokens/s", "texts/s", "ms a call", "calls"]);
  expect(table[1]).toEqual(["---", ...new Array(6).fill("---:")]);
  expect(table.slice(2)).toEqual(shown);
  expect(lines.filter((line) => line.startsWith("- ")).map((line) => line.slice(2).split(":")[0])).toEqual([
    "date",
    "model",
    "GPU",
    "processor",
    "page",
    "browser",
    "WebAssembly",
  ]);
});

test("tells that this GPU has no 16-bit floats, and goes on with the next backend", async () => {
  await fill("8", "1", ["WebGPU with 16-bit floats", "WebAssembly"]);
  await button("Measure").click();
  await expect(status()).toHaveText("Done.", { timeout: 80_000 });
  await expect(page.locator("#table tbody tr")).toHaveText([/^WebGPU, 16-bit floats–+$/, /^WebAssembly81/]);
  await expect(page.locator("#device")).toContainText(/does not run: .*(shader-f16|no WebGPU)/);
});

test("stops when it is told to, and can begin again", async () => {
  await fill("512", "64", ["WebAssembly"]);
  await button("Measure").click();
  await expect(status()).toContainText("loading the model");
  await button("Cancel").click();
  await expect(status()).toHaveText(/^Cancelled/);
  await expect(button("Measure")).toBeEnabled();
  await expect(button("Cancel")).toBeHidden();
  await fill("8", "1", ["WebAssembly"]);
  await button("Measure").click();
  await expect(status()).toHaveText("Done.", { timeout: 80_000 });
});

for (const look of looks) {
  test(`${look.width} pixels, ${look.colorScheme}: nothing sticks out, nothing serious is found`, async () => {
    await take(page, look);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(look.width);
    expect(await seriousFindings(page)).toEqual([]);
    if (process.env.BENCH_SHOTS) await page.screenshot({ path: `${process.env.BENCH_SHOTS}/bench-${look.width}-${look.colorScheme}.png`, fullPage: true });
  });
}
