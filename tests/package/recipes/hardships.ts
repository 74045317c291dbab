/**
 * What the search of every built recipe has to bear: readers without a mouse, those whose keys an input method takes first, those who need its names, roles and
 * contrasts; a reload, a full disk, and hostile pages in its index.
 */
import { createHash } from "node:crypto";
import { expect } from "vitest";
import { looks, seriousFindings, take } from "../../e2e/audit.ts";
import { hostilePages } from "./hostile-pages.ts";
import type { Reader } from "./reader.ts";
import { BASE } from "./recipe.ts";
import { placeOf, type Shown } from "./stage.ts";

export interface Answer {
  readonly question: string;
  /** Of the best result, below the site. */
  readonly place: string;
}

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
export async function bearsHostilePages(reader: Reader, own: Answer): Promise<void> {
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

/** From anywhere on the page to the place of the answer. */
export async function bearsKeysAlone(reader: Reader, { question, place }: Answer): Promise<void> {
  await reader.page.keyboard.press("/");
  await reader.page.keyboard.type(question);
  await reader.answered(question, "meaning");
  await reader.page.keyboard.press("ArrowDown");
  await reader.page.keyboard.press("Enter");
  await reader.page.waitForURL(`**${BASE}${place}`);
}

/** After a reload the same answer comes, and of the model no byte; and another time, when there is no network. */
export async function bearsLossOfNetwork({ reader, host }: Shown, question: string): Promise<void> {
  const before = await reader.ask(question);
  const ofIndex = () => new Set(host.sent.map(({ path }) => path).filter((name) => /^search\/[\w-]+-\w+\//.test(name)));
  const kept = () => reader.page.evaluate(async () => (await (await caches.open("bge-m3-web-pages")).keys()).map(({ url }) => url));
  const missing = async () => {
    const urls = await kept();
    return [...ofIndex()].filter((name) => !urls.some((url) => url.endsWith(name)));
  };
  expect(ofIndex().size).toBeGreaterThan(0);
  await expect.poll(missing, { timeout: 60_000 }).toEqual([]);

  host.sent.length = 0;
  await reader.page.reload();
  await reader.isolated();
  expect(await reader.ask(question)).toEqual(before);
  expect(host.sent.filter(({ path, bytes }) => bytes > 0 && /\.(safetensors|vocab)$/.test(path))).toEqual([]);
  expect(reader.problems).toEqual([]);

  await host.stop();
  await reader.page.reload();
  await reader.isolated();
  expect(await reader.ask(question)).toEqual(before);
}

/** Nothing can be stored from the beginning on. */
export async function bearsFullDisk({ reader, host }: Shown, { question, place }: Answer): Promise<void> {
  const devtools = await reader.context.newCDPSession(reader.page);
  await devtools.send("Storage.overrideQuotaForOrigin", { origin: new URL(host.url).origin, quotaSize: 200_000 });
  expect(placeOf((await reader.ask(question))[0]!)).toBe(place);
  expect(reader.problems).toEqual([]);
  const { usage } = await reader.page.evaluate(() => navigator.storage.estimate());
  expect(usage).toBeLessThan(1_000_000);
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
