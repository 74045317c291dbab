import { fileURLToPath } from "node:url";
import { defineConfig } from "vitepress";

// Where the site will lie: "/" or "/handbook/".
const base = process.env.BASE ?? "/";

export default defineConfig({
  base,
  lang: "en",
  title: "Bicycle handbook",
  head: [
    ["link", { rel: "icon", href: "data:," }],
    ["script", { src: `${base}isolation-worker.js?offline` }],
    ["script", { type: "module", src: `${base}m3/element.js` }],
  ],
  themeConfig: {
    sidebar: [
      { text: "Repair a flat tyre", link: "/puncture" },
      { text: "Adjust the brakes", link: "/brakes" },
    ],
  },
  vue: { template: { compilerOptions: { isCustomElement: (tag) => tag === "m3-search" } } },
  // The theme's search box makes room for ours, in the same place of the navigation bar.
  vite: {
    resolve: { alias: [{ find: /^.*\/VPNavBarSearch\.vue$/, replacement: fileURLToPath(new URL("./theme/Search.vue", import.meta.url)) }] },
  },
});
