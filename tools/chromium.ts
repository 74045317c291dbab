/** Finds a Chromium that Playwright can drive: the environment's, the system's, then Playwright's own. `install-chromium.ts` gets one where there is none. */
import { existsSync } from "node:fs";
import path from "node:path";
import { chromium } from "playwright";

/** Flags under which the tests run: software WebGPU (correctness, not speed), no background traffic. */
export const chromiumArguments = [
  "--no-sandbox",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--enable-unsafe-webgpu",
  "--use-webgpu-adapter=swiftshader",
];

const SYSTEM_NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/** Path of a Chromium executable, or undefined when there is none on this machine. */
export function findChromium(): string | undefined {
  const wanted = process.env.CHROMIUM_PATH;
  if (wanted) return wanted;
  const folders = (process.env.PATH ?? "").split(path.delimiter);
  for (const name of SYSTEM_NAMES) for (const folder of folders) if (existsSync(path.join(folder, name))) return path.join(folder, name);
  const own = chromium.executablePath();
  return existsSync(own) ? own : undefined;
}
