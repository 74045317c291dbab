/**
 * Every test of the page runs under the policy that docs/loading.md states, which the server sends as a header, so that it binds the worker's script too. After each
 * test there must have been no violation of it, on any page or in any worker.
 */
import { test as base, expect, type Page } from "@playwright/test";

const STRICT = ["default-src 'none'", "script-src 'self' 'wasm-unsafe-eval'", "worker-src 'self'", "connect-src 'self'"];

const violations: string[] = [];

/** To be called before the page opens anything. */
export function watchPolicy(page: Page): void {
  // Of the context: what a worker says is not an event of its page.
  page.context().on("console", (message) => {
    if (/content.security.policy/i.test(message.text())) violations.push(message.text());
  });
  page.on("response", (response) => {
    if (!response.request().isNavigationRequest() || response.frame() !== page.mainFrame()) return;
    const directives = (response.headers()["content-security-policy"] ?? "").split(/;\s*/);
    for (const directive of STRICT) if (!directives.includes(directive)) violations.push(`${response.url()} came without "${directive}"`);
  });
}

export const test = base.extend<{ readonly policy: undefined }>({
  policy: [
    // Named, since Playwright reads the parameter's pattern.
    async ({ browserName: _ }, use) => {
      await use(undefined);
      expect(violations.splice(0)).toEqual([]);
    },
    { auto: true },
  ],
});
