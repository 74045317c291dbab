/** What axe finds that keeps people from using a page, narrow and wide, light and dark. */
import AxeBuilder from "@axe-core/playwright";
import type { Page } from "playwright";

export interface Look {
  readonly width: number;
  readonly colorScheme: "light" | "dark";
}

export const looks: readonly Look[] = [390, 1280].flatMap((width) => (["light", "dark"] as const).map((colorScheme) => ({ width, colorScheme })));

/** Without motion: what is on its way has colours of its own. */
export async function take(page: Page, { width, colorScheme }: Look): Promise<void> {
  await page.setViewportSize({ width, height: width < 600 ? 844 : 900 });
  await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
}

/** @param within the part of the page that is looked at; default all of it */
export async function seriousFindings(page: Page, within?: string): Promise<string[]> {
  const axe = new AxeBuilder({ page });
  const { violations } = await (within === undefined ? axe : axe.include(within)).analyze();
  const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  return serious.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
}
