/** "Bring your own": files in, found, removed; what is broken is named; what is hostile stays text. One page and one model for all. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type Browser, expect, type Page } from "@playwright/test";
import { FilesPage, PATIENT } from "./files-page.ts";
import { pdfWithText } from "./pdf.ts";
import { test } from "./strict-page.ts";

test.describe.configure({ mode: "serial" });

let demo: FilesPage;

test.beforeAll(async ({ browser }) => {
  demo = new FilesPage(await (await browser.newContext()).newPage());
  await demo.openFiles();
});

test.afterAll(async () => {
  await demo.page.context().close();
});

const roses = `<!doctype html><html lang="de"><title>Garten</title><main><h1>Garten</h1><h2>Rosen</h2><p>Häufeln Sie im November Erde um die Rosen an, damit der Frost die Wurzeln nicht erreicht.</p></main>`;
const chain = "# Bicycle care\n\n## Chain\n\nWipe the chain with a dry cloth after riding in the rain, then put oil on every link.\n";
const kimchi = "배추를 소금에 절여 여섯 시간 동안 둡니다. 고춧가루와 마늘로 양념을 만들어 바릅니다.";

test("text, Markdown, HTML and PDF go in; what cannot be read is named and skipped", async () => {
  await demo.choose([
    { name: "kimchi.txt", content: kimchi },
    { name: "bicycle.md", content: chain },
    { name: "garten.html", content: roses },
    { name: "trains.pdf", content: pdfWithText("The night train to Vienna leaves from platform nine.") },
    { name: "broken.pdf", content: "%PDF-1.7 and nothing that follows from it" },
    { name: "empty.txt", content: "  \n" },
    { name: "photo.jpg", content: "not read" },
    { name: "binary.txt", content: Buffer.from([1, 0, 2, 0]) },
  ]);
  await expect(demo.report).toContainText("4 files added.", PATIENT);
  await expect(demo.names).toHaveText(["bicycle.md", "garten.html", "kimchi.txt", "trains.pdf"]);
  const skipped = demo.report.getByRole("listitem");
  await expect(skipped).toHaveText([/^broken\.pdf – could not be read/, /^empty\.txt – has no text/, /^photo\.jpg – not a kind/, /^binary\.txt – not a text/]);
});

test("each is found by a question, also in another language, with what matched marked", async () => {
  expect(await demo.askFiles("when does the train to Vienna leave?")).toBe("trains.pdf");
  await expect(demo.found.first().locator("mark").first()).toHaveText(/Vienna|train|leave/);
  expect(await demo.askFiles("how do I clean a bicycle chain?")).toBe("bicycle.md");
  expect(await demo.askFiles("배추를 절이는 시간")).toBe("kimchi.txt");
  expect(await demo.askFiles("protect roses from frost")).toBe("garten.html");
  const best = demo.found.first();
  await expect(best.getByRole("heading", { level: 3 })).toHaveText("Garten › Rosen");
  await best.getByRole("button", { name: "Garten › Rosen" }).click();
  await expect(best.locator(".whole-section")).toContainText("Häufeln Sie im November");
});

test("files stay over a reload", async () => {
  await demo.page.reload();
  await demo.canAdd();
  await expect(demo.names).toHaveText(["bicycle.md", "garten.html", "kimchi.txt", "trains.pdf"]);
  expect(await demo.askFiles("when does the train to Vienna leave?")).toBe("trains.pdf");
});

test("a file that comes again replaces what it was; a removed one is found no more", async () => {
  await demo.choose([{ name: "trains.pdf", content: pdfWithText("Ferries to Naxos sail every morning.") }]);
  await expect(demo.report).toContainText("1 file added.", PATIENT);
  await expect(demo.names).toHaveCount(4);
  expect(await demo.askFiles("a ship to the island")).toBe("trains.pdf");
  await demo.page.getByRole("button", { name: "Remove trains.pdf" }).click();
  await expect(demo.names).toHaveText(["bicycle.md", "garten.html", "kimchi.txt"], PATIENT);
  await expect(demo.report).toContainText("trains.pdf was removed.");
  expect(await demo.askFiles("a ship to the island")).not.toBe("trains.pdf");
});

test("an addition can be cancelled: what is in the index stays, nothing is there by half", async () => {
  // More than one portion, so that there is something to cancel.
  const long = (number: number) => `Chapter ${number}. ${"Whoever reads this sentence knows what the chapter is about. ".repeat(300)}`;
  await demo.choose(Array.from({ length: 12 }, (_, number) => ({ name: `long-${number}.txt`, content: long(number) })));
  await expect(demo.page.locator(".work-place .work-words")).toContainText("Encoding section", PATIENT);
  await demo.page.getByRole("button", { name: "Cancel" }).click();
  await expect(demo.report).toContainText("Cancelled.", PATIENT);
  const told = Number(/(\d+) files? had/.exec((await demo.report.textContent()) ?? "")?.[1] ?? 0);
  await expect(demo.names).toHaveCount(3 + told);
  await demo.page.reload();
  await demo.canAdd();
  await expect(demo.names).toHaveCount(3 + told);
});

test("hostile names and contents are text, and nothing more", async () => {
  const markup = `<img src=x onerror="globalThis.hacked=1"><script>globalThis.hacked=2</script>`;
  await demo.choose([
    { name: `${markup.replaceAll("/", "")}.txt`, content: `${markup} hedgehogs sleep in winter` },
    { name: "invoice\u202egpj.md", content: `# ${markup}\n\n<a href="javascript:globalThis.hacked=3">badgers dig</a>\n\n${markup}` },
    {
      name: "deep.html",
      content: `<body>${"<div>".repeat(3000)}otters swim${markup}<iframe src="https://example.invalid/"></iframe><svg onload="globalThis.hacked=4">`,
    },
    { name: "line.txt", content: `${" ".repeat(500_000)}moths fly to lamps${" ".repeat(500_000)}` },
    { name: "surrogates.txt", content: Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from("\ud800 lone \ud800", "utf16le")]) },
  ]);
  await expect(demo.report).toContainText(/\d files? added/, { timeout: 80_000 });
  await expect(demo.names.filter({ hasText: "<img src=x" })).toHaveCount(1);
  await expect(demo.names.filter({ hasText: "invoice\ufffdgpj.md" })).toHaveCount(1);
  expect(await demo.askFiles("when do hedgehogs sleep?")).toContain("<img src=x");
  await demo.found.first().locator(".hit-open").click();
  await demo.askFiles("badgers");
  await demo.askFiles("otters");
  expect(await demo.askFiles("what do moths fly to?")).toBe("line.txt");
  expect(await demo.page.evaluate(() => (globalThis as unknown as { hacked?: number }).hacked)).toBeUndefined();
  expect(await demo.page.locator("main img, main script, main iframe").count()).toBe(0);
});

test("dropped files go in, and a half typed syllable is not a question", async () => {
  const data = await demo.page.evaluateHandle(() => {
    const transfer = new DataTransfer();
    transfer.items.add(new File(["Lighthouses warn ships of rocks."], "lighthouse.txt"));
    return transfer;
  });
  await demo.page.locator(".drop-zone").dispatchEvent("dragover", { dataTransfer: data });
  await expect(demo.page.getByText("Let go to add them")).toBeVisible();
  await demo.page.locator(".drop-zone").dispatchEvent("drop", { dataTransfer: data });
  await expect(demo.report).toContainText("1 file added.", PATIENT);
  expect(await demo.askFiles("what warns ships of rocks?")).toBe("lighthouse.txt");

  const before = await demo.found.allTextContents();
  await demo.ownQuestion.focus();
  await demo.page.keyboard.press("Control+a");
  const devtools = await demo.page.context().newCDPSession(demo.page);
  for (const text of ["ㅂ", "배", "뱇", "배추"])
    await devtools.send("Input.imeSetComposition", { text, selectionStart: text.length, selectionEnd: text.length });
  expect(await demo.found.allTextContents()).toEqual(before);
  await devtools.send("Input.insertText", { text: "배추" });
  await expect(demo.found.first().locator(".file-name")).toHaveText("kimchi.txt", PATIENT);
});

test("a folder goes in with its paths", async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "demo-files-"));
  try {
    mkdirSync(path.join(folder, "notes", "deep"), { recursive: true });
    writeFileSync(path.join(folder, "notes", "deep", "owls.txt"), "Owls turn their heads to see behind them.");
    await demo.page.locator("#choose-folder").setInputFiles(path.join(folder, "notes"));
    await expect(demo.report).toContainText("1 file added.", PATIENT);
    expect(await demo.askFiles("which birds turn their heads?")).toBe("notes/deep/owls.txt");
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("all of it is gone when everything is removed", async () => {
  await demo.page.getByRole("button", { name: "Remove all" }).click();
  await demo.page.getByRole("button", { name: "Really remove all?" }).click();
  await expect(demo.names).toHaveCount(0, PATIENT);
  await expect(demo.page.getByText("No files yet.")).toBeVisible();
  await demo.canAdd();
});

test("nothing was complained about, and nothing came from elsewhere", () => {
  expect(demo.complaints).toEqual([]);
});

test("where the disk is full: told in words, and what is there works on", async ({ browser }) => {
  const page = await pageWithQuota(browser);
  const full = new FilesPage(page);
  await full.openFiles();
  const devtools = await page.context().newCDPSession(page);
  const { usage } = await page.evaluate(() => navigator.storage.estimate());
  await devtools.send("Storage.overrideQuotaForOrigin", { origin: new URL(page.url()).origin, quotaSize: usage! + 20_000 });
  await full.choose([{ name: "big.txt", content: "Every sentence of this file says that there is no room for it. ".repeat(2000) }]);
  await expect(page.getByRole("alert")).toContainText("full", PATIENT);
  await expect(full.names).toHaveCount(0);
  await devtools.send("Storage.overrideQuotaForOrigin", { origin: new URL(page.url()).origin });
  await full.choose([{ name: "small.txt", content: "Herons stand in shallow water." }]);
  await expect(full.report).toContainText("1 file added.", PATIENT);
  expect(await full.askFiles("which birds stand in water?")).toBe("small.txt");
  await page.context().close();
});

async function pageWithQuota(browser: Browser): Promise<Page> {
  return await (await browser.newContext()).newPage();
}
