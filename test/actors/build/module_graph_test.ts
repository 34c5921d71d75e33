// What modules are made of, found in real files.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { FileIndex } from "../../../actors/storage/file_index.ts";
import { ModuleGraph } from "../../../actors/build/module_graph.ts";
import { sha256 } from "../../../graph/digest.ts";
import { TempFolder } from "../temp_folder.ts";

function fill(folder: TempFolder, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    if (name.includes("/")) folder.folder(name.slice(0, name.lastIndexOf("/")));
    Deno.writeTextFileSync(folder.file(name), text);
  }
}

function graphOf(folder: TempFolder, options = {}): ModuleGraph {
  return new ModuleGraph(new FileIndex(folder.path, Object.create(null)), options);
}

function found(graph: ModuleGraph, module: string) {
  const of = graph.of(module);
  assert("files" in of, JSON.stringify(of));
  return of;
}

Deno.test("ModuleGraph.of() finds all that is imported, through others too, each once and in order", () => {
  using folder = new TempFolder();
  const files = {
    "tasks/page.ts":
      'import { a } from "./a.ts";\nexport * from "../lib/b.ts";\nimport d from "./d.json" with { type: "json" };',
    "tasks/a.ts": 'import "../lib/b.ts";\nimport "./page.ts";',
    "lib/b.ts": 'import("./c.js");\nimport "node:fs";',
    "lib/c.js": 'import "./b.ts";\nimport "./c.js";',
    "tasks/d.json": '{"import": "./nothing.ts"}',
    "tasks/other.ts": "",
  };
  fill(folder, files);
  const names = ["tasks/page.ts", "tasks/a.ts", "lib/b.ts", "tasks/d.json", "lib/c.js"] as const;
  const graph = graphOf(folder);
  const { digests, ...rest } = found(graph, "tasks/page.ts");
  assertEquals(rest, { files: [...names], externals: [] });
  assertEquals(digests, names.map((name) => sha256(files[name])));
  assertEquals(found(graph, "lib/c.js").files, ["lib/c.js", "lib/b.ts"]);
});

Deno.test("ModuleGraph.of() follows paths out of the folder, absolute ones, URLs, and names with odd characters", () => {
  using folder = new TempFolder();
  const inner = folder.folder("project");
  fill(folder, {
    "project/main.ts": [
      'import "../up.ts";',
      `import "${folder.path}/abs.ts";`,
      `import "file://${folder.path}/project/url.ts";`,
      'import "./a%20b.ts?version=1#x";',
      'import "./100%.ts";',
      'import "./ü.ts";',
    ].join("\n"),
    "up.ts": 'import "./further.ts";',
    "further.ts": "",
    "abs.ts": "",
    "project/url.ts": "",
    "project/a b.ts": "",
    "project/100%.ts": "",
    "project/ü.ts": "",
  });
  const graph = new ModuleGraph(new FileIndex(inner, Object.create(null)));
  assertEquals(found(graph, "main.ts").files, [
    "main.ts",
    "../up.ts",
    `${folder.path}/abs.ts`,
    "url.ts",
    "a b.ts",
    "100%.ts",
    "ü.ts",
    "../further.ts",
  ]);
});

Deno.test("ModuleGraph.of() resolves by the import map, and names what is no local file with its locked version", () => {
  using folder = new TempFolder();
  const inner = folder.folder("deep/project");
  fill(folder, {
    "deno.lock": JSON.stringify({ version: "5", specifiers: { "npm:deno-std@1.3.1": "1.3.1", "jsr:@x/y@1": "1.2.3" } }),
    "deep/project/main.ts": [
      'import "jsr:@x/y@1";',
      'import "npm:deno-std@1.3.1";',
      'import "@std/assert";',
      'import "https://example.org/z.ts";',
      'import "unmapped";',
      'import "node:path";',
    ].join("\n"),
  });
  const graph = new ModuleGraph(new FileIndex(inner, Object.create(null)));
  const { files, externals } = found(graph, "main.ts");
  // What the import map leads to is there as files, in Deno's cache.
  assertEquals(files[0], "main.ts");
  assertMatch(files[1], /^\/.*\/deno-std\/1\.3\.1\/assert\/mod\.js$/);
  assertEquals(externals, [
    "https://example.org/z.ts",
    "jsr:@x/y@1 1.2.3",
    "npm:deno-std@1.3.1 1.3.1",
    "unmapped",
  ]);
});

Deno.test("ModuleGraph.of() makes do without a lock file it can read", () => {
  for (const lock of ["{", "[]", '{"specifiers": null}', "null"]) {
    using folder = new TempFolder();
    fill(folder, { "deno.lock": lock, "main.ts": 'import "jsr:@x/y@1";' });
    assertEquals(found(graphOf(folder), "main.ts").externals, ["jsr:@x/y@1"], lock);
  }
});

Deno.test("ModuleGraph.of() says which file keeps the question open", () => {
  using folder = new TempFolder();
  fill(folder, { "main.ts": 'import "./a.ts";', "a.ts": 'import "./gone.ts";' });
  const graph = graphOf(folder);
  assertEquals(graph.of("main.ts"), {
    path: "gone.ts",
    problem: { detail: "No such file or directory", missing: true },
  });
  assertEquals("problem" in graph.of("no.ts"), true);
});

Deno.test("ModuleGraph.of() takes what a file imports from the text its digest is of", () => {
  using folder = new TempFolder();
  fill(folder, { "main.ts": 'import "./a.ts";', "a.ts": "", "b.ts": "" });
  const files = new FileIndex(folder.path, Object.create(null));
  const graph = new ModuleGraph(files);
  assertEquals(found(graph, "main.ts").files, ["main.ts", "a.ts"]);
  Deno.writeTextFileSync(folder.file("main.ts"), 'import "./b.ts"; // edited');
  files.lookAgain("main.ts");
  assertEquals(found(graph, "main.ts").files, ["main.ts", "b.ts"]);
});

Deno.test("ModuleGraph.of() stays near linear where many modules share what they import", () => {
  using folder = new TempFolder();
  const count = 300;
  const all = Array.from({ length: count }, (_, i) => `import "./m${i}.ts";`).join("\n");
  fill(folder, Object.fromEntries(Array.from({ length: count }, (_, i) => [`m${i}.ts`, all])));
  const graph = graphOf(folder);
  for (let i = 0; i < count; i++) assertEquals(found(graph, `m${i}.ts`).files.length, count);
});

Deno.test("ModuleGraph.unloadable() names TypeScript where none can be loaded", () => {
  using folder = new TempFolder();
  const files = ["a.js", "b.mjs", "c.json", "d.mts", "e.ts"];
  assertEquals(graphOf(folder, { loadsTypeScript: false }).unloadable(files), "d.mts");
  assertEquals(graphOf(folder, { loadsTypeScript: false }).unloadable(["a.js", "x.ts.txt"]), undefined);
  assertEquals(graphOf(folder).unloadable(files), undefined);
});
