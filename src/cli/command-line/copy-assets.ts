/** `bge-m3-web copy-assets DIR` */
import type { Command } from "commander";
import { copyAssets } from "../commands/copy-assets.ts";
import { type OutputOptions, withOutputOptions } from "./shared-options.ts";
import type { Surroundings } from "./surroundings.ts";

interface CopyFlags extends OutputOptions {
  readonly model?: string;
  readonly webgpu: boolean;
  readonly transformers?: boolean;
  readonly onlyModel?: boolean;
}

export function addCopyAssets(program: Command, { stdout }: Surroundings): void {
  const command = program
    .command("copy-assets")
    .summary("everything that a page without a bundler needs, into one folder")
    .description("Copies the package's scripts, the runtime's WebAssembly and a model into a folder that a static server serves.")
    .argument("<dir>", "folder to fill; files that are there already are written over")
    .option("--model <dir or name>", "folder of a model artefact, or a model whose package is installed (default: m3-mini, where it is installed)")
    .option("--no-webgpu", "leave out the runtime's builds for WebGPU, 44 MB")
    .option("--transformers", "also copy the installed @huggingface/transformers, which models with another tokenizer than XLM-RoBERTa's need")
    .option("--only-model", "copy the model and nothing else, for pages whose bundler finds the rest in the package");
  withOutputOptions(command, "print what was copied as one JSON object on standard output: {files, bytes, model}").action(
    async (folder: string, { model, webgpu, transformers, onlyModel, json, quiet }: CopyFlags) => {
      const copied = await copyAssets(folder, { model, webgpu, transformers, onlyModel });
      if (json) stdout.write(`${JSON.stringify(copied)}\n`);
      else if (!quiet) stdout.write(`${copied.files.length} files, ${(copied.bytes / 1e6).toFixed(1)} MB, are in ${folder}.\n`);
    },
  );
}
