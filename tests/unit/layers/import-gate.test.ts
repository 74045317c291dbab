/** What Biome's patterns cannot see of the import gate: a relative path that climbs out of its room, a room without rules (docs/architecture.md). */
import { readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { parseSync } from "oxc-parser";
import { describe, expect, it } from "vitest";

const SOURCE = path.resolve(import.meta.dirname, "../../../src");

function sourceFiles(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const file = path.join(folder, name);
    if (statSync(file).isDirectory()) return sourceFiles(file);
    return file.endsWith(".ts") ? [file] : [];
  });
}

/** Every module specifier: static and type imports, re-exports, dynamic imports. */
function specifiers(file: string): string[] {
  const { module } = parseSync(file, readFileSync(file, "utf8"));
  const text = readFileSync(file, "utf8");
  return [
    ...module.staticImports.map((entry) => entry.moduleRequest.value),
    ...module.staticExports.flatMap((entry) => entry.entries.flatMap((one) => (one.moduleRequest ? [one.moduleRequest.value] : []))),
    ...module.dynamicImports.map((entry) => text.slice(entry.moduleRequest.start, entry.moduleRequest.end).replaceAll(/["'`]/g, "")),
  ];
}

const roomOf = (file: string) => path.relative(SOURCE, file).split(path.sep)[0];

describe("relative imports", () => {
  const files = sourceFiles(SOURCE);

  it("finds the source files and their imports", () => {
    expect(files.length).toBeGreaterThan(5);
    expect(files.flatMap(specifiers).length).toBeGreaterThan(5);
  });

  it("stay inside their room", () => {
    const climbing = files
      .filter((file) => path.dirname(file) !== SOURCE)
      .flatMap((file) =>
        specifiers(file)
          .filter((specifier) => specifier.startsWith("."))
          .filter((specifier) => roomOf(path.resolve(path.dirname(file), specifier)) !== roomOf(file))
          .map((specifier) => `${path.relative(SOURCE, file)} imports ${specifier}`),
      );
    expect(climbing).toEqual([]);
  });
});

describe("the builder", () => {
  it("is imported by the worker only when a published repository is loaded: pages of other models never get its code", () => {
    const importing = sourceFiles(path.join(SOURCE, "worker")).map((file) => {
      const { module } = parseSync(file, readFileSync(file, "utf8"));
      const statics = module.staticImports.filter(
        ({ moduleRequest, entries }) => moduleRequest.value.startsWith("#builder/") && !entries.every(({ isType }) => isType),
      );
      return {
        file: path.relative(SOURCE, file),
        statics: statics.length,
        all: specifiers(file).filter((specifier) => specifier.startsWith("#builder/")).length,
      };
    });
    expect(importing.filter(({ statics }) => statics > 0)).toEqual([]);
    expect(importing.filter(({ all }) => all > 0)).toEqual([{ file: "worker/published-model.ts", statics: 0, all: 1 }]);
  });
});

describe("rooms", () => {
  it("each have rules of their own in biome.json, without which nothing would be refused there", () => {
    const { overrides } = JSON.parse(readFileSync(path.join(SOURCE, "../biome.json"), "utf8")) as { overrides: { includes: string[]; linter: unknown }[] };
    const ruled = overrides.filter(({ linter }) => JSON.stringify(linter).includes("noRestrictedImports")).flatMap(({ includes }) => includes);
    const rooms = readdirSync(SOURCE, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));
    expect(rooms).toContain("core");
    expect(rooms.filter((room) => !ruled.includes(`src/${room}/**`))).toEqual([]);
  });
});
