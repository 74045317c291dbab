/**
 * The package as a user gets it: packed by npm, and installed from the tarball into a fresh folder. Needs `npm run build`. Vitest runs this file once
 * for all tests of the project (`globalSetup`).
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { TestProject } from "vitest/node";

export const repository = path.resolve(import.meta.dirname, "../..");
export const modelFolder = path.join(repository, "public/models/m3-mini");

export interface Installed {
  /** The fresh folder, with a node_modules in it. Outside the repository, so that nothing is found in the repository's. */
  readonly folder: string;
  readonly tarball: string;
}

declare module "vitest" {
  interface ProvidedContext {
    installed: Installed;
  }
}

export default function install(project: TestProject): () => void {
  if (!existsSync(path.join(repository, "dist/cli.js"))) throw new Error("There is no dist: run `npm run build` first.");
  const folder = mkdtempSync(path.join(tmpdir(), "bge-m3-web-"));
  const packed = path.join(folder, "packed");
  mkdirSync(packed);
  execFileSync("npm", ["pack", "--silent", "--pack-destination", packed], { cwd: repository });
  const tarball = path.join(packed, readdirSync(packed)[0]!);
  writeFileSync(path.join(folder, "package.json"), JSON.stringify({ name: "fresh", private: true, type: "module" }));
  execFileSync("npm", ["install", "--silent", "--prefer-offline", "--no-audit", "--no-fund", tarball], { cwd: folder, stdio: "inherit" });
  project.provide("installed", { folder, tarball });
  return () => rmSync(folder, { recursive: true, force: true });
}

/** Runs a command in a folder. @returns what it prints */
export function run(folder: string, command: string, args: readonly string[]): string {
  return execFileSync(command, args, { cwd: folder, encoding: "utf8", maxBuffer: 2 ** 26 });
}

/** Files below a folder, with their text. */
export function readTree(folder: string): { readonly name: string; readonly text: string; readonly bytes: number }[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => {
      const bytes = readFileSync(path.join(entry.parentPath, entry.name));
      return { name: path.relative(folder, path.join(entry.parentPath, entry.name)), text: bytes.toString("utf8"), bytes: bytes.byteLength };
    });
}
