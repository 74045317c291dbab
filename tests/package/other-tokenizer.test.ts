/**
 * A model with BERT's tokenizer on the installed package: without the optional peer an error that tells what to do, in Node and in a page; with it, copied beside the worker, the
 * page runs under a strict Content-Security-Policy and asks no other origin for anything.
 */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import type { Server } from "node:http";
import path from "node:path";
import type { Browser } from "playwright";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { bertFiles, ENCODER, formula, HEADS, json } from "../unit/builder/memory-folder.ts";
import { modelFolder, repository, run } from "./installed.ts";
import { isolation, launchBrowser, serve, visit } from "./static-site.ts";

const strictPolicy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; img-src data:";
const fixture = (file: string) => readFileSync(path.join(repository, "tests/fixtures/bert-tokenizer", file));
const golden = JSON.parse(fixture("goldens.json").toString()).goldens[0] as { text: string; ids: number[] };

const { folder } = inject("installed");
const checkpoint = path.join(folder, "bert");
const cli = path.join(folder, "node_modules/bge-m3-web/dist/cli.js");
let browser: Browser;
const servers: Server[] = [];

beforeAll(async () => {
  browser = await launchBrowser();
  mkdirSync(checkpoint);
  const words = formula(ENCODER[0]!.name, [122, 32]);
  const files = bertFiles({ config: { vocab_size: 122 }, encoder: [words, ...ENCODER.slice(1)], heads: HEADS });
  const settings = {
    "m3.json": json({ name: "bert" }),
    "tokenizer.json": fixture("tokenizer.json"),
    "tokenizer_config.json": fixture("tokenizer_config.json"),
  };
  for (const [file, bytes] of Object.entries({ ...files, ...settings })) writeFileSync(path.join(checkpoint, file), bytes);
  run(folder, "npx", ["bge-m3-web", "build-model", "bert", "--out", "bert-model", "--dtype", "fp32", "--no-self-test"]);
});

afterAll(async () => {
  await browser?.close();
  for (const server of servers) server.close();
});

/** A page without a bundler: copied assets, and both models. */
function writePage(name: string, cwd: string, options: readonly string[]): string {
  const page = path.join(folder, name);
  mkdirSync(page);
  run(cwd, "node", [cli, "copy-assets", page, "--model", modelFolder, "--no-webgpu", ...options]);
  cpSync(path.join(folder, "bert-model"), path.join(page, "models/bert"), { recursive: true });
  const script = `
    import { M3 } from "./index.js";
    const options = { device: "wasm", threads: 1 };
    const mini = await M3.load("m3-mini", options);
    await mini.encode("The cat sat on the mat.");
    await mini.dispose();
    const askedForMini = performance.getEntriesByType("resource").length;
    let counts = [], code = "";
    try {
      const m3 = await M3.load("models/bert/", options);
      counts = await m3.countTokens([${JSON.stringify(golden.text)}]);
      const { tokenCounts } = await m3.encode([${JSON.stringify(golden.text)}], { maxLength: 16 });
      counts.push(...tokenCounts);
      await m3.dispose();
    } catch (error) {
      code = error.code ?? String(error);
    }
    globalThis.result = { counts, code, askedForMini };`;
  writeFileSync(path.join(page, "main.js"), script);
  const html = '<!doctype html><meta charset="utf-8"><title>page</title><link rel="icon" href="data:,"><script type="module" src="./main.js"></script>';
  writeFileSync(path.join(page, "index.html"), html);
  return page;
}

async function open(page: string) {
  const { origin, server } = await serve([page], { ...isolation, "Content-Security-Policy": strictPolicy });
  servers.push(server);
  return { ...(await visit(browser, `${origin}/`)), origin };
}

describe("without the optional peer", () => {
  it("the command line tells what to install", () => {
    writeFileSync(path.join(folder, "texts.jsonl"), JSON.stringify({ text: golden.text }));
    const { status, stderr } = spawnSync("npx", ["bge-m3-web", "tokenize", "texts.jsonl", "--model", "bert-model"], { cwd: folder, encoding: "utf8" });
    expect([status, stderr]).toEqual([1, expect.stringContaining("npm install @huggingface/transformers")]);
  });

  it("a page gets a typed error, and copy-assets tells that there is nothing to copy", async () => {
    const { result } = await open(writePage("bare", folder, []));
    expect(result).toMatchObject({ code: "missing-peer", counts: [] });
    const { status, stderr } = spawnSync("node", [cli, "copy-assets", "nothing", "--transformers", "--model", modelFolder], { cwd: folder, encoding: "utf8" });
    expect([status, stderr]).toEqual([1, expect.stringContaining("npm install @huggingface/transformers")]);
  });
});

describe("with the optional peer copied beside the worker", () => {
  it("the page runs under a strict Content-Security-Policy, from its own origin, and loads the peer for the model that needs it only", async () => {
    const { result, requests, problems, origin } = await open(writePage("with-peer", repository, ["--transformers"]));
    expect(result).toMatchObject({ code: "", counts: [golden.ids.length, golden.ids.length] });
    expect(problems).toEqual([]);
    expect(requests.filter((url) => !url.startsWith(`${origin}/`) && !url.startsWith("data:"))).toEqual([]);
    const peer = requests.findIndex((url) => url.endsWith("/transformers.js"));
    const bert = requests.findIndex((url) => url.endsWith("/models/bert/manifest.json"));
    expect(peer).toBeGreaterThan(bert);
    // Of its runtime nothing is needed.
    expect(requests.filter((url) => url.endsWith(".wasm"))).toEqual([]);
  });
});
