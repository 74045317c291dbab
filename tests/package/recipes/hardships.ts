/**
 * What the search of every built recipe has to bear: hostile pages in its index, readers whose keys an input method takes first, and those who need its names, roles
 * and contrasts.
 */
import { createHash } from "node:crypto";
import { expect } from "vitest";
import { looks, seriousFindings, take } from "../../e2e/audit.ts";
import { hostilePages } from "./hostile-pages.ts";
import type { Reader } from "./reader.ts";
import { placeOf } from "./stage.ts";

/**
 * A Content-Security-Policy under which a page runs no script but its files and what it has in itself: nothing that gets into it later.
 *
 * @param html of the page that is shown
 */
export function strictPolicy(html: string): string {
  const inline = [...html.matchAll(/<script(?![^>]*\ssrc=)[^>]*>(.*?)<\/script>/gs)].map(([, script]) => script!);
  const hashes = inline.map((script) => `'sha256-${createHash("sha256").update(script).digest("base64")}'`);
  return `default-src 'self'; script-src 'self' 'wasm-unsafe-eval' ${hashes.join(" ")}; style-src 'self' 'unsafe-inline'; img-src 'self' data:`;
}

/** Each hostile page is found and shown as text, and so are the site's own pages, as before. */
export async function bearsHostilePages(reader: Reader, own: { readonly question: string; readonly place: string }): Promise<void> {
  for (const { question, shown } of hostilePages) {
    const found = await reader.ask(question);
    expect(found[0]!.title).toContain(shown);
    expect(await reader.harm()).toEqual([]);
  }
  expect(placeOf((await reader.ask(own.question))[0]!)).toBe(own.place);
  expect(await reader.harm()).toEqual([]);
}

/** A script that somebody gets into the page does not run, and is told: so violations before it would have been. */
export async function letsNoScriptIn(reader: Reader): Promise<void> {
  expect(reader.problems).toEqual([]);
  await reader.page.evaluate(() => {
    const script = document.createElement("script");
    script.textContent = "globalThis.hacked = 1";
    document.body.append(script);
  });
  await expect.poll(() => reader.problems).toEqual([expect.stringMatching(/Content Security Policy/)]);
  expect(await reader.harm()).toEqual([]);
}

/** Letters on their way to kana are no question, syllables of Hangul are; the input method's own keys choose nothing. */
export async function bearsInputMethods(reader: Reader, page: string): Promise<void> {
  const address = reader.page.url();
  await reader.box.fill("");
  expect(await reader.compose(["b", "ぶr", "ぶれーk"])).toEqual(["", "", ""]);
  await reader.commit("ブレーキがきしむ");
  await reader.answered("ブレーキがきしむ", "meaning");
  expect(placeOf((await reader.found())[0]!).split("#")[0]).toBe(page);

  await reader.box.fill("");
  expect(await reader.compose(["브", "브레", "브레이크"])).toEqual(["브", "브레", "브레이크"]);
  await reader.answered("브레이크", "meaning");
  await reader.keysOfInputMethod(["ArrowDown", "Enter", "Escape"]);
  expect(await reader.options.and(reader.page.locator('[aria-selected="true"]')).count()).toBe(0);
  expect(await reader.options.first().isVisible()).toBe(true);
  expect(reader.page.url()).toBe(address);
  await reader.commit("브레이크 소음");
  await reader.answered("브레이크 소음", "meaning");
  expect(placeOf((await reader.found())[0]!).split("#")[0]).toBe(page);
}

/** With results shown. @param within of a site whose other parts are not the recipe's: the search alone */
export async function findingsOf(reader: Reader, within?: string): Promise<string[]> {
  const findings: string[] = [];
  for (const look of looks) {
    await take(reader.page, look);
    expect(await reader.options.first().isVisible()).toBe(true);
    for (const finding of await seriousFindings(reader.page, within)) findings.push(`${look.width} ${look.colorScheme} ${finding}`);
  }
  return findings;
}
