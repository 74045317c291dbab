// VitePress' own theme, as it is: only its search box is another (see config.js).
export { default } from "vitepress/theme";
