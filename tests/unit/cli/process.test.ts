/** The command line as a process of its own: streams, signals and exit codes as a shell meets them. */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { describe, expect, it } from "vitest";

const ROOT = path.resolve(import.meta.dirname, "../../..");

function start(...args: string[]) {
  const child: ChildProcessWithoutNullStreams = spawn(process.execPath, ["--import", "tsx", "src/cli/main.ts", ...args], { cwd: ROOT });
  const output = { stdout: "", stderr: "" };
  child.stdout.on("data", (data) => {
    output.stdout += data;
  });
  child.stderr.on("data", (data) => {
    output.stderr += data;
  });
  child.stdin.on("error", () => {});
  const ended = once(child, "close").then(([code, signal]) => ({ code: code as number | null, signal: signal as string | null, ...output }));
  return { child, output, ended };
}

describe("the process", () => {
  it("encodes what comes on standard input", async () => {
    const { child, ended } = start("encode", "-", "--kind", "query", "--threads", "1");
    child.stdin.end('{"text": "How do I connect to a wireless network?"}\n{"text": ""}\n');
    const { code, stdout, stderr } = await ended;
    expect([code, stderr]).toEqual([0, ""]);
    const [first, second] = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect([first.denseVecs.length, first.colbertVecs.length, second.colbertVecs.length]).toEqual([384, 10, 1]);
    expect(Object.keys(first.lexicalWeights)).toHaveLength(9);
  });

  it("ends with 1 and one line for a failure, with 2 for wrong usage", async () => {
    const [failure, usage] = await Promise.all([start("encode", "missing.jsonl").ended, start("encode", "--fast").ended]);
    expect(failure).toMatchObject({ code: 1, stdout: "", stderr: expect.stringMatching(/^bge-m3-web: [^\n]*missing\.jsonl[^\n]*\n$/) });
    expect(usage).toMatchObject({ code: 2, stdout: "", stderr: expect.stringMatching(/^bge-m3-web: unknown option/) });
  });

  it("ends with 130 when it is interrupted, also while it waits for input", async () => {
    const { child, output, ended } = start("tokenize", "-");
    child.stdin.write(`${'{"text": "x"}\n'.repeat(10)}`);
    await expect.poll(() => output.stdout, { timeout: 30_000 }).toContain('"ids":[0,1022,2]');
    child.kill("SIGINT");
    expect(await ended).toMatchObject({ code: 130, signal: null, stderr: "bge-m3-web: interrupted\n" });
  });

  it("ends quietly when nobody reads its output any more", async () => {
    const { child, ended } = start("tokenize", "-");
    child.stdout.destroy();
    child.stdin.end('{"text": "a text"}\n'.repeat(20_000));
    expect(await ended).toMatchObject({ code: 0, stderr: "" });
  });
});
