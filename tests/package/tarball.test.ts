/** What is in the tarball, and how it presents itself to Node, TypeScript and bundlers. */
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { parseSync } from "oxc-parser";
import { publint } from "publint";
import { minifySync } from "vite";
import { describe, expect, inject, it } from "vitest";
import { modelFolder, readTree, repository, run } from "./installed.ts";

const { folder, tarball } = inject("installed");
const files = readTree(path.join(folder, "node_modules/bge-m3-web")).filter(({ name }) => !name.startsWith("node_modules"));

const browserFiles = () => files.filter(({ name }) => /^dist\/[^/]+\.js$/.test(name) && name !== "dist/cli.js");
const gzipped = (text: string) => gzipSync(text, { level: 9 }).length;

describe("the tarball", () => {
  it("keeps within its budget", () => {
    expect(statSync(tarball).size).toBeLessThan(3e6);
    expect(files.length).toBeLessThan(200);
  });

  it("has a small main entry: an app that only loads it pays for no model and no runtime", () => {
    const text = (name: string) => files.find((file) => file.name === name)!.text;
    const seen = new Set<string>();
    const withImports = (name: string): number => {
      if (seen.has(name)) return 0;
      seen.add(name);
      const imports = parseSync(name, text(name)).module.staticImports.map(({ moduleRequest }) => path.posix.join("dist", moduleRequest.value));
      // As an app's own build makes it: the package leaves names and comments in.
      return gzipped(minifySync(name, text(name)).code) + imports.reduce((sum, imported) => sum + withImports(imported), 0);
    };
    // With the checks of indexes and of heads that readers adapt.
    expect(withImports("dist/index.js")).toBeLessThan(13_000);
    seen.clear();
    expect(withImports("dist/scoring.js")).toBeLessThan(4_000);
    seen.clear();
    expect(withImports("dist/element.js")).toBeLessThan(25_000);
  });

  it("keeps the trainer apart: a page that never adapts heads does not download it", () => {
    const [chunk, ...others] = files.filter(({ name }) => /^dist\/worker-adapt-[^/]+\.js$/.test(name));
    expect(others).toEqual([]);
    expect(gzipped(chunk!.text)).toBeLessThan(20_000);
    // A word that only training has.
    const holders = files.filter(({ name, text }) => /^dist\/[^/]+\.js$/.test(name) && text.includes("pos_scores")).map(({ name }) => name);
    expect(holders.filter((name) => name !== "dist/cli.js")).toEqual([chunk!.name]);
    const importers = browserFiles().filter(({ name, text }) =>
      parseSync(name, text).module.staticImports.some(({ moduleRequest }) => path.posix.join("dist", moduleRequest.value) === chunk!.name),
    );
    expect(importers).toEqual([]);
  });

  it("has what it promises and nothing else", () => {
    const top = new Set(files.map(({ name }) => name.split("/")[0]));
    expect([...top].filter((name) => !["dist", "package.json", "README.md", "CHANGELOG.md", "LICENSE"].includes(name!))).toEqual([]);
    for (const name of [
      "dist/index.js",
      "dist/scoring.js",
      "dist/site.js",
      "dist/element.js",
      "dist/extract.js",
      "dist/published.js",
      "dist/isolation.js",
      "dist/worker.js",
      "dist/cli.js",
      "dist/types/index.d.ts",
      "LICENSE",
    ]) {
      expect(files.map((file) => file.name)).toContain(name);
    }
    expect(files.filter(({ name }) => /\.(map|wasm|safetensors|onnx)$|\.test\./.test(name)).map(({ name }) => name)).toEqual([]);
  });

  it("tells nothing about the machine that it was built on", () => {
    const telling = files.filter(({ text }) => text.includes(repository) || /\/(home|root|Users)\/\w/.test(text) || text.includes("sourceMappingURL"));
    expect(telling.map(({ name }) => name)).toEqual([]);
  });

  it("leaves no bare import in the browser's files, and no private specifier in the types", () => {
    const bare = browserFiles().flatMap(({ name, text }) => {
      const { staticImports, staticExports } = parseSync(name, text).module;
      const specifiers = [
        ...staticImports.map(({ moduleRequest }) => moduleRequest.value),
        ...staticExports.flatMap(({ entries }) => entries.map(({ moduleRequest }) => moduleRequest?.value ?? "./")),
      ];
      return specifiers.filter((specifier) => !specifier.startsWith("./")).map((specifier) => `${name}: ${specifier}`);
    });
    expect(bare).toEqual([]);
    const declarations = files.filter(({ name }) => name.endsWith(".d.ts"));
    expect(declarations.length).toBeGreaterThan(5);
    expect(declarations.filter(({ text }) => /(from|import)\s*\(?\s*"(#|[^"]+\.ts")/.test(text)).map(({ name }) => name)).toEqual([]);
  });

  it("imports in Node only what is installed with it, or an optional peer", () => {
    const { dependencies, peerDependencies } = JSON.parse(files.find(({ name }) => name === "package.json")!.text);
    const allowed = new Set([...Object.keys(dependencies), ...Object.keys(peerDependencies)]);
    const imported = files
      .filter(({ name }) => name === "dist/cli.js" || name.startsWith("dist/cli/"))
      .flatMap(({ name, text }) => {
        const { staticImports, dynamicImports } = parseSync(name, text).module;
        const dynamic = dynamicImports.map(({ moduleRequest }) => text.slice(moduleRequest.start, moduleRequest.end).replaceAll(/["'`]/g, ""));
        return [...staticImports.map(({ moduleRequest }) => moduleRequest.value), ...dynamic];
      })
      .filter((specifier) => !/^(\.|node:)/.test(specifier) && !isBuiltin(specifier));
    const packages = new Set(imported.map((specifier) => specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/")));
    expect(packages).toContain("commander");
    expect([...packages].filter((name) => !allowed.has(name))).toEqual([]);
  });

  it("comes with the licences of the code inside it", () => {
    const licences = files.filter(({ name }) => /^dist\/licenses-.*\.md$/.test(name)).map(({ text }) => text);
    for (const dependency of ["comlink", "onnxruntime-web"]) expect(licences.some((text) => text.includes(dependency))).toBe(true);
  });

  it("pleases publint", async () => {
    const bytes = readFileSync(tarball);
    const { messages } = await publint({
      strict: true,
      pack: { tarball: new Uint8Array(bytes).buffer },
    });
    expect(messages).toEqual([]);
  });

  it("pleases attw", () => {
    // The scripts of workers export nothing, so they have no types; CommonJS is not supported.
    const args = [
      "attw",
      tarball,
      "--profile",
      "esm-only",
      "--exclude-entrypoints",
      "./worker",
      "./isolation-worker",
      "--format",
      "ascii",
      "--no-color",
      "--no-emoji",
    ];
    const { status, stdout } = spawnSync("npx", args, { cwd: repository, encoding: "utf8" });
    expect({ status, stdout }).toMatchObject({ status: 0, stdout: expect.stringContaining("OK (ESM)") });
  });
});

describe("the installed package", () => {
  it("can be imported in Node", () => {
    const script = `
      import * as m3 from "bge-m3-web";
      import { colbertScore, computeLexicalMatchingScore } from "bge-m3-web/scoring";
      import { readMarkdown, siteDocuments } from "bge-m3-web/extract";
      import { isolatedResponse } from "bge-m3-web/isolation";
      const [section] = siteDocuments(readMarkdown("# Caf&eacute;\\n\\nopen", "cafe.md"));
      const policy = isolatedResponse(new Response("")).headers.get("Cross-Origin-Embedder-Policy");
      const error = await m3.M3.load("m3-mini", { device: "gpu" }).catch((thrown) => thrown);
      console.log(JSON.stringify([Object.keys(m3), computeLexicalMatchingScore({ 1: 2 }, { 1: 3 }), typeof colbertScore, error.code, section.title, policy]));`;
    const [names, score, type, code, title, policy] = JSON.parse(run(folder, "node", ["--input-type=module", "--eval", script]));
    expect(names).toContain("M3");
    expect([score, type, code, title, policy]).toEqual([6, "function", "invalid-input", "Café", "require-corp"]);
  });

  it.each(["Bundler", "NodeNext"])("has types that hold and that refuse, for moduleResolution %s", (moduleResolution) => {
    const lines = [
      `import { type Embedding, type Embeddings, M3, M3Error } from "bge-m3-web";`,
      `import { colbertScore } from "bge-m3-web/scoring";`,
      `import { SiteSearch } from "bge-m3-web/site";`,
      `const m3: M3 = await M3.load("m3-mini", { device: "auto", onProgress: ({ loaded, total }) => void (loaded / total) });`,
      `const one: Embedding = await m3.encode("text", { returnSparse: true });`,
      `const many: Embeddings = await m3.encodeCorpus(["text"] as const);`,
      `const number: number = (await m3.computeScore(["a", "b"])).dense + colbertScore(one.colbertVecs!, many.colbertVecs![0]!);`,
      `const list: number[] = (await m3.computeScore([["a", "b"]], { weightsForDifferentModes: [0.4, 0.2, 0.4] })).dense;`,
      `if (m3 instanceof M3Error) throw [number, list];`,
      "// @ts-expect-error a number is no text",
      "await m3.encode(7);",
      "// @ts-expect-error a list gives lists",
      `const wrong: Embedding = await m3.encode(["text"]);`,
      "// @ts-expect-error no such device",
      `await M3.load("m3-mini", { device: "gpu" });`,
      `const index = await m3.openIndex("help", { colbert: "bits" });`,
      `const title: string | undefined = (await index.search("question", { limit: 3 })).hits[0]?.title;`,
      `for await (const { stage, results } of new SiteSearch("/search/").search("question")) if (stage === "words") throw [results[0]?.url, title];`,
      "export { wrong };",
    ];
    writeFileSync(path.join(folder, "consumer.ts"), lines.join("\n"));
    const options = {
      module: moduleResolution === "Bundler" ? "ESNext" : "NodeNext",
      moduleResolution,
      target: "ES2023",
      lib: ["ES2023", "DOM"],
      types: [],
      strict: true,
      noEmit: true,
    };
    writeFileSync(path.join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions: { ...options, skipLibCheck: false }, files: ["consumer.ts"] }));
    execFileSync("npx", ["tsc", "-p", folder], { cwd: repository, stdio: "pipe", encoding: "utf8" });
  });

  it("has a command line that tokenises", () => {
    writeFileSync(path.join(folder, "texts.jsonl"), `${JSON.stringify({ text: "Hello world" })}\n`);
    const [line] = run(folder, "npx", ["bge-m3-web", "tokenize", "texts.jsonl", "--model", modelFolder]).trim().split("\n");
    expect(JSON.parse(line!).ids).toEqual([0, 35378, 8999, 2]);
  });

  it("has a command line that lays out a folder for a static server", () => {
    const { files: copied, model } = JSON.parse(run(folder, "npx", ["bge-m3-web", "copy-assets", "without-gpu", "--no-webgpu", "--json"]));
    expect(model).toBeNull();
    expect(copied.filter((name: string) => name.startsWith("onnxruntime-web/"))).toEqual([
      "onnxruntime-web/ort-wasm-simd-threaded.mjs",
      "onnxruntime-web/ort-wasm-simd-threaded.wasm",
    ]);
    expect(copied).toEqual(expect.arrayContaining(["index.js", "scoring.js", "worker.js", "licenses-worker.md"]));
    expect(copied).not.toContain("cli.js");
    expect(
      readTree(path.join(folder, "without-gpu"))
        .map(({ name }) => name)
        .toSorted(),
    ).toEqual(copied.toSorted());
  });
});
