// Where threads begin: one file knows it, so that a packed troupe can say it otherwise.
import { assert, assertEquals } from "@std/assert";
import { walkSync } from "@std/fs";
import { dirname, fromFileUrl, join, relative } from "@std/path";
import { ENTRIES, entryModule, sandboxFiles } from "../../../actors/machine/entry_modules.ts";

const ROOT = fromFileUrl(new URL("../../..", import.meta.url));

/** Paths from the root and text of troupe's own modules, without comments. */
const SOURCES = new Map(
  ["actors", "cli", "graph"].flatMap((folder) => [...walkSync(join(ROOT, folder), { exts: [".ts"] })]).map(({ path }) =>
    [relative(ROOT, path), Deno.readTextFileSync(path).replace(/^\s*(?:\/\/|\/?\*).*$/gm, "")] as const
  ),
);

// S8.2
Deno.test("every thread begins with a module that entry_modules.ts names", () => {
  const started = [...SOURCES].flatMap(([path, text]) =>
    [...text.matchAll(/\bnew (?:Worker|Thread)\(([^\n]*)/g)].map(([, rest]) => ({ path, rest }))
  );
  assert(started.length > 3, "no threads found");
  const others = started.filter(({ path, rest }) =>
    !/^entryModule\("\w+"\)/.test(rest) && !["guard.ts", "sandbox_walls.ts"].some((name) => path.endsWith(`/${name}`))
  );
  assertEquals(others, [], "start it by entryModule(), and name its module in actors/machine/entry_modules.ts");
});

Deno.test("no other module asks where it lies, which a bundled one does not know", () => {
  const asking = [...SOURCES].filter(([path, text]) =>
    /import\.meta\.(?:url|resolve|dirname|filename)/.test(
      text.replace(/\blater(?:<typeof import\("[^"]+"\)>)?\(\s*"[^"]+",\s*import\.meta\.url,?\s*\)/g, ""),
    ) && !path.startsWith("actors/machine/")
  );
  // The one is made anew where it is packed, the other says to whoever calls it how to ask.
  assertEquals(asking.map(([path]) => path).sort(), ["actors/library/module_executor.ts", "actors/page/assets.ts"]);
});

Deno.test("every module that is named is there", () => {
  for (const entry of Object.keys(ENTRIES) as (keyof typeof ENTRIES)[]) {
    assert(Deno.statSync(entryModule(entry)).isFile, entry);
  }
});

Deno.test("a sandbox may read what its threads are made of, and nothing else", () => {
  const wanted = new Set(["sandbox_thread", "sandbox_nested"].map((name) => `actors/sandbox/${name}.ts`));
  for (const path of wanted) {
    for (const [, name] of SOURCES.get(path)!.matchAll(/\bfrom "(\.[^"]+)"/g)) wanted.add(join(dirname(path), name));
  }
  const types = ["graph/"];
  assertEquals(
    sandboxFiles().map((path) => relative(ROOT, path)).sort(),
    [...wanted].filter((path) => !types.some((folder) => path.startsWith(folder))).sort(),
  );
});
