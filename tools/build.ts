/** `npm run build`: dist, as the package publishes it. Models are not part of it; `build-model` makes those. */
import { rmSync } from "node:fs";
import { buildBundles, dist } from "./build/bundles.ts";
import { buildTypes } from "./build/types.ts";

rmSync(dist, { recursive: true, force: true });
await buildBundles();
buildTypes();
