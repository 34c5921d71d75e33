/**
 * Owns the pictures of a page by which a person judges it: each view, wide and narrow, light and dark.
 *
 *     deno task screenshots report.html FOLDER
 *
 * @module
 */
import { resolve, toFileUrl } from "@std/path";
import { TestBrowser } from "./browser.ts";

const SIZES = { wide: [1280, 800], narrow: [360, 740] } as const;
const VIEWS = ["graph", "timeline", "tasks", "runs"];

const [file, folder = "screenshots"] = Deno.args;
if (file === undefined) throw new Error("deno task screenshots REPORT.html [FOLDER]");
Deno.mkdirSync(folder, { recursive: true });
await using browser = await TestBrowser.start();
for (const [size, [width, height]] of Object.entries(SIZES)) {
  for (const scheme of ["light", "dark"] as const) {
    const { page, complaints } = await browser.open(toFileUrl(resolve(file)).href, { width, height, scheme });
    for (const view of VIEWS) {
      const tab = await page.$(`#tab-${view}`);
      if (tab === null) continue;
      await tab.click();
      await page.evaluate("new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))");
      await page.screenshot({ path: `${folder}/${size}-${scheme}-${view}.png` });
    }
    if (complaints.length > 0) console.error(`${size} ${scheme}:`, complaints);
    await page.close();
  }
}
