/**
 * Takes the pictures in docs/screenshots of the built demo: npx tsx tools/demo/screenshots.ts
 *
 * They look as this machine's fonts do; fonts for all the languages should be there (Noto Sans and Noto Sans CJK).
 */
import path from "node:path";
import { chromium } from "playwright";
import { build, preview } from "vite";
import { chromiumArguments, findChromium } from "../chromium.ts";

const OUT = "docs/screenshots";
const CONFIG = "demo/vite.config.ts";

interface Shot {
  readonly name: string;
  readonly query: string;
  readonly languages: string;
  readonly width: 390 | 1280;
  readonly colorScheme: "light" | "dark";
}

const korean = { query: "스피커에서 소리가 안 나와요", languages: "ko,en" };
const english = { query: "my laptop gets warm and the fan is loud", languages: "en,ko,fr,fa" };

const shots: readonly Shot[] = [
  { name: "desktop-light", ...english, width: 1280, colorScheme: "light" },
  { name: "desktop-dark", query: "", languages: "en", width: 1280, colorScheme: "dark" },
  { name: "phone-light", query: "", languages: "en", width: 390, colorScheme: "light" },
  { name: "phone-dark", ...korean, width: 390, colorScheme: "dark" },
];

await build({ configFile: CONFIG, logLevel: "error" });
const server = await preview({ configFile: CONFIG, preview: { open: false } });
const executablePath = findChromium();
const browser = await chromium.launch({ args: chromiumArguments, ...(executablePath && { executablePath }) });
for (const { name, query, languages, width, colorScheme } of shots) {
  const page = await browser.newPage({ viewport: { width, height: width === 390 ? 844 : 900 }, colorScheme, locale: "en-US", hasTouch: width === 390 });
  await page.goto(`${server.resolvedUrls?.local[0]}?${new URLSearchParams({ device: "wasm", q: query, lang: languages })}`);
  await page.locator(".story").waitFor();
  await page
    .locator(query ? ".hit" : ".example")
    .first()
    .waitFor();
  await page.locator("main[aria-busy=false]").waitFor();
  await page.screenshot({ path: path.join(OUT, `${name}.png`), animations: "disabled" });
  await page.close();
}
await browser.close();
await server.close();
