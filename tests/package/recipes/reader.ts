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

  /** What of the results is more than text, wider than the list, or leads elsewhere. */
  async harm(): Promise<string[]> {
    return await this.page.evaluate(() => {
      const known = new Set("style div input button kbd span mark slot a".split(" "));
      const search = document.querySelector("m3-search")!;
      const harm = "hacked" in globalThis ? ["a script ran"] : [];
      for (const element of search.shadowRoot!.querySelectorAll("*")) {
        if (!known.has(element.localName)) harm.push(`an element ${element.localName}`);
        for (const name of element.getAttributeNames()) if (name.startsWith("on")) harm.push(`an attribute ${name}`);
      }
      for (const option of search.shadowRoot!.querySelectorAll<HTMLAnchorElement>("[role=option]")) {
        if (option.scrollWidth > option.clientWidth + 1) harm.push(`${option.scrollWidth} pixels of ${option.clientWidth}`);
        if (/[\u202A-\u202E\u2066-\u2069]/.test(option.textContent!)) harm.push("a change of direction");
        if (option.origin !== location.origin) harm.push(`a link to ${option.href}`);
      }
      const { scrollWidth, clientWidth } = document.documentElement;
      if (scrollWidth > clientWidth) harm.push(`a page of ${scrollWidth} pixels in ${clientWidth}`);
      return harm;
    });
  }

  /** Composes in the box as an input method does. @returns what is asked after each step */
  async compose(steps: readonly string[]): Promise<string[]> {
    const devtools = await this.context.newCDPSession(this.page);
    await this.box.focus();
    const asked: string[] = [];
    for (const text of steps) {
      await devtools.send("Input.imeSetComposition", { text, selectionStart: text.length, selectionEnd: text.length });
      asked.push(
        await this.page.evaluate(() => {
          const { state } = document.querySelector("m3-search") as unknown as { state?: { query: string } };
          return state?.query ?? "";
        }),
      );
    }
    await devtools.detach();
    return asked;
  }

  /** Ends a composition. */
  async commit(text: string): Promise<void> {
    await this.page.keyboard.insertText(text);
  }

  /** Keys as a browser tells them that the input method takes. */
  async keysOfInputMethod(codes: readonly string[]): Promise<void> {
    const devtools = await this.context.newCDPSession(this.page);
    for (const code of codes) await devtools.send("Input.dispatchKeyEvent", { type: "rawKeyDown", key: "Process", code, windowsVirtualKeyCode: 229 });
    await devtools.detach();
  }

  async close(): Promise<void> {
    await this.context.close();
  }
}
