/** Every public name says what it is: the declaration of each name that src/index.ts and src/scoring.ts list has a docblock, in the file that it comes from. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { parseSync } from "oxc-parser";
import { describe, expect, it } from "vitest";

const SOURCE = path.resolve(import.meta.dirname, "../../../src");

/** The names that a list of exports gives, each with the file that declares it. */
function publicNames(list: string): [name: string, file: string][] {
  const { module } = parseSync(list, readFileSync(path.join(SOURCE, list), "utf8"));
  return module.staticExports.flatMap(({ entries }) =>
    entries.flatMap(({ exportName, moduleRequest }): [string, string][] => (moduleRequest ? [[exportName.name!, moduleRequest.value.slice(1)]] : [])),
  );
}

/** Whether a docblock ends on the line before the declaration of that name. (A blank line between: that is the file's own comment.) */
function isDescribed(name: string, file: string): boolean {
  const text = readFileSync(path.join(SOURCE, file), "utf8");
  const { module, comments } = parseSync(file, text);
  const declaration = module.staticExports.find(({ entries }) => entries.some(({ exportName }) => exportName.name === name));
  return comments.some(({ type, value, end }) => type === "Block" && value.startsWith("*") && text.slice(end, declaration!.start) === "\n");
}

describe.each(["index.ts", "scoring.ts", "site.ts", "extract.ts", "isolation.ts", "published.ts"])("src/%s", (list) => {
  const names = publicNames(list);

  it("lists names", () => expect(names.length).toBeGreaterThan(1));

  it.each(names)("%s of %s has a docblock", (name, file) => expect(isDescribed(name, file)).toBe(true));
});
