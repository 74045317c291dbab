/** Somebody who reads a recipe's site in Chromium and uses its search: by what is seen, as `<m3-search>` shows it. */
import type { Browser, BrowserContext, BrowserContextOptions, Locator, Page } from "playwright";

/** A model is downloaded from this machine, on a machine that may be busy. */
const PATIENCE_MS = 120_000;

export interface Found {
  readonly title: string;
  readonly href: string;
}

export class Reader {
  readonly context: BrowserContext;
  readonly page: Page;
  readonly box: Locator;
  readonly options: Locator;
  /** What must not happen: errors in the console, uncaught ones, violations of a Content-Security-Policy, requests to elsewhere. */
  readonly problems: string[] = [];

  private constructor(context: BrowserContext, page: Page) {
    this.context = context;
    this.page = page;
    this.box = page.getByRole("combobox", { name: "Search" });
    this.options = page.getByRole("option");
  }

  /** @param options of the browser's context */
  static async open(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Reader> {
    const context = await browser.newContext(options);
    const page = await context.newPage();
    const reader = new Reader(context, page);
    const { origin } = new URL(url);
    context.on("request", (request) => {
      if (![origin, "blob:", "data:"].some((start) => request.url().startsWith(start))) reader.problems.push(`request: ${request.url()}`);
    });
    context.on("weberror", (error) => reader.problems.push(error.error().message));
    // Violations of a policy are errors of the console too.
    context.on("console", (message) => message.type() === "error" && reader.problems.push(message.text()));
    page.setDefaultTimeout(PATIENCE_MS);
    await page.goto(url);
    return reader;
  }

  /** Waits through the reload with which a page comes under its service worker. */
  async isolated(): Promise<void> {
    await this.page.waitForFunction(() => crossOriginIsolated && customElements.get("m3-search"), null, { timeout: PATIENCE_MS });
  }

  /** Types a question, and waits for the best answer: by meaning, where the model is to be had. */
  async ask(question: string, stage: "words" | "meaning" | "either" = "meaning"): Promise<Found[]> {
    await this.box.fill("");
    await this.box.fill(question);
    await this.answered(question, stage);
    return await this.found();
  }

  /** Waits until what is shown answers the question. */
  async answered(question: string, stage: "words" | "meaning" | "either"): Promise<void> {
    await this.page.waitForFunction(
      ([wanted, text]) => {
        const { state } = document.querySelector("m3-search") as unknown as { state?: { query: string; status: string; stage: string | null } };
        return state?.query === text && state.status === "done" && (wanted === "either" || state.stage === wanted);
      },
      [stage, question] as const,
      { timeout: PATIENCE_MS },
    );
  }

  async found(): Promise<Found[]> {
    return await this.options.evaluateAll((options) =>
      options.map((option) => ({ title: option.querySelector(".title")!.textContent!, href: (option as HTMLAnchorElement).href })),
    );
  }

  async close(): Promise<void> {
    await this.context.close();
  }
}
