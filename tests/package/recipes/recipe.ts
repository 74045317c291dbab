/** A recipe of docs/recipes as somebody uses it who copies its folder: with the packed package, the model's package, and the recipe's own build. */
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, symlinkSync } from "node:fs";
import path from "node:path";
import { modelFolder, repository } from "../installed.ts";
import { hostilePages, type PageSources, writePage } from "./hostile-pages.ts";

/** Folder of the origin in which the recipes' sites are shown. */
export const BASE = "/handbook/";

export interface RecipeBuild {
  /** Folder with the installed package. */
  readonly installed: string;
  /** Folder of the recipe that is put on the host. */
  readonly published: string;
  /** How hostile pages are added to the recipe's own. */
  readonly sources: PageSources;
  /** What builds it. */
  readonly command?: string | undefined;
}

/**
 * Copies the recipe, adds hostile pages, "installs" what its package.json asks for, and builds it for {@link BASE}.
 *
 * @returns the folder to publish
 */
export function buildRecipe(name: string, { installed, published, sources, command = "npm run build" }: RecipeBuild): string {
  const folder = recipeFolder(name, installed);
  cpSync(path.join(repository, "docs/recipes", name), folder, { recursive: true });
  for (const page of hostilePages) writePage(folder, page, sources);
  install(folder, installed);
  rebuild(folder, command);
  return path.join(folder, published);
}

/** Where the recipe's copy is. */
export function recipeFolder(name: string, installed: string): string {
  return path.join(installed, "recipes", name);
}

/** Runs one of a recipe's commands again, in its copy. @returns what it prints */
export function rebuild(folder: string, command: string): string {
  try {
    return execFileSync("sh", ["-c", command], { cwd: folder, encoding: "utf8", stdio: "pipe", env: { ...process.env, BASE, npm_config_loglevel: "error" } });
  } catch (error) {
    const { stdout, stderr } = error as { stdout?: string; stderr?: string };
    throw new Error(`${command} in ${path.basename(folder)} failed:\n${stdout}\n${stderr}`);
  }
}

/** Links stand for what npm would copy: this package from its tarball, everything else from where this repository has it. */
function install(folder: string, installed: string): void {
  const modules = path.join(folder, "node_modules");
  const link = (target: string, at: string) => {
    mkdirSync(path.dirname(at), { recursive: true });
    if (!existsSync(at)) symlinkSync(target, at);
  };
  link(path.join(installed, "node_modules/bge-m3-web"), path.join(modules, "bge-m3-web"));
  // Beside the package, where an installed peer would be.
  link(path.join(repository, "node_modules/onnxruntime-node"), path.join(installed, "node_modules/onnxruntime-node"));
  link(modelFolder, path.join(modules, "bge-m3-web-model-m3-mini"));
  for (const name of ["vite", "@11ty/eleventy", "vitepress"]) link(path.join(repository, "node_modules", name), path.join(modules, name));
  link(path.join(installed, "node_modules/bge-m3-web/dist/cli.js"), path.join(modules, ".bin/bge-m3-web"));
  for (const name of ["vite", "eleventy", "vitepress"]) link(path.join(repository, "node_modules/.bin", name), path.join(modules, ".bin", name));
}
