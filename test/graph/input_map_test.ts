// What a change of files means to tasks: no file is looked at.
import { assert, assertEquals } from "@std/assert";
import { InputMap, type MapOptions } from "../../graph/input_map.ts";

interface Shape {
  readonly sources?: readonly string[];
  readonly files?: readonly string[];
  readonly module?: string;
}

/** A map of tasks a, b, …, with the outputs `out/0`, `out/1`, …. */
function mapOf(shapes: readonly Shape[], options: Partial<MapOptions> = {}): InputMap {
  return new InputMap({
    folder: "/p",
    config: "/p/build.json",
    tasks: shapes.map(({ sources = [], module }, i) => ({
      sourceFiles: sources,
      outputs: [{ path: `out/${i}`, kind: "file" }],
      action: module === undefined ? { kind: "concatenate" } : { kind: "module", module, input: null },
    })) as MapOptions["tasks"],
    files: shapes.some(({ files }) => files !== undefined) ? shapes.map(({ files = [] }) => files) : undefined,
    ...options,
  });
}

function change(map: InputMap, path: string, isThere = true): Told {
  const { edited, reshaped } = map.changeBy([{ path, isThere }]);
  return [edited, reshaped];
}

type Told = [readonly number[], readonly number[]];
const EDITED = (...tasks: number[]): Told => [tasks, []];
const RESHAPED = (...tasks: number[]): Told => [[], tasks];
const NOBODY: Told = [[], []];

// S6.14
Deno.test("InputMap knows who reads a file by its name, within the config's folder and outside of it", () => {
  const map = mapOf([{ sources: ["src/a.c", "../lib/x.h"] }, { sources: ["src/a.c", "/opt/y.h"] }, { sources: ["b"] }]);
  assertEquals(change(map, "/p/src/a.c"), EDITED(0, 1));
  assertEquals(change(map, "/p/src/a.c", false), EDITED(0, 1));
  assertEquals(change(map, "/lib/x.h"), EDITED(0));
  assertEquals(change(map, "/opt/y.h"), EDITED(1));
  assertEquals(change(map, "/p/src/other.c"), NOBODY);
  assertEquals([map.namesOf("/p/src/a.c"), map.namesOf("/lib/x.h"), map.namesOf("/opt/y.h")], [
    ["src/a.c"],
    ["../lib/x.h"],
    ["/opt/y.h"],
  ]);
  assertEquals(mapOf([{ sources: ["a", "/p/a"] }, { sources: ["/p/b"] }]).namesOf("/p/a"), ["a", "/p/a"]);
  assertEquals(["/p/src/a.c", "/p/build.json", "/p/c", "/p/src"].map((path) => map.concerns(path)), [
    true,
    true,
    false,
    true,
  ]);
  assertEquals([map.isConfig("/p/build.json"), map.isConfig("/p/b")], [true, false]);
  assertEquals([map.shown("/p/src/a.c"), map.shown("/lib/x.h"), map.shown("/p")], ["src/a.c", "../lib/x.h", "."]);
});

// S6.14
Deno.test("InputMap tells files that globs newly find, or find no more, from those that were edited", () => {
  const sources = ["src/**/*.ts", "!src/gen/**", "src/gen/kept.ts"];
  const map = mapOf([{ sources, files: ["src/a.ts", "src/gen/kept.ts"] }, { sources: ["x"], files: ["x"] }]);
  assertEquals(change(map, "/p/src/a.ts"), EDITED(0));
  assertEquals(change(map, "/p/src/a.ts", false), RESHAPED(0));
  assertEquals(change(map, "/p/src/deep/b.ts"), RESHAPED(0));
  // gone before anybody has seen it, as editors' files are
  assertEquals(change(map, "/p/src/4913.ts", false), NOBODY);
  assertEquals(change(map, "/p/src/gen/b.ts"), NOBODY);
  assertEquals(change(map, "/p/src/gen/kept.ts"), EDITED(0));
  assertEquals(change(map, "/p/src/gen/kept.ts", false), EDITED(0));
  assertEquals(change(map, "/p/src/node_modules/b.ts"), NOBODY);
  assertEquals(change(map, "/p/src/b.js"), NOBODY);
});

// S6.14
Deno.test("InputMap knows what a folder that is gone has taken along", () => {
  const map = mapOf([{ sources: ["src/*.c"], files: ["src/a.c"] }, { sources: ["src/b.h"], files: ["src/b.h"] }, {
    sources: ["srcs/c"],
    files: ["srcs/c"],
  }]);
  assertEquals(map.below("/p/src"), ["/p/src/a.c", "/p/src/b.h"]);
  assertEquals(map.below("/p"), ["/p/src/a.c", "/p/src/b.h", "/p/srcs/c", "/p/build.json"]);
  assertEquals(map.below("/p/src/a.c"), []);
  assertEquals(change(map, "/p/src", false), NOBODY);
});

// S6.14
Deno.test("InputMap passes over what tasks and troupe itself make, and what is on its way to another name", () => {
  const map = mapOf([{ sources: ["**/*", "out/1"] }, { sources: ["a"] }], {
    own: ["/p/report.json", "/p/my.db", "/p/st/"],
  });
  const made = [
    "st/blobs/1",
    "out/0",
    "out/1",
    "out/1.tmp.12.3",
    ".build_cache.json",
    ".build_cache.lock",
    ".build_cache.jsonl",
    "taskrun.db-wal",
    "my.db",
    "my.db-shm",
    "report.json",
  ];
  for (const name of made) {
    assert(!map.concerns(`/p/${name}`), name);
    assertEquals(change(map, `/p/${name}`), NOBODY);
  }
  assertEquals(change(map, "/p/out/other"), RESHAPED(0));
});

// S6.14
Deno.test("InputMap knows the files of modules, and files that lie elsewhere than their name says", () => {
  const modules = new Map([[0, ["gen.ts", "lib/util.ts"]]]);
  const map = mapOf([{ module: "gen.ts" }, { sources: ["data.txt"] }], { modules });
  assertEquals(change(map, "/p/lib/util.ts"), EDITED(0));
  assertEquals(change(mapOf([{ module: "gen.ts" }]), "/p/gen.ts"), EDITED(0));
  map.addAlias("/p/data.txt", "/srv/real.txt");
  map.addAlias("/p/build.json", "/srv/shared.json");
  assertEquals(change(map, "/srv/real.txt"), EDITED(1));
  assert(map.concerns("/srv/real.txt"));
  assertEquals([map.isConfig("/srv/shared.json"), map.folders.has("/srv")], [true, true]);
});

// S6.14
Deno.test("InputMap knows in which folders anything may lie that is read", () => {
  const map = mapOf([{ sources: ["src/**/*.ts", "packages/*/mod.ts"] }, { sources: ["a/b/c.txt", "../lib/x"] }]);
  assertEquals([...map.folders].sort(), ["/", "/lib", "/p", "/p/a", "/p/a/b"]);
  const may = ["/p/src", "/p/src/deep", "/p/packages/ui", "/p/a", "/lib", "/p"];
  const mayNot = ["/p/src/node_modules", "/p/src/x/.git", "/p/out", "/q", "/p/srcs"];
  for (const folder of may) assert(map.mayHold(folder), folder);
  for (const folder of mayNot) assert(!map.mayHold(folder), folder);
  assert(mapOf([{ sources: ["node_modules/x/**"] }]).mayHold("/p/node_modules/x/y"));
  assert(mapOf([{ sources: ["/opt/**/*.h"] }]).mayHold("/opt/include"));
  const all = mapOf([{ sources: ["**/*.ts"] }]);
  assertEquals(["/p/x", "/x", "/q/x", "/p/node_modules"].map((folder) => all.mayHold(folder)), [
    true,
    false,
    false,
    false,
  ]);
  assertEquals([change(all, "/p/x.ts"), change(all, "/x.ts"), change(all, "/q/x.ts")], [RESHAPED(0), NOBODY, NOBODY]);
});
