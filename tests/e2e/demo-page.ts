/** The search page as its reader meets it: by labels, roles and texts. */
import { expect, type Locator, type Page } from "@playwright/test";
import { watchPolicy } from "./strict-page.ts";

/** A model is downloaded from this machine and compiled. */
const READY_MS = 60_000;

export class DemoPage {
  readonly page: Page;
  readonly question: Locator;
  readonly hits: Locator;
  readonly engine: Locator;
  /** Everything that must not happen: errors in the console, uncaught ones, requests to elsewhere. */
  readonly complaints: string[] = [];
  readonly #address: string;

  /** @param address of the page, where it is not the test server's */
  constructor(page: Page, address?: string) {
    if (address === undefined) watchPolicy(page);
    this.#address = address ?? "/";
    this.page = page;
    this.question = page.getByRole("searchbox", { name: "Your question" });
    this.hits = page
      .getByRole("main")
      .getByRole("listitem")
      .filter({ has: page.getByRole("article") });
    this.engine = page.locator(".story summary");
    page.on("console", (message) => {
      if (message.type() === "error") this.complaints.push(`console: ${message.text()}`);
    });
    page.on("pageerror", (error) => this.complaints.push(`uncaught: ${error.message}`));
    page.on("request", (request) => {
      if (!["http://localhost", "blob:", "data:"].some((start) => request.url().startsWith(start))) this.complaints.push(`request: ${request.url()}`);
    });
  }

  /** On WASM, unless the parameters say otherwise: the software WebGPU of a test machine is slow. */
  async open(parameters: Readonly<Record<string, string>> = {}): Promise<void> {
    await this.page.goto(`${this.#address}?${new URLSearchParams({ device: "wasm", ...parameters })}`);
  }

  async ready(): Promise<void> {
    await expect(this.engine).toContainText("Ready", { timeout: READY_MS });
  }

  /** Types the question, and waits for the answers to it. */
  async ask(question: string): Promise<void> {
    await this.question.fill(question);
    await this.answered();
  }

  /** Waits until nothing is encoded and nothing loaded any more, and there are answers. */
  async answered(): Promise<void> {
    await expect(this.page.getByRole("main")).toHaveAttribute("aria-busy", "false", { timeout: READY_MS });
    await expect(this.hits.first()).toBeVisible();
  }

  /** Searches these languages and no others. */
  async searchIn(names: readonly string[]): Promise<void> {
    const labels = await this.page.getByRole("group", { name: "Search in" }).locator("label").allTextContents();
    for (const label of labels) if (label !== "All") await this.language(label).setChecked(names.includes(label), { force: true });
    await expect(this.page.getByRole("main")).toHaveAttribute("aria-busy", "false");
  }

  language(name: string): Locator {
    return this.page.getByRole("checkbox", { name, exact: true });
  }

  /** Ids of the answers' pages, best first. */
  async ids(): Promise<string[]> {
    return this.hits.locator(".hit-id").allTextContents();
  }
}
