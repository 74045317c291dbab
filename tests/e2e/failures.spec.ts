/** What a reader sees when a file is missing, and that "Try again" does. */
import { expect } from "@playwright/test";
import { looks, seriousFindings, take } from "./audit.ts";
import { DemoPage } from "./demo-page.ts";
import { test } from "./strict-page.ts";

test("a model file that is not there: told in words, and tried again", async ({ page }) => {
  const demo = new DemoPage(page);
  await page.route("**/models/m3-mini/manifest.json", (route) => route.fulfill({ status: 404 }));
  await demo.open({ q: "how do I take a screenshot" });
  const alert = page.getByRole("alert");
  await expect(alert).toContainText("The model could not be loaded");
  await expect(alert).toContainText("manifest.json");
  await expect(alert).toContainText("missing-shard");
  for (const look of looks) {
    await take(page, look);
    expect(await seriousFindings(page)).toEqual([]);
  }

  await page.unroute("**/models/m3-mini/manifest.json");
  await alert.getByRole("button", { name: "Try again" }).click();
  await demo.ready();
  await expect(alert).toHaveCount(0);
  // The question was there all the time.
  await demo.answered();
  expect((await demo.ids())[0]).toBe("screen-shot-record");
});

test("vectors that are not there: told in words, and tried again", async ({ page }) => {
  const demo = new DemoPage(page);
  await page.route("**/demo-data/gnome-help/en.bin", (route) => route.fulfill({ status: 503 }));
  await demo.open();
  const alert = page.getByRole("alert");
  await expect(alert).toContainText("en.bin");
  await expect(alert).toContainText("503");

  await page.unroute("**/demo-data/gnome-help/en.bin");
  await alert.getByRole("button", { name: "Try again" }).click();
  await expect(alert).toHaveCount(0);
  await demo.ready();
  await demo.ask("how do I take a screenshot");
  expect((await demo.ids())[0]).toBe("screen-shot-record");
});
