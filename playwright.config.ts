/** End-to-end tests: the built search page in a real Chromium, served with the headers of a strict host. */
import { defineConfig } from "@playwright/test";
import { chromiumArguments, findChromium } from "./tools/chromium.ts";

/** Another one where several checkouts are tested at once. */
const PORT = Number(process.env.E2E_PORT ?? 4391);
const executablePath = findChromium();

export default defineConfig({
  testDir: "tests/e2e",
  outputDir: "test-results",
  // Each page loads a model and uses all cores.
  workers: 1,
  timeout: 90_000,
  forbidOnly: true,
  reporter: [["list"], ["json", { outputFile: process.env.PLAYWRIGHT_JSON_OUTPUT_NAME ?? ".cache/test-reports/e2e.json" }]],
  use: {
    baseURL: `http://localhost:${PORT}`,
    locale: "en-US",
    // Requests that a service worker makes pass by the tests that fake failures. Tests of the service worker itself allow it.
    serviceWorkers: "block",
    launchOptions: { args: chromiumArguments, ...(executablePath && { executablePath }) },
  },
  webServer: {
    command: `npx vite build --config demo/vite.config.ts --logLevel error && npx vite preview --config demo/vite.config.ts --port ${PORT} --strictPort --open false`,
    url: `http://localhost:${PORT}`,
    timeout: 120_000,
  },
});
