import { IdAttributePlugin } from "@11ty/eleventy";

export default function (config) {
  // Headings get ids, so that results lead to their sections.
  config.addPlugin(IdAttributePlugin);
  config.addPassthroughCopy("style.css");
}

export const config = { dir: { input: ".", output: "_site" } };
