import { readdirSync } from "node:fs";
import { defineConfig } from "vite";

const pages = readdirSync(import.meta.dirname).filter((file) => file.endsWith(".html"));

export default defineConfig({
  // Where the site will lie: "/" or "/handbook/". `vite build --base=/handbook/` says it too.
  base: "/",
  build: { rolldownOptions: { input: pages } },
});
