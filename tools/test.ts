/**
 * `npm test`: every gate and every suite, cheapest first; stops at the first stage that fails.
 * The last line is "N passed, N failed", added up from the runners' own JSON reports.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { ensureChromium } from "./install-chromium.ts";

interface Count {
  passed: number;
  failed: number;
  skipped: number;
}

interface Stage {
  readonly name: string;
  readonly command: readonly string[];
  /** How to read the stage's report. Gates and builds have none: they only pass or fail. */
  readonly report?: "vitest" | "playwright";
  readonly needsChromium?: boolean;
}

const reports = path.resolve(".cache/test-reports");

const vitest = (project: string): Stage => ({
  name: project,
  command: ["npx", "vitest", "run", "--project", project, "--reporter=default", "--reporter=json", `--outputFile.json=${reportFile(project)}`],
  report: "vitest",
  // The configuration looks for Chromium also when only Node tests run.
  needsChromium: project !== "unit",
});

const stages: readonly Stage[] = [
  { name: "lint", command: ["npx", "biome", "check", "--error-on-warnings", "."] },
  { name: "types", command: ["npx", "tsc", "-b", "tsconfig.json"] },
  vitest("unit"),
  { name: "build", command: ["npm", "run", "--silent", "build"] },
  vitest("package"),
  vitest("browser"),
  { name: "e2e", command: ["npx", "playwright", "test"], report: "playwright", needsChromium: true },
];

function reportFile(stage: string): string {
  return path.join(reports, `${stage}.json`);
}

function count(stage: Stage): Count {
  const report = JSON.parse(readFileSync(reportFile(stage.name), "utf8"));
  if (stage.report === "playwright") {
    const { expected, unexpected, flaky, skipped } = report.stats;
    return { passed: expected, failed: unexpected + flaky, skipped };
  }
  return { passed: report.numPassedTests, failed: report.numFailedTests, skipped: report.numPendingTests + report.numTodoTests };
}

/** Runs one stage. A stage that ends badly counts as at least one failure, whatever its report says. */
function run(stage: Stage): Count {
  console.log(`\n── ${stage.name}`);
  const started = performance.now();
  const environment: NodeJS.ProcessEnv = { ...process.env, PLAYWRIGHT_JSON_OUTPUT_NAME: reportFile("e2e") };
  if (stage.needsChromium) environment.CHROMIUM_PATH = ensureChromium();
  const [command, ...args] = stage.command;
  const { status } = spawnSync(command, args, { stdio: "inherit", env: environment });
  console.log(`── ${stage.name}: ${status === 0 ? "ok" : "FAILED"} in ${((performance.now() - started) / 1000).toFixed(1)} s`);
  const tests = stage.report && existsSync(reportFile(stage.name)) ? count(stage) : { passed: 0, failed: 0, skipped: 0 };
  const ranNothing = stage.report !== undefined && tests.passed + tests.failed === 0;
  return status === 0 && !ranNothing ? tests : { ...tests, failed: Math.max(tests.failed, 1) };
}

rmSync(reports, { recursive: true, force: true });
mkdirSync(reports, { recursive: true });

const wanted = process.argv.slice(2);
const total: Count = { passed: 0, failed: 0, skipped: 0 };
for (const stage of stages.filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
  const tests = run(stage);
  total.passed += tests.passed;
  total.failed += tests.failed;
  total.skipped += tests.skipped;
  if (tests.failed > 0) break;
}
console.log(`\n${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ""}`);
process.exitCode = total.failed > 0 ? 1 : 0;
