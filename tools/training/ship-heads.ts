/**
 * Puts heads into m3-mini and makes anew whatever depends on them: the artefact, the golden numbers, the vectors of the demo's pages.
 *
 *     npx tsx tools/training/ship-heads.ts .cache/training/m3-mini-2000.safetensors --python .venv/bin/python
 *
 * The Python needs torch, transformers, safetensors, numpy and tokenizers from PyPI: goldens come from another implementation. The self-test's known answers
 * are dense vectors and stay as they are; make_mini_goldens.py checks that dense vectors have not changed.
 */
import { execFileSync } from "node:child_process";
import { copyFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";

const { values, positionals } = parseArgs({ allowPositionals: true, options: { python: { type: "string", default: "python3" } } });
const [heads] = positionals;
if (!heads || positionals.length > 1) throw new Error("Usage: npx tsx tools/training/ship-heads.ts HEADS.safetensors [--python PYTHON]");

const root = path.resolve(import.meta.dirname, "../..");
const run = (command: string, ...args: string[]) => {
  console.log([command, ...args].join(" "));
  execFileSync(command, args, { cwd: root, stdio: "inherit" });
};

copyFileSync(heads, path.join(root, "models/m3-mini/heads.safetensors"));
run("npm", "run", "build:m3-mini");
run(values.python, "tests/oracle/make_mini_goldens.py");
run("npm", "run", "build:corpus");
console.log("Now run the tests, `npm run bench -- quality` for the search's weights, and `npm run bench -- bytes` for what a first visit transfers.");
