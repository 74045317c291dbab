/** The demo as an installed page: on a host without headers, without a network, and when a new version comes. One context, and one model on its disk, for all. */
import { type BrowserContext, expect } from "@playwright/test";
import { FilesPage } from "./files-page.ts";
import { PlainHost } from "./host.ts";
import { pdfWithText } from "./pdf.ts";
import { test } from "./strict-page.ts";

test.describe.configure({ mode: "serial" });

let host: PlainHost;
let context: BrowserContext;
let demo: FilesPage;
let ids: string[];

const question = "how do I take a screenshot";
const version = () => demo.page.locator("meta[name=version]").getAttribute("content");
/** What the service worker keeps, without the path of the host. */
const kept = () =>
  demo.page.evaluate(async () => {
    const names = await caches.keys();
    const requests = await Promise.all(names.map(async (name) => (await caches.open(name)).keys()));
    return requests.flat().map(({ url }) => url.slice(new URL("./", document.baseURI).href.length));
  });

test.beforeAll(async ({ browser }) => {
  host = await PlainHost.start();
  context = await browser.newContext({ serviceWorkers: "allow" });
  demo = new FilesPage(await context.newPage(), host.url);
});

test.afterAll(async () => {
  await context.close();
  await host.stop();
});

test("a first visit to a host without headers, below a path: threads through the service worker", async () => {
  await demo.open({ q: question, lang: "en" });
  // The page is loaded once more, and then has them.
  await demo.page.waitForFunction(() => crossOriginIsolated, null, { timeout: 60_000 });
  await demo.ready();
  const cores = await demo.page.evaluate(() => navigator.hardwareConcurrency);
  if (cores > 1) await expect(demo.engine).toContainText(/([2-9]|\d\d) threads/);
  await demo.answered();
  ids = await demo.ids();
  expect(ids[0]).toBe("screen-shot-record");
});

test("the page can be installed", async () => {
  const href = await demo.page.locator("link[rel=manifest]").getAttribute("href");
  const manifest = await (await demo.page.request.get(new URL(href!, host.url).href)).json();
  expect(manifest).toMatchObject({ display: "standalone", start_url: "./", scope: "./" });
  for (const { src, sizes } of manifest.icons) {
    const icon = await (await demo.page.request.get(new URL(src, host.url).href)).body();
    // Width and height in the header of a PNG.
    expect(`${icon.readUInt32BE(16)}x${icon.readUInt32BE(20)}`).toBe(sizes);
  }
  expect(manifest.icons.map(({ purpose }: { purpose?: string }) => purpose)).toContain("maskable");
  const devtools = await context.newCDPSession(demo.page);
  const { installabilityErrors } = await devtools.send("Page.getInstallabilityErrors");
  // A context of its own counts as private browsing, where nothing can be installed.
  expect(installabilityErrors.map(({ errorId }) => errorId).filter((id) => id !== "in-incognito")).toEqual([]);
});

test("the service worker keeps the page and the pages that were read, and leaves the model to the package", async () => {
  await expect.poll(async () => (await kept()).filter((url) => url.startsWith("demo-data/gnome-help/en.bin")).length, { timeout: 60_000 }).toBe(1);
  expect((await kept()).filter((url) => /\.(safetensors|vocab)$|models\//.test(url))).toEqual([]);
});

test("what is missing for any question can be downloaded", async () => {
  await demo.page.getByRole("link", { name: "Device & storage" }).click();
  await demo.page.getByRole("button", { name: "Download the rest" }).click();
  await expect(demo.page.getByText("Everything is here")).toBeVisible({ timeout: 60_000 });
  expect((await kept()).filter((url) => url.startsWith("demo-data/"))).toHaveLength(11);
  await demo.open({ q: question, lang: "en" });
  await demo.ready();
  await demo.answered();
});

test("without a network and without the host: the page opens, isolated, and answers", async () => {
  await context.setOffline(true);
  await host.stop();
  await demo.page.reload();
  await demo.ready();
  await demo.answered();
  expect(await demo.ids()).toEqual(ids);
  expect(await demo.page.evaluate(() => crossOriginIsolated)).toBe(true);
  // Asked from any address of the page.
  await demo.open({ tab: "score" });
  await expect(demo.page.getByRole("heading", { level: 1 })).toHaveText("How a score comes about");
});

test("still without: files of every kind go in and are found, also after a reload", async () => {
  await demo.openFiles();
  await demo.choose([
    { name: "screen.md", content: "# Screenshots\n\nPress a key to take a screenshot." },
    { name: "shot.html", content: "<title>Video</title><main><p>Record a video of the screen.</p></main>" },
    { name: "take.pdf", content: pdfWithText("How to take a screenshot of a window.") },
  ]);
  await expect(demo.report).toContainText("3 files added.", { timeout: 60_000 });
  await demo.page.reload();
  await demo.canAdd();
  expect(await demo.askFiles("take a screenshot of a window")).toBe("take.pdf");
  await host.startAgain();
  await context.setOffline(false);
});

test("a new version waits until the reader takes it", async () => {
  await demo.open({ q: question, lang: "en" });
  expect(await version()).toBe("1");
  host.publishVersion(2);
  await demo.page.reload();
  const notice = demo.page.getByRole("status").filter({ hasText: "A new version" });
  await expect(notice).toBeVisible({ timeout: 60_000 });
  expect(await version()).toBe("1");
  await notice.getByRole("button", { name: "Later" }).click();
  await expect(notice).toBeHidden();
  expect(await version()).toBe("1");
  // It waits still at the next visit.
  await demo.page.reload();
  await notice.getByRole("button", { name: "Use the new version" }).click({ timeout: 60_000 });
  await expect.poll(version, { timeout: 60_000 }).toBe("2");
  await demo.ready();
  await demo.answered();
  await expect(notice).toBeHidden();
});

test("nothing was complained about, but that the host was not to be reached", () => {
  expect(demo.complaints.filter((complaint) => !/ERR_INTERNET_DISCONNECTED|ERR_CONNECTION_REFUSED|Failed to load resource/.test(complaint))).toEqual([]);
});
