/** Draws the icons of the installed demo, public/icons: npx tsx tools/demo/icons.ts */
import { chromium } from "playwright";
import { chromiumArguments, findChromium } from "../chromium.ts";

const OUT = "public/icons";

interface Icon {
  readonly name: string;
  readonly size: 192 | 512;
  /** Systems cut maskable icons to a shape of theirs: the ground goes to the edges, the picture stays in the middle four fifths. */
  readonly maskable: boolean;
}

const icons: readonly Icon[] = [
  { name: "icon-192", size: 192, maskable: false },
  { name: "icon-512", size: 512, maskable: false },
  { name: "maskable-512", size: 512, maskable: true },
];

/** The favicon's picture. */
function drawing({ size, maskable }: Icon): string {
  const bars =
    '<rect x="6" y="7" width="20" height="4.5" rx="2.25" fill="#7aaefc"/><rect x="6" y="14" width="9" height="4.5" rx="2.25" fill="#f2a950"/><rect x="6" y="21" width="15" height="4.5" rx="2.25" fill="#4fcdb6"/>';
  const picture = maskable ? `<g transform="translate(16 16) scale(0.72) translate(-16 -16.25)">${bars}</g>` : bars;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${size}" height="${size}" viewBox="0 0 32 32"><rect width="32" height="32" rx="${maskable ? 0 : 7}" fill="#17181a"/>${picture}</svg>`;
}

const executablePath = findChromium();
const browser = await chromium.launch({ args: chromiumArguments, ...(executablePath && { executablePath }) });
for (const icon of icons) {
  const page = await browser.newPage({ viewport: { width: icon.size, height: icon.size } });
  await page.setContent(`<style>html,body{margin:0;background:transparent}svg{display:block}</style>${drawing(icon)}`);
  await page.screenshot({ path: `${OUT}/${icon.name}.png`, omitBackground: true });
  await page.close();
}
await browser.close();
