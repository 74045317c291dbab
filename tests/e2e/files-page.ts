/** "Bring your own" as its reader meets it. */
import { expect, type Locator } from "@playwright/test";
import { DemoPage } from "./demo-page.ts";

/** A model is loaded, or many sections are encoded. */
export const PATIENT = { timeout: 60_000 };

export class FilesPage extends DemoPage {
  readonly names: Locator = this.page.locator(".file-list .file-name");
  readonly found: Locator = this.page.locator(".page-files .hit");
  readonly report: Locator = this.page.locator(".report");
  readonly ownQuestion: Locator = this.page.getByRole("searchbox", { name: "Search your files" });

  async openFiles(): Promise<void> {
    await this.open({ tab: "files" });
    await this.canAdd();
  }

  async canAdd(): Promise<void> {
    await expect(this.page.getByRole("button", { name: "Try it with a sample" })).toBeEnabled(PATIENT);
  }

  async choose(files: readonly { name: string; content: string | Buffer }[]): Promise<void> {
    const chosen = files.map(({ name, content }) => ({ name, mimeType: "application/octet-stream", buffer: Buffer.from(content) }));
    await this.page.locator("#choose-files").setInputFiles(chosen);
  }

  async askFiles(question: string): Promise<string> {
    await this.ownQuestion.fill(question);
    await expect(this.page.locator(".page-files .results")).toHaveAttribute("aria-busy", "false", PATIENT);
    await expect(this.found.first()).toBeVisible(PATIENT);
    return (await this.found.first().locator(".file-name").textContent()) ?? "";
  }
}
