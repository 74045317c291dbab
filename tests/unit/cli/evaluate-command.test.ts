import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { bgeM3Web, type RunOptions, temporaryFolder } from "./fake-surroundings.ts";

const fixtures = path.resolve(import.meta.dirname, "../../fixtures/evaluation/datasets");
const BEIR = path.join(fixtures, "beir");

/** Runs evaluate with a cache of its own. */
async function evaluate(args: readonly string[], options: RunOptions = {}, cache?: string) {
  return await bgeM3Web(["evaluate", ...args, "--cache", cache ?? (await temporaryFolder())], options);
}

describe("evaluate", () => {
  it("tells all systems in all forms as one JSON object", async () => {
    const { code, lines, stderr } = await evaluate([BEIR, "--json", "--weights", "1,0.3,1", "0,0,0,1", "--measures", "nDCG@10", "success@1"]);
    expect([code, stderr]).toEqual([0, ""]);
    const [report] = lines;
    expect(report).toMatchObject({ model: "m3-mini", engine: "sums", precision: "fp32", measures: ["nDCG@10", "success@1"] });
    expect(report.sets).toHaveLength(1);
    const { results, ...set } = report.sets[0];
    expect(set).toMatchObject({ name: "beir", documents: 3, queries: 2, truncated: 0, missing: 0 });
    expect(set.indexBytes.int8).toBeGreaterThan(set.indexBytes.bits);
    for (const { means } of results) for (const value of Object.values(means)) expect(value).toBeGreaterThanOrEqual(0);
    const find = (system: string, form = "exact") =>
      results.find((result: { system: string; form: string }) => result.system === system && result.form === form);
    // Systems in three forms, and what a search finds in two.
    expect(results).toHaveLength(13 * 3 + 2);
    // Three documents are all of them candidates.
    expect(find("default search", "int8").means).toEqual(find("balanced", "int8").means);
    expect(find("0,0,0,1").means).toEqual(find("BM25").means);
    // There is nothing to compress in counts of words.
    expect(find("BM25", "int8").means).toEqual(find("BM25").means);
    expect(report.means).toEqual(results.map(({ system, form, means }: { system: string; form: string; means: object }) => ({ system, form, means })));
  });

  it("prints a table, and one more for several sets", async () => {
    const one = await evaluate([BEIR]);
    expect(one.stdout).toMatch(
      /^m3-mini \(q4\), fp32\nbeir: 2 queries, 3 documents, \d+ bytes a document \(int8\), \d+ bytes a document \(1 bit\)\n\n +nDCG@10 +int8/,
    );
    expect(one.stdout).toMatch(/^BM25( +[01]\.\d{4}){6}$/m);
    const two = await evaluate([BEIR, BEIR]);
    expect(two.stdout).toContain("Means over 2 sets");
    expect(two.stdout).toMatch(/^beir +2 +3( +[01]\.\d{4}){11}$/m);
    const plain = await evaluate([BEIR, "--no-compressed"]);
    expect(plain.stdout).not.toMatch(/int8|BM25|balanced/);
    expect(plain.stdout).toContain("three heads");
  });

  it("reads files of other layouts, gzipped and in parts", async () => {
    const folder = await temporaryFolder();
    const packed = path.join(folder, "docs-0.jsonl.gz");
    await writeFile(packed, gzipSync(await readFile(path.join(fixtures, "miracl/docs-0.jsonl"))));
    const miracl = (name: string) => path.join(fixtures, "miracl", name);
    const files = ["--queries", miracl("topics.miracl-v1.0-ko-dev.tsv"), "--qrels", miracl("qrels.miracl-v1.0-ko-dev.tsv"), "--layout", "miracl"];
    const { code, lines } = await evaluate(["--corpus", packed, miracl("docs-1.jsonl"), ...files, "--json"]);
    expect(code).toBe(0);
    expect(lines[0].sets[0]).toMatchObject({ name: "topics.miracl-v1.0-ko-dev", documents: 3, queries: 2 });
    const mkqa = (name: string) => path.join(fixtures, "mkqa", name);
    const asked = await evaluate(["--corpus", mkqa("corpus.jsonl"), "--queries", mkqa("mkqa.jsonl"), "--layout", "mkqa", "--language", "de", "--json"]);
    expect(asked.lines[0].sets[0]).toMatchObject({ documents: 2, queries: 2 });
  });

  it("computes nothing twice, and nothing from files that are damaged or another length's", async () => {
    const cache = await temporaryFolder();
    let batches = 0;
    const beforeRun = () => void batches++;
    const first = await evaluate([BEIR, "--json"], { beforeRun }, cache);
    expect(batches).toBeGreaterThan(0);
    batches = 0;
    const again = await evaluate([BEIR, "--json"], { beforeRun }, cache);
    expect(batches).toBe(0);
    expect(again.lines).toEqual(first.lines);
    await evaluate([BEIR, "--json", "--max-length", "8"], { beforeRun }, cache);
    expect(batches).toBeGreaterThan(0);
    const [folder] = await readdir(cache);
    const files = await readdir(path.join(cache, folder!));
    expect(files.every((file) => file.endsWith(".vectors"))).toBe(true);
    for (const file of files) {
      const bytes = await readFile(path.join(cache, folder!, file));
      await writeFile(path.join(cache, folder!, file), bytes.subarray(0, bytes.length - 1));
    }
    batches = 0;
    expect((await evaluate([BEIR, "--json"], { beforeRun }, cache)).lines).toEqual(first.lines);
    expect(batches).toBeGreaterThan(0);
  });

  it("stops when interrupted, and goes on behind the last chunk", async () => {
    const [folder, cache] = [await temporaryFolder(), await temporaryFolder()];
    await mkdir(path.join(folder, "qrels"));
    const documents = Array.from({ length: 300 }, (_, index) => ({ _id: `d${index}`, text: `text number ${index}` }));
    await writeFile(path.join(folder, "corpus.jsonl"), documents.map((document) => `${JSON.stringify(document)}\n`).join(""));
    await writeFile(path.join(folder, "queries.jsonl"), '{"_id": "q", "text": "text number 7"}\n');
    await writeFile(path.join(folder, "qrels/test.tsv"), "query-id\tcorpus-id\tscore\nq\td7\t1\n");
    const abort = new AbortController();
    const texts: number[] = [];
    const countTexts = ({ lengths }: { readonly lengths: ArrayLike<number> }) => void texts.push(lengths.length);
    const stopped = await evaluate(
      [folder, "--plot", path.join(folder, "out.svg")],
      {
        signal: abort.signal,
        beforeRun: (batch) => {
          countTexts(batch);
          // The query, the first chunk of 128 documents, and some of the second.
          if (texts.reduce((sum, count) => sum + count, 0) > 129) abort.abort(new Error("interrupted"));
        },
      },
      cache,
    );
    expect([stopped.code, stopped.stderr, stopped.stdout]).toEqual([130, "bge-m3-web: interrupted\n", ""]);
    expect(await readdir(folder)).toEqual(["corpus.jsonl", "qrels", "queries.jsonl"]);
    texts.length = 0;
    const resumed = await evaluate([folder, "--json"], { beforeRun: countTexts }, cache);
    expect(resumed.code).toBe(0);
    expect(texts.reduce((sum, count) => sum + count, 0)).toBe(300 - 128);
  });

  it("draws, and tells its progress on a terminal", async () => {
    const folder = await temporaryFolder();
    const { code, stderr } = await evaluate([BEIR, "--plot", path.join(folder, "out.svg")], { isTTY: true });
    expect(code).toBe(0);
    expect(stderr).toMatch(/encode .* of 5 texts/);
    expect(await readdir(folder)).toEqual(["out.svg"]);
    expect(await readFile(path.join(folder, "out.svg"), "utf8")).toMatch(/^<svg [\s\S]*<title id="title">m3-mini: nDCG@10 on beir<\/title>[\s\S]*<\/svg>\s*$/);
  });

  it.each<[what: string, args: string[], code: number, message: RegExp]>([
    ["nothing", [], 1, /--corpus must be given, or a folder/],
    ["folders and files", [BEIR, "--corpus", "c"], 1, /FOLDER must be left out/],
    ["a corpus alone", ["--corpus", "c"], 1, /--queries must be given/],
    ["a folder that is none", ["/nowhere"], 1, /\/nowhere\/corpus\.jsonl must be a file that can be read/],
    ["a split that is not there", [BEIR, "--split", "dev"], 1, /qrels\/dev\.tsv must be a file/],
    ["an unknown measure", [BEIR, "--measures", "accuracy"], 1, /measure must be nDCG@k/],
    ["weights that are none", [BEIR, "--weights", "1,x"], 1, /options\.weights must be/],
    ["a preset that is none", [BEIR, "--weights", "best"], 1, /options\.weights must be one of balanced/],
    ["an unknown layout", [BEIR, "--layout", "csv"], 2, /--layout/],
    ["a plot into a folder that is not there", [BEIR, "--plot", "/nowhere/x.svg"], 1, /--plot must be a file that can be written/],
    [
      "judgements of other queries",
      [
        "--corpus",
        path.join(BEIR, "corpus.jsonl"),
        "--queries",
        path.join(BEIR, "queries.jsonl"),
        "--qrels",
        path.join(fixtures, "miracl/qrels.miracl-v1.0-ko-dev.tsv"),
      ],
      1,
      /The queries of queries must be queries of which/,
    ],
  ])("refuses %s", async (_, args, expected, message) => {
    const { code, stderr } = await evaluate(args);
    expect(stderr).toMatch(message);
    expect(code).toBe(expected);
  });

  it("tells a damaged gzip file", async () => {
    const folder = await temporaryFolder();
    const file = path.join(folder, "corpus.jsonl.gz");
    await writeFile(file, "not gzip");
    const { code, stderr } = await evaluate(["--corpus", file, "--queries", path.join(BEIR, "queries.jsonl"), "--qrels", path.join(BEIR, "qrels/test.tsv")]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/corpus\.jsonl\.gz must be a gzip file/);
  });
});
