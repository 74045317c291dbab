/**
 * Takes the pictures in docs/screenshots of the built demo: npx tsx tools/demo/screenshots.ts [part of a name]
 *
 * They look as this machine's fonts do; fonts for all the languages should be there (Noto Sans and Noto Sans CJK).
 */
import path from "node:path";
import { type BrowserContext, chromium, type Page } from "playwright";
import { build, preview } from "vite";
import { chromiumArguments, findChromium } from "../chromium.ts";

const OUT = "docs/screenshots";
const CONFIG = "demo/vite.config.ts";
const sizes = { phone: { width: 390, height: 1100 }, desktop: { width: 1280, height: 1000 } } as const;

interface Scene {
  /** Parameters of the address, by width: on a phone and on a desk one asks different things. */
  readonly address: Readonly<Record<keyof typeof sizes, Readonly<Record<string, string>>>>;
  /** On a desk, all of the page instead of what fits. */
  readonly whole?: boolean;
  /** Brings the page to what is to be seen. */
  readonly ready: (page: Page) => Promise<unknown>;
}

const both = (parameters: Readonly<Record<string, string>>) => ({ phone: parameters, desktop: parameters });
const answered = async (page: Page) => {
  await page.locator(".story").waitFor();
  await page.locator(".hit").first().waitFor();
  await page.locator("main[aria-busy=false]").waitFor();
};

const scenes: Readonly<Record<string, Scene>> = {
  search: {
    address: {
      phone: { q: "스피커에서 소리가 안 나와요", lang: "ko,en" },
      desktop: { q: "my laptop gets warm and the fan is loud", lang: "en,ko,fr,fa" },
    },
    ready: answered,
  },
  score: {
    address: both({ tab: "score" }),
    whole: true,
    ready: async (page) => {
      await page.locator(".heat-best").first().waitFor();
      await page.locator(".cosine").first().waitFor();
      await page.locator("main[aria-busy=false]").waitFor();
    },
  },
  files: {
    address: both({ tab: "files" }),
    ready: async (page) => {
      await page.locator(".drop-zone:not(.drop-waiting)").waitFor();
      await page.locator(".drop-zone .link-button").click();
      await page.locator(".file-list li").nth(2).waitFor();
      await page.locator("#files-question").fill("how do I keep roses from freezing?");
      await page.locator(".page-files .hit").first().waitFor();
      await page.locator(".page-files .results[aria-busy=false]").waitFor();
    },
  },
  device: {
    address: both({ tab: "device" }),
    ready: async (page) => {
      await page.locator(".attempts").waitFor();
      await page.locator(".kept-list li").first().waitFor();
      await page.locator(".has").first().waitFor();
    },
  },
};

const wanted = process.argv[2] ?? "";
await build({ configFile: CONFIG, logLevel: "error" });
const server = await preview({ configFile: CONFIG, preview: { open: false, port: 0 } });
const executablePath = findChromium();
const browser = await chromium.launch({ args: chromiumArguments, ...(executablePath && { executablePath }) });

async function take(context: BrowserContext, name: string, scene: Scene, size: keyof typeof sizes): Promise<void> {
  const page = await context.newPage();
  await page.goto(`${server.resolvedUrls?.local[0]}?${new URLSearchParams({ device: "wasm", ...scene.address[size] })}`);
  await scene.ready(page);
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    await page.screenshot({
      path: path.join(OUT, `${name}-${size}-${colorScheme}.png`),
      animations: "disabled",
      fullPage: scene.whole === true && size === "desktop",
    });
  }
  await page.close();
}

for (const size of ["phone", "desktop"] as const) {
  // One context a width: the model is downloaded once.
  const context = await browser.newContext({ viewport: sizes[size], locale: "en-US", hasTouch: size === "phone", serviceWorkers: "block" });
  for (const [name, scene] of Object.entries(scenes)) if (`${name}-${size}`.includes(wanted)) await take(context, name, scene, size);
  await context.close();
}
await browser.close();
await server.close();
