import { assertEquals } from "@std/assert";
import { dirname } from "@std/path";
import { FileIndex } from "../../actors/file_index.ts";
import { expandSources } from "../../actors/sources.ts";
import type { Task } from "../../graph/task.ts";

/** Expands the sources of tasks, given as name → sources, over the files; a task's output is `out/{name}`. */
async function expand(
  files: string[],
  sources: Record<string, string[]>,
  dependencies: Record<string, string[]> = {},
) {
  const folder = Deno.makeTempDirSync({ prefix: "troupe-test-" });
  try {
    for (const path of files) {
      Deno.mkdirSync(`${folder}/${dirname(path)}`, { recursive: true });
      Deno.writeTextFileSync(`${folder}/${path}`, "");
    }
    const tasks = Object.entries(sources).map(([name, sourceFiles]): Task => ({
      name,
      action: { kind: "concatenate" },
      dependencies: dependencies[name] ?? [],
      sourceFiles,
      output: `out/${name}`,
      env: {},
      retries: 0,
    }));
    const index = new FileIndex(folder, Object.create(null));
    const expanded = await expandSources(tasks, folder, (path) => index.exists(path));
    return {
      files: Object.fromEntries(tasks.map((task, i) => [task.name, expanded.files[i]])),
      origins: expanded.origins,
      mistakes: expanded.mistakes.map(({ message }) => message),
      warnings: expanded.warnings,
    };
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

Deno.test("expandSources() leaves plain paths as they are, in order", async () => {
  const { files, origins, mistakes } = await expand(["b", "a"], { t: ["b", "a"], none: [] });
  assertEquals([files, mistakes], [{ t: ["b", "a"], none: [] }, []]);
  assertEquals([origins[0], origins[1]], [undefined, undefined]);
});

Deno.test("expandSources() sorts what a glob matches, in its place, each file once", async () => {
  const all = ["src/z.c", "src/a.c", "src/deep/b.c", "src/deep/er/c.c", "src/x.h", "main.c"];
  const { files, origins } = await expand(all, {
    flat: ["src/*.c"],
    deep: ["main.c", "src/**/*.c"],
    twice: ["src/z.c", "src/*.c", "src/{x,y}.h", "src/[az].c"],
  });
  assertEquals(files.flat, ["src/a.c", "src/z.c"]);
  assertEquals(files.deep, ["main.c", "src/a.c", "src/deep/b.c", "src/deep/er/c.c", "src/z.c"]);
  assertEquals(files.twice, ["src/z.c", "src/a.c", "src/x.h"]);
  assertEquals(origins[2], [0, 1, 2]);
});

Deno.test("expandSources() takes a file whose name looks like a glob for that file", async () => {
  const { files } = await expand(["a[1].txt", "a1.txt"], { t: ["a[1].txt"], u: ["a[12].txt"] });
  assertEquals(files, { t: ["a[1].txt"], u: ["a1.txt"] });
});

Deno.test("expandSources() matches other tasks' outputs, built or not, and never a task's own", async () => {
  const { files } = await expand(["out/b", "out/stray"], { a: [], b: [], all: ["out/*"] });
  assertEquals(files.all, ["out/a", "out/b", "out/stray"]);
});

Deno.test("expandSources() matches no file of troupe's own", async () => {
  const own = [".build_cache.json", ".build_cache.lock", "x.tmp.12.3", ".build_cache.json.tmp.1.0"];
  const { files } = await expand([...own, "x", "x.tmp"], { t: ["**/*"], dot: [".*"] });
  assertEquals(files, { t: ["out/dot", "x", "x.tmp"], dot: [] });
});

Deno.test("expandSources() tells of each missing source, unless a task makes it", async () => {
  const { mistakes } = await expand(["there"], { t: ["no", "there", "out/u", "neither"], u: [] });
  assertEquals(mistakes, [
    "Task 't' needs source file 'no', which does not exist",
    "Task 't' needs source file 'neither', which does not exist",
  ]);
});

Deno.test("expandSources() trusts that dependencies make what is missing", async () => {
  const { files, mistakes } = await expand([], { a: [], t: ["beside/a"] }, { t: ["a"] });
  assertEquals([files.t, mistakes], [["beside/a"], []]);
});

Deno.test("expandSources() warns of a glob that matches nothing", async () => {
  const { files, mistakes, warnings } = await expand(["a.txt"], { t: ["*.txt", "*.c", "none/**"] });
  assertEquals([files.t, mistakes], [["a.txt"], []]);
  assertEquals(warnings, [
    "Warning: pattern '*.c' of task 't' matches no file",
    "Warning: pattern 'none/**' of task 't' matches no file",
  ]);
});
