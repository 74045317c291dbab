import { readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { Writable } from "node:stream";
import { describe, expect, it } from "vitest";
import { bgeM3Web, temporaryFolder } from "./fake-surroundings.ts";

const TEXTS = ["What is BGE M3?", "무선 네트워크에 연결하는 방법", "", "x \u{1F642} y"];
const jsonLines = (texts: readonly string[]) => texts.map((text) => `${JSON.stringify({ text })}\n`).join("");

/** A folder with texts.jsonl. */
async function withTexts(content = jsonLines(TEXTS)) {
  const folder = await temporaryFolder();
  const file = path.join(folder, "texts.jsonl");
  await writeFile(file, content);
  return { folder, file };
}

describe("tokenize", () => {
  it("writes ids with special tokens and offsets in UTF-16 units, a line a text", async () => {
    const { file } = await withTexts();
    const { code, lines, stderr } = await bgeM3Web(["tokenize", file]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(lines).toHaveLength(TEXTS.length);
    expect(lines[2]).toEqual({
      ids: [0, 2],
      offsets: [
        [0, 0],
        [0, 0],
      ],
    });
    for (const [index, { ids, offsets }] of lines.entries()) {
      expect([ids[0], ids.at(-1)]).toEqual([0, 2]);
      expect(offsets).toHaveLength(ids.length);
      const covered = offsets.map(([start, end]: [number, number]) => TEXTS[index]!.slice(start, end)).join("");
      expect(covered.replaceAll(/\s/g, "")).toBe(TEXTS[index]!.replaceAll(/\s/g, ""));
    }
    expect(lines[0].ids).toEqual([0, 4865, 83, 335, 11679, 276, 363, 32, 2]);
  });

  it("cuts at --max-length", async () => {
    const { file } = await withTexts();
    const { lines, stderr } = await bgeM3Web(["tokenize", file, "--max-length", "4", "--json"]);
    expect(lines.map(({ ids }) => ids.length)).toEqual([4, 4, 2, 4]);
    expect(JSON.parse(stderr)).toMatchObject({ texts: 4, tokens: 14, truncated: 3 });
  });

  it("reads standard input and writes a file", async () => {
    const folder = await temporaryFolder();
    const out = path.join(folder, "ids.jsonl");
    const { code, stdout } = await bgeM3Web(["tokenize", "-", "--out", out], { stdin: '\uFEFF{"text": "x", "id": 7}\r\n\n{"text": "y\u2028z"}' });
    expect([code, stdout]).toEqual([0, ""]);
    const written = (await readFile(out, "utf8")).split("\n");
    expect(written).toHaveLength(3);
    expect(JSON.parse(written[0]!).ids).toEqual([0, 1022, 2]);
    expect(await readdir(folder)).toEqual(["ids.jsonl"]);
  });
});

describe("encode", () => {
  it("writes all three heads in the order of the lines", async () => {
    const { file } = await withTexts();
    const { code, lines, sessions } = await bgeM3Web(["encode", file, "--kind", "query"]);
    expect(code).toBe(0);
    expect(sessions).toMatchObject([{ precision: "default", threads: undefined }]);
    expect(lines).toHaveLength(4);
    for (const { denseVecs, lexicalWeights, colbertVecs } of lines) {
      expect(denseVecs).toHaveLength(384);
      expect(Math.hypot(...denseVecs)).toBeCloseTo(1, 5);
      expect(Object.values(lexicalWeights).every((weight) => (weight as number) > 0)).toBe(true);
      for (const row of colbertVecs) expect(Math.hypot(...row)).toBeCloseTo(1, 5);
    }
    // "What is BGE M3?" has 7 tokens, </s> one more; prompt and <s> none.
    expect(lines[0].colbertVecs).toHaveLength(8);
    expect(Object.keys(lines[0].lexicalWeights)).toEqual(["32", "83", "276", "335", "363", "4865", "11679"]);
    expect([lines[2].lexicalWeights, lines[2].colbertVecs.length]).toEqual([{}, 1]);
  });

  it("gives each line the same numbers alone, and other ones as the other kind", async () => {
    const { file } = await withTexts();
    const together = await bgeM3Web(["encode", file, "--kind", "query"]);
    const alone = await bgeM3Web(["encode", "-", "--kind", "query"], { stdin: jsonLines([TEXTS[1]!]) });
    const passage = await bgeM3Web(["encode", "-", "--kind", "passage"], { stdin: jsonLines([TEXTS[1]!]) });
    expect(alone.lines).toEqual([together.lines[1]]);
    expect(passage.lines[0].denseVecs).not.toEqual(alone.lines[0].denseVecs);
  });

  it("writes only the heads that are asked for, null for the others", async () => {
    const { file } = await withTexts();
    const { lines } = await bgeM3Web(["encode", file, "--sparse", "--dense"]);
    expect(lines[0]).toMatchObject({ denseVecs: expect.any(Array), lexicalWeights: expect.any(Object), colbertVecs: null });
    const { lines: colbert } = await bgeM3Web(["encode", file, "--colbert"]);
    expect(Object.keys(colbert[0])).toEqual(["denseVecs", "lexicalWeights", "colbertVecs"]);
    expect([colbert[0].denseVecs, colbert[0].lexicalWeights]).toEqual([null, null]);
  });

  it("writes numbers that are read back as the same float32, and no longer than that needs", async () => {
    const { lines } = await bgeM3Web(["encode", "-", "--dense"], { stdin: jsonLines(["x"]) });
    for (const value of lines[0].denseVecs as number[]) expect(String(Math.abs(value)).replace(/e.*|^0\.0*|\./g, "").length).toBeLessThanOrEqual(9);
  });

  it("passes on --threads, --precision and --max-length", async () => {
    const { file } = await withTexts();
    const { sessions, stderr } = await bgeM3Web(["encode", file, "--threads", "2", "--precision", "fp32", "--max-length", "6", "--json"]);
    expect(sessions).toMatchObject([{ threads: 2, precision: "fp32" }]);
    expect(JSON.parse(stderr)).toMatchObject({ model: "m3-mini", engine: "sums", texts: 4, truncated: 3, tokens: 22, seconds: expect.any(Number) });
  });

  it("streams: a long file goes through in chunks, in order", async () => {
    const texts = Array.from({ length: 1100 }, (_, index) => `text ${index % 37}`);
    const { file } = await withTexts(jsonLines(texts));
    let runs = 0;
    const { lines, code } = await bgeM3Web(["encode", file, "--dense"], { beforeRun: () => runs++ });
    expect(code).toBe(0);
    expect(lines).toHaveLength(1100);
    for (const index of [37, 511, 512, 1099]) expect(lines[index]).toEqual(lines[index % 37]);
    expect(runs).toBeGreaterThanOrEqual(3);
  });

  it("shows progress and a summary where there is a terminal, unless it is told to be quiet", async () => {
    const { file } = await withTexts();
    const watched = await bgeM3Web(["encode", file, "--dense"], { isTTY: true });
    expect(watched.stderr).toContain("100 %");
    expect(watched.stderr).toMatch(/Encoded 4 texts, \d+ tokens, in \d+\.\d s\n$/);
    expect((await bgeM3Web(["encode", file, "--dense"])).stderr).toBe("");
    expect((await bgeM3Web(["encode", file, "--dense", "--quiet"], { isTTY: true })).stderr).toBe("");
  });
});

describe("failures", () => {
  it.each([
    ["no JSON", '{"text": "a"}\n\n{"text": "b"\n', /texts\.jsonl, line 3 must be a JSON object/],
    ["no object", '"a"\n', /texts\.jsonl, line 1 must be a JSON object/],
    ["no text", '{"text": "a"}\n{"title": "b"}\n', /"text" in .*texts\.jsonl, line 2, must be a string, but it is undefined/],
    ["a text that is no string", '{"text": 5}\n', /line 1, must be a string, but it is 5/],
  ])("name file and line of a line with %s, and leave no output file", async (_, content, message) => {
    const { folder, file } = await withTexts(content);
    for (const command of ["tokenize", "encode"]) {
      const { code, stderr, stdout } = await bgeM3Web([command, file, "--out", path.join(folder, "out.jsonl")]);
      expect(code).toBe(1);
      expect(stderr).toMatch(message);
      expect(stderr).toMatch(/^bge-m3-web: .*\n$/);
      expect(stdout).toBe("");
    }
    expect(await readdir(folder)).toEqual(["texts.jsonl"]);
  });

  it("name standard input", async () => {
    expect((await bgeM3Web(["encode", "-"], { stdin: "{" })).stderr).toContain("standard input, line 1");
  });

  it("keep the old output file", async () => {
    const { folder, file } = await withTexts("no JSON");
    const out = path.join(folder, "out.jsonl");
    await writeFile(out, "old");
    expect((await bgeM3Web(["tokenize", file, "--out", out])).code).toBe(1);
    expect(await readFile(out, "utf8")).toBe("old");
  });

  it("say what cannot be read or written, without a stack", async () => {
    const { folder, file } = await withTexts();
    for (const args of [
      ["encode", path.join(folder, "missing.jsonl")],
      ["encode", folder],
      ["encode", file, "--model", folder],
      ["encode", file, "--out", folder],
      ["encode", file, "--out", path.join(folder, "no", "such", "folder.jsonl")],
      ["tokenize", file, "--max-length", "1"],
      ["encode", file, "--max-length", "3"],
    ]) {
      const { code, stderr } = await bgeM3Web(args);
      expect([code, args]).toEqual([1, args]);
      expect(stderr).toMatch(/^bge-m3-web: .*\n$/);
    }
    expect((await bgeM3Web(["encode", folder], { debug: true })).stderr).toContain("    at ");
  });

  it("end with 2 for wrong usage", async () => {
    for (const args of [
      [],
      ["sing"],
      ["encode"],
      ["encode", "a", "b"],
      ["encode", "-", "--kind", "question"],
      ["encode", "-", "--max-length", "0"],
      ["encode", "-", "--max-length", "1e3"],
      ["encode", "-", "--threads", "two"],
      ["encode", "-", "--precision", "fp16"],
      ["encode", "-", "--fast"],
      ["build-model", "checkpoint"],
      ["build-model", "checkpoint", "--out", "x", "--dtype", "q2"],
    ]) {
      const { code, stderr, stdout } = await bgeM3Web(args);
      expect([code, args]).toEqual([2, args]);
      expect(stderr).not.toBe("");
      expect(stdout).toBe("");
    }
    expect((await bgeM3Web(["encode", "-", "--fast"])).stderr).toMatch(/^bge-m3-web: unknown option '--fast'/);
  });
});

describe("help", () => {
  it("lists the commands and explains each", async () => {
    for (const args of [["--help"], ["help"], ["encode", "--help"], ["tokenize", "--help"], ["build-model", "--help"], ["copy-assets", "--help"]]) {
      const { code, stdout, stderr } = await bgeM3Web(args);
      expect([code, stderr, args]).toEqual([0, "", args]);
      expect(stdout).toMatch(/^Usage: bge-m3-web /);
    }
    expect((await bgeM3Web(["--version"])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe("interruption", () => {
  it("ends with 130, and leaves no output file", async () => {
    const { folder, file } = await withTexts();
    const controller = new AbortController();
    const beforeRun = () => controller.abort(new Error("interrupted"));
    const { code, stderr } = await bgeM3Web(["encode", file, "--out", path.join(folder, "out.jsonl")], { signal: controller.signal, beforeRun });
    expect([code, stderr]).toEqual([130, "bge-m3-web: interrupted\n"]);
    expect(await readdir(folder)).toEqual(["texts.jsonl"]);
  });

  it("ends quietly when the reader of the output goes away", async () => {
    const { file } = await withTexts();
    const stdout = new Writable({ write: (_chunk, _encoding, done) => done(Object.assign(new Error("write EPIPE"), { code: "EPIPE" })) });
    stdout.on("error", () => {});
    const { code, stderr } = await bgeM3Web(["tokenize", file], { stdout });
    expect([code, stderr]).toEqual([0, ""]);
  });
});
