// Where files of a project really lie when folders on the way are links.
import { assertEquals } from "@std/assert";
import { realFolders } from "../../../actors/machine/real_folders.ts";
import { TempFolder } from "../temp_folder.ts";

Deno.test("realFolders() follows the folders on the way, whether they are there yet or not, and no file", () => {
  using place = new TempFolder();
  for (const folder of ["project/real/deep", "project/node_modules/@me", "outside"]) place.folder(folder);
  const links = {
    "project/link": "real",
    "project/here": ".",
    "project/out": "../outside",
    "project/later": "dist/now",
    "project/a": "b",
    "project/b": "a",
    "project/node_modules/@me/lib": "../../real",
    "project/real/up": "..",
    "project/real/file": "deep/file",
    "other": "project",
  };
  for (const [path, target] of Object.entries(links)) Deno.symlinkSync(target, place.file(path));
  const expected = {
    "x": "x",
    "real/deep/x": "real/deep/x",
    "real/none/x": "real/none/x",
    "link/x": "real/x",
    "link/deep/x": "real/deep/x",
    "link/none/deeper/x": "real/none/deeper/x",
    "link/": "real/",
    "here/x": "x",
    "here/link/x": "real/x",
    "node_modules/@me/lib/dist/x": "real/dist/x",
    "real/up/link/x": "real/x",
    "later/x": "dist/now/x",
    "a/x": "a/x",
    "real/file": "real/file",
    "out/x": `${place.path}/outside/x`,
    "link/../x": "x",
    "../outside/x": `${place.path}/outside/x`,
    [place.file("project/link/x")]: "real/x",
    [place.file("other/link/x")]: "real/x",
    "/x": "/x",
  };
  for (const root of ["project", "other"]) {
    const really = realFolders(place.file(root));
    assertEquals(Object.fromEntries(Object.keys(expected).map((path) => [path, really(path)])), expected, root);
  }
});
