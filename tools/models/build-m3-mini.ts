/**
 * Rebuilds public/models/m3-mini from models/m3-mini, byte for byte.
 *
 *     npm run build:m3-mini               writes it
 *     npm run build:m3-mini -- --check    compares instead; exit code 1 on any difference
 */
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import type { ArtefactSink } from "#builder/ports.ts";
import { createArtefactFolder } from "#cli/artefact-folder.ts";
import { buildM3Mini, M3_MINI_ARTEFACT } from "./m3-mini.ts";

if (process.argv.includes("--check")) {
  const differences = await compare();
  for (const difference of differences) console.error(difference);
  console.log(differences.length === 0 ? `${M3_MINI_ARTEFACT} is what models/m3-mini gives.` : `${differences.length} differences.`);
  process.exitCode = differences.length === 0 ? 0 : 1;
} else {
  const sink = await createArtefactFolder(M3_MINI_ARTEFACT);
  try {
    const { manifest } = await buildM3Mini(sink);
    await sink.publish();
    console.log(`${M3_MINI_ARTEFACT}: ${manifest.shards.length} shards, fingerprint ${manifest.fingerprint}`);
  } catch (error) {
    await sink.discard();
    throw error;
  }
}

/** One line for each file that is missing, differs, or should not be there. */
async function compare(): Promise<string[]> {
  const differences: string[] = [];
  const built = new Set<string>();
  const sink: ArtefactSink = {
    async write(file, bytes) {
      built.add(file);
      const committed = await readFile(path.join(M3_MINI_ARTEFACT, file)).catch(() => null);
      if (!committed) differences.push(`${file} is missing.`);
      else if (!committed.equals(bytes)) differences.push(`${file} differs.`);
    },
  };
  await buildM3Mini(sink);
  const files = await readdir(M3_MINI_ARTEFACT).catch(() => []);
  return [...differences, ...files.filter((file) => !built.has(file)).map((file) => `${file} does not belong there.`)];
}
