import { describe, expect, it } from "vitest";
import { readHtml } from "#site/html.ts";

const read = (body: string, head = "") =>
  readHtml(`<!doctype html><html lang="en-us"><head><title>Page – Site</title>${head}</head><body>${body}</body></html>`, "a.html")!;
const texts = (body: string) => read(body).sections.map(({ text }) => text);

describe("readHtml", () => {
  it("cuts a page at its headings, with their path and anchors", () => {
    const page = read(`
      <header>Site</header><nav><a href="/">Home</a></nav>
      <main>
        <h1>Printing</h1><p>How to   print.</p>
        <h2 id="paper">Paper <a class="anchor" href="#paper">#</a></h2><p>A4 or <b>Letter</b>.</p><ul><li>one</li><li>two</li></ul>
        <section id="duplex"><h3>Both sides</h3><p>Turn the page.</p></section>
        <h2><a id="ink"></a>Ink</h2><p>Blue.</p>
      </main>
      <footer>Imprint</footer>`);
    expect(page).toEqual({
      url: "a.html",
      title: "Printing",
      lang: "en-US",
      description: null,
      fields: {},
      sections: [
        { headings: [], anchor: null, text: "How to print.", weight: 1 },
        { headings: ["Paper"], anchor: "paper", text: "A4 or Letter.\n\none\n\ntwo", weight: 1 },
        { headings: ["Paper", "Both sides"], anchor: "duplex", text: "Turn the page.", weight: 1 },
        { headings: ["Ink"], anchor: "ink", text: "Blue.", weight: 1 },
      ],
    });
  });

  it.each([
    ["data-m3-body before main", "<main>no</main><div data-m3-body>yes</div>", ["yes"]],
    ["several bodies, each once", "<div data-m3-body>one<p data-m3-body>two</p></div><div data-m3-body>three</div>", ["one\n\ntwo\n\nthree"]],
    ["main before articles", "<article>no</article><main>yes</main>", ["yes"]],
    ["role main", '<p>no</p><div role="main">yes</div>', ["yes"]],
    ["articles before the body", "<p>no</p><article>yes</article>", ["yes"]],
    ["the body", "<p>yes</p>", ["yes"]],
    ["nothing that is ignored", "<p>yes</p><p data-m3-ignore>no</p><div data-m3-ignore><p>no</p></div>", ["yes"]],
    ["nothing that is hidden", '<p hidden>no</p><p aria-hidden="true">no</p><template>no</template><noscript>no</noscript>yes', ["yes"]],
    ["no scripts, styles and controls", "<script>no()</script><style>p{}</style><button>no</button><select><option>no</select>yes", ["yes"]],
    ["no page furniture", '<div role="banner">no</div><aside>no</aside><div role="search">no</div>yes', ["yes"]],
    ["descriptions of pictures", '<p>See <img alt="the gear"> here.</p>', ["See the gear here."]],
    ["lines of code", "<pre>let a;\n  let b;</pre>", ["let a;\nlet b;"]],
    ["line breaks", "<p>one<br>two</p>", ["one\ntwo"]],
    ["cells apart", "<table><tr><td>a</td><td>b</td></tr></table>", ["a\n\nb"]],
    ["words without their readings", "<p><ruby>漢<rp>(</rp><rt>かん</rt><rp>)</rp></ruby>字</p>", ["漢字"]],
    ["text without a single element", "only text", ["only text"]],
    ["broken markup as browsers do", "<p>one<p>two</b></div><li>three", ["one\n\ntwo\n\nthree"]],
    ["entities", "<p>&lt;b&gt; &amp; &copy;&nbsp;x</p>", ["<b> & © x"]],
  ])("reads %s", (_, body, expected) => {
    expect(texts(body)).toEqual(expected);
  });

  it("weighs what is marked, and only that", () => {
    const { sections } = read('<p>one</p><div data-m3-weight="2"><p>two</p><p data-m3-weight="0.5">three</p></div><h2 data-m3-weight="3">Four</h2><p>five</p>');
    expect(sections.map(({ text, weight }) => [text, weight])).toEqual([
      ["one", 1],
      ["two", 2],
      ["three", 1],
      ["five", 3],
    ]);
    expect(read('<p data-m3-weight="-1">x</p>').sections[0]!.weight).toBe(1);
    expect(read('<p data-m3-weight="many">x</p>').sections[0]!.weight).toBe(1);
  });

  it("takes title, description and fields from the head", () => {
    const head =
      '<meta name="description" content=" What it is. "><meta name="m3:kind" content="guide"><meta name="m3:tag" content="a"><meta name="m3:tag" content="b">';
    const page = read("<p>x</p>", head);
    expect(page).toMatchObject({ title: "Page – Site", description: "What it is.", fields: { kind: "guide", tag: ["a", "b"] } });
    const bare = readHtml("<p>x", "bare.html")!;
    expect(bare).toMatchObject({ title: "bare.html", lang: null, description: null });
    expect(readHtml("<svg><title>gear</title></svg>x", "svg.html")!.title).toBe("svg.html");
  });

  it.each(['<meta name="robots" content="noindex, follow">', '<meta name="robots" content="none">', '<meta http-equiv="Refresh" content="0; url=b.html">'])(
    "passes over a page with %s",
    (head) => {
      expect(readHtml(`<head>${head}</head><body>x`, "a.html")).toBeNull();
    },
  );

  it("reads hostile pages: nested without end, and titles of markup, which stay text", () => {
    const deep = readHtml(`${"<div>".repeat(5000)}deep`, "a.html")!;
    expect(deep.sections).toEqual([{ headings: [], anchor: null, text: "deep", weight: 1 }]);
    expect(read("<h1>&lt;img src=x onerror=alert(1)&gt;</h1><p>x</p>").title).toBe("<img src=x onerror=alert(1)>");
  });

  it("takes the link to itself out of a heading, and leaves the sign that belongs to it", () => {
    const headings = (html: string) => read(`<h1>page</h1>${html}<p>x</p>`).sections.map(({ headings: [heading], anchor }) => [heading, anchor]);
    expect(headings('<h2 id="c">C#<a href="#c">#</a></h2>')).toEqual([["C#", "c"]]);
    expect(headings('<h2>Paper<a id="paper" href="a.html#paper">¶</a></h2>')).toEqual([["Paper", "paper"]]);
    expect(headings('<h2 id="ink">Ink <a href="#ink">\u200B</a></h2>')).toEqual([["Ink", "ink"]]);
    expect(headings("<h2>F#</h2>")).toEqual([["F#", null]]);
    expect(headings("<h2>Paper #</h2>")).toEqual([["Paper", null]]);
    expect(headings('<h2>See <a href="#other">others</a></h2>')).toEqual([["See others", null]]);
  });

  it("reads headings with a million characters that have no width, and takes the one away that is a link", () => {
    const blanks = "\u200B".repeat(1_000_000);
    const headings = (html: string) => read(`<h1>page</h1>${html}<p>x</p>`).sections.flatMap((section) => section.headings);
    expect(headings(`<h2>before${blanks}after</h2>`)).toEqual([`before${blanks}after`]);
    expect(headings(`<h2>before${blanks}</h2>`)).toEqual(["before"]);
    expect(headings("<h2>before <a>¶</a></h2>")).toEqual(["before"]);
  });
});
