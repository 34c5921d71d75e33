// Which files a module is made of.
import { assertEquals } from "@std/assert";
import { ownModules } from "../../../actors/sandbox/module_files.ts";
import { TempFolder } from "../temp_folder.ts";

Deno.test("ownModules() follows local imports of all kinds, each once, and no others", () => {
  using folder = new TempFolder();
  const write = (name: string, text: string) => Deno.writeTextFileSync(folder.file(name), text);
  folder.folder("a b");
  write(
    "main.ts",
    [
      'import { a } from "./a%20b/a.ts";',
      "import type {\n  B,\n} from './b.ts';",
      'import "./c.js"; export * from "./d.ts";',
      'const e = await import("./e.ts");',
      'import { x } from "npm:x"; import { y } from "@std/y"; import z from "https://example.org/z.ts";',
      'import data from "./data.json" with { type: "json" };',
      'import { gone } from "./gone.ts";',
    ].join("\n"),
  );
  write("a b/a.ts", 'import "../main.ts"; import "../b.ts";');
  for (const name of ["b.ts", "c.js", "d.ts", "data.json"]) write(name, "");
  write("e.ts", `import "file://${folder.path}/b.ts";`);
  const paths = ownModules(new URL(`file://${folder.path}/main.ts`)).map((path) => path.slice(folder.path.length + 1));
  assertEquals(paths[0], "main.ts");
  assertEquals(paths.toSorted(), ["a b/a.ts", "b.ts", "c.js", "d.ts", "data.json", "e.ts", "gone.ts", "main.ts"]);
  assertEquals(ownModules(new URL("data:text/javascript,import './x.ts'")), []);
});
