/** The element with real keys and pointers, over a source that answers when the test says so. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { cdp, userEvent } from "vitest/browser";
import { M3SearchElement } from "#element/m3-search.ts";
import type { ModelState, SearchPage, SearchResult, SearchSource } from "#element/search-source.ts";

customElements.define("m3-search", M3SearchElement);

const result = (id: string, title = `Title ${id}`, snippet = `Text of ${id}`): SearchResult => ({
  id,
  url: `#${id}`,
  title: { text: title, marks: [[0, 5]] },
  snippet: { text: snippet, marks: [] },
});

class ListSource extends EventTarget implements SearchSource {
  model: ModelState = { kind: "ready" };
  pages: SearchPage[] = [{ stage: "meaning", results: [result("a"), result("b"), result("c")] }];
  readonly queries: string[] = [];
  loads = 0;

  loadModel() {
    this.loads++;
  }

  become(model: ModelState) {
    this.model = model;
    this.dispatchEvent(new Event("modelchange"));
  }

  async *search(query: string) {
    this.queries.push(query);
    yield* this.pages;
  }
}

/** However slow the machine is. */
const eventually = <T>(check: () => T) => vi.waitFor(check, 30_000);

let element: M3SearchElement;
let source: ListSource;

const shadow = () => element.shadowRoot!;
const input = () => shadow().querySelector("input")!;
const options = () => [...shadow().querySelectorAll<HTMLAnchorElement>('[role="option"]')];
const titles = () => options().map((option) => option.querySelector(".title")!.textContent);
const chosen = () => options().findIndex((option) => option.getAttribute("aria-selected") === "true");
const isOpen = () => !shadow().querySelector<HTMLElement>(".panel")!.hidden;

beforeEach(async () => {
  source = new ListSource();
  element = document.createElement("m3-search") as M3SearchElement;
  element.lang = "en";
  element.source = source;
  document.body.append(element);
  await element.updateComplete;
});

afterEach(() => {
  document.body.replaceChildren();
  location.hash = "";
});

const search = async (text: string) => {
  await userEvent.fill(input(), text);
  await eventually(() => expect(source.queries).toContain(text));
  await eventually(() => expect(isOpen() && shadow().querySelector(".busy") === null).toBe(true));
};

describe("m3-search", () => {
  it("is a combobox with a listbox that keys go through", async () => {
    await search("print");
    expect(titles()).toEqual(["Title a", "Title b", "Title c"]);
    expect(shadow().querySelector(".status")!.textContent).toBe("3 results");
    expect(input().getAttribute("aria-expanded")).toBe("true");
    expect(input().hasAttribute("aria-activedescendant")).toBe(false);
    await userEvent.keyboard("{ArrowDown}{ArrowDown}");
    expect(chosen()).toBe(1);
    expect(input().getAttribute("aria-activedescendant")).toBe(options()[1]!.id);
    const selected: SearchResult[] = [];
    element.addEventListener("m3-select", (event) => selected.push((event as CustomEvent<SearchResult>).detail));
    await userEvent.keyboard("{Enter}");
    expect(selected.map(({ id }) => id)).toEqual(["b"]);
    expect(location.hash).toBe("#b");
    expect(isOpen()).toBe(false);
  });

  it("closes with Escape, then clears; and closes when the focus goes", async () => {
    await search("print");
    await userEvent.keyboard("{Escape}");
    await eventually(() => expect(isOpen()).toBe(false));
    expect(input().value).toBe("print");
    await userEvent.keyboard("{Escape}");
    expect(input().value).toBe("");
    await search("paper");
    input().blur();
    await eventually(() => expect(isOpen()).toBe(false));
  });

  it("is focused by a slash, unless somebody writes", async () => {
    const other = document.body.appendChild(document.createElement("textarea"));
    other.focus();
    await userEvent.keyboard("/");
    expect(other.value).toBe("/");
    other.blur();
    await userEvent.keyboard("/");
    expect(document.activeElement).toBe(element);
    expect(input().value).toBe("");
  });

  it("waits for Latin letters that become kana, not for Hangul, and leaves Enter to the input method", async () => {
    await userEvent.click(input());
    const session = cdp() as unknown as { send(method: string, parameters: object): Promise<unknown> };
    const compose = (text: string) => session.send("Input.imeSetComposition", { text, selectionStart: text.length, selectionEnd: text.length });
    await compose("にh");
    await compose("にほn");
    await session.send("Input.insertText", { text: "日本" });
    await eventually(() => expect(source.queries).toEqual(["日本"]));
    await userEvent.fill(input(), "");
    await compose("인");
    await eventually(() => expect(source.queries).toEqual(["日本", "인"]));
    let selected = 0;
    element.addEventListener("m3-select", () => selected++);
    input().dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", isComposing: true, bubbles: true }));
    input().dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowDown", keyCode: 229, bubbles: true } as KeyboardEventInit));
    expect([selected, chosen()]).toEqual([0, -1]);
    await session.send("Input.insertText", { text: "인쇄" });
    await eventually(() => expect(source.queries.at(-1)).toBe("인쇄"));
  });

  it("waits for pinyin, and is not moved by keys of the input method", async () => {
    await search("print");
    const session = cdp() as unknown as { send(method: string, parameters: object): Promise<unknown> };
    await userEvent.fill(input(), "");
    for (const text of ["d", "da", "da y", "da yin"])
      await session.send("Input.imeSetComposition", { text, selectionStart: text.length, selectionEnd: text.length });
    // What a browser sends for a key that the input method takes.
    for (const key of ["ArrowDown", "Enter", "Escape"])
      await session.send("Input.dispatchKeyEvent", { type: "rawKeyDown", key: "Process", code: key, windowsVirtualKeyCode: 229 });
    expect(source.queries).toEqual(["print"]);
    await session.send("Input.insertText", { text: "打印" });
    await eventually(() => expect(source.queries).toEqual(["print", "打印"]));
    expect([chosen(), isOpen(), input().value]).toEqual([-1, true, "打印"]);
  });

  it.each([
    ["markup", '"><img src=x onerror="window.hacked=1"><script>window.hacked=1</script>'],
    ["an override of direction", "invoice\u202Egpj.exe\u2066"],
    ["a line of a million characters", "x".repeat(1_000_000)],
  ])("takes %s for text in every field", async (_, hostile) => {
    const marked = { text: hostile, marks: [[0, 3] as const] };
    source.pages = [{ stage: "words", results: [{ id: hostile, url: hostile, title: marked, snippet: marked, lang: hostile }] }];
    source.become({ kind: "failed", message: hostile });
    await search("print");
    element.placeholder = hostile;
    element.messages = { label: hostile, modelFailed: hostile };
    await element.updateComplete;
    expect(options()).toHaveLength(1);
    const { title, snippet } = source.pages[0]!.results[0]!;
    const shown = hostile.replace(/[\u202A-\u202E\u2066-\u2069]/g, "");
    expect([title.text, snippet.text]).toEqual([hostile, hostile]);
    expect(titles()).toEqual([shown]);
    expect(options()[0]!.querySelector(".snippet")!.textContent).toBe(shown);
    expect(shadow().querySelector("img, script")).toBeNull();
    expect(element.scrollWidth).toBeLessThanOrEqual(document.documentElement.clientWidth);

    Object.assign(element, { placeholder: undefined, messages: {} });
    await element.updateComplete;
    source.pages = [{ stage: "meaning", results: [] }];
    await search(hostile.slice(0, 1000));
    expect(shadow().querySelector("img, script")).toBeNull();
    source.search = () => {
      throw new Error(hostile);
    };
    await userEvent.fill(input(), "other");
    await eventually(() => expect(shadow().querySelector(".panel")!.textContent).toContain("The search failed."));
    expect(shadow().querySelector("img, script")).toBeNull();
    expect("hacked" in window).toBe(false);
  });

  it("shows hostile links as what they are", async () => {
    source.pages = [
      {
        stage: "meaning",
        results: [
          { ...result("x", '<img src=x onerror="window.hacked=1">', "<script>window.hacked=1</script>"), url: "javascript:window.hacked=1" },
          result("y", "safe\u202Egpj.exe", "x".repeat(1_000_000)),
        ],
      },
    ];
    await search("print");
    expect(titles()).toEqual(['<img src=x onerror="window.hacked=1">', "safegpj.exe"]);
    expect(shadow().querySelector("img, script")).toBeNull();
    expect(options()[0]!.hasAttribute("href")).toBe(false);
    options()[0]!.click();
    expect(options()[1]!.scrollWidth).toBeLessThanOrEqual(options()[1]!.clientWidth + 1);
    expect("hacked" in window).toBe(false);
  });

  it("says that it found by words, and offers the model where it was declined", async () => {
    source.pages = [{ stage: "words", results: [result("a")] }];
    source.become({ kind: "loading", loaded: 1, total: 4 });
    await search("print");
    const note = () => shadow().querySelector('[part="note"]')?.textContent?.trim();
    await eventually(() => expect(note()).toBe("Found by words. Search by meaning is loading: 25 %"));
    source.become({ kind: "declined" });
    await element.updateComplete;
    expect(note()).toContain("to save data and memory");
    const button = [...shadow().querySelectorAll("button")].find(({ textContent }) => textContent === "Search by meaning")!;
    await userEvent.click(button);
    expect(source.loads).toBe(1);
    expect(document.activeElement).toBe(element);
  });

  it("does not move the list under the pointer", async () => {
    let better = () => {};
    source.search = async function* () {
      yield { stage: "words", results: [result("a"), result("b")] };
      await new Promise<void>((resolve) => {
        better = resolve;
      });
      yield { stage: "meaning", results: [result("b"), result("a")] };
    };
    await userEvent.fill(input(), "print");
    await eventually(() => expect(titles()).toEqual(["Title a", "Title b"]));
    await userEvent.hover(options()[0]!);
    better();
    const place = options()[0]!.getBoundingClientRect().top;
    const offered = () => [...shadow().querySelectorAll("button")].find(({ textContent }) => textContent === "Show better results");
    await eventually(() => expect(offered()).toBeDefined());
    // The offer itself moves nothing either.
    expect(options()[0]!.getBoundingClientRect().top).toBe(place);
    expect(titles()).toEqual(["Title a", "Title b"]);
    await userEvent.click(offered()!);
    await eventually(() => expect(titles()).toEqual(["Title b", "Title a"]));
  });

  it("does not move the list under a result that was chosen by keys, until it is no longer chosen", async () => {
    let better = () => {};
    source.search = async function* () {
      yield { stage: "words", results: [result("a"), result("b")] };
      await new Promise<void>((resolve) => {
        better = resolve;
      });
      yield { stage: "meaning", results: [result("b"), result("a")] };
    };
    await userEvent.fill(input(), "print");
    await eventually(() => expect(titles()).toEqual(["Title a", "Title b"]));
    // The pointer may still be where the test before left it.
    await userEvent.unhover(options()[0]!);
    await userEvent.keyboard("{ArrowDown}");
    better();
    await eventually(() => expect(shadow().querySelector(".panel")!.textContent).toContain("Show better results"));
    expect([titles(), chosen()]).toEqual([["Title a", "Title b"], 0]);
    await userEvent.keyboard("{ArrowUp}");
    await eventually(() => expect(titles()).toEqual(["Title b", "Title a"]));
  });

  it("speaks Korean on a Korean page", async () => {
    element.lang = "ko";
    source.pages = [{ stage: "meaning", results: [] }];
    await search("인쇄");
    await eventually(() => expect(shadow().querySelector(".panel")!.textContent).toContain("“인쇄”에 대한 결과가 없습니다."));
    expect(input().getAttribute("aria-label")).toBe("검색");
  });
});
