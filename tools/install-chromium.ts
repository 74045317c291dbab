/**
 * Makes sure that there is a Chromium for the tests: one that is there, else Playwright's download, else the system's package.
 * `npx tsx tools/install-chromium.ts` prints its path.
 */
import { spawnSync } from "node:child_process";
import { pathToFileURL } from "node:url";
import { findChromium } from "./chromium.ts";

const ways: readonly { name: string; commands: readonly (readonly [string, ...string[]])[] }[] = [
  { name: "Playwright's download", commands: [["npx", "playwright", "install", "chromium"]] },
  {
    name: "the system's package",
    commands: [
      ["apt-get", "update", "-qq"],
      ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"],
    ],
  },
  {
    name: "the system's package, with sudo",
    commands: [
      ["sudo", "-n", "apt-get", "update", "-qq"],
      ["sudo", "-n", "apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"],
    ],
  },
];

/** Path of a Chromium, installed if need be. @throws Error that tells what was tried. */
export function ensureChromium(): string {
  const present = findChromium();
  if (present) return present;
  const tried: string[] = [];
  for (const way of ways) {
    process.stderr.write(`No Chromium found: trying ${way.name}.\n`);
    const failed = way.commands.find(([command, ...args]) => spawnSync(command, args, { stdio: ["ignore", 2, 2], timeout: 300_000 }).status !== 0);
    const found = findChromium();
    if (found) return found;
    tried.push(`${way.name} (${failed ? `"${failed.join(" ")}" failed` : "installed, but not found"})`);
  }
  throw new Error(`The tests need a Chromium and none could be installed. Tried: ${tried.join("; ")}. Install one and set CHROMIUM_PATH to it.`);
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) console.log(ensureChromium());
