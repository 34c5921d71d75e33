import { assert, assertEquals } from "@std/assert";
import { dirname } from "@std/path";
import { FileIndex } from "../../../actors/storage/file_index.ts";
import { expandSources } from "../../../actors/build/sources.ts";
import type { Task } from "../../../graph/task.ts";

/** Expands the sources of tasks, given as name → sources, over the files; a task's output is `out/{name}`. */
async function expand(
  files: string[],
  sources: Record<string, string[]>,
  dependencies: Record<string, string[]> = {},
  { prepare, own }: { readonly prepare?: (folder: string) => void; readonly own?: readonly string[] } = {},
) {
  const root = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "troupe-test-" }));
  const folder = `${root}/project`;
  try {
    Deno.mkdirSync(folder);
    prepare?.(folder);
    for (const path of files) {
      Deno.mkdirSync(`${folder}/${dirname(path)}`, { recursive: true });
      Deno.writeTextFileSync(`${folder}/${path}`, "");
    }
    const tasks = Object.entries(sources).map(([name, sourceFiles]): Task => ({
      name,
      action: { kind: "concatenate" },
      dependencies: dependencies[name] ?? [],
      sourceFiles,
      outputs: [{ path: `out/${name}`, kind: "file" }],
      env: {},
      retries: 0,
    }));
    const index = new FileIndex(folder, Object.create(null));
    const expanded = await expandSources(tasks, { index, own: own?.map((path) => `${folder}/${path}`) });
    return {
      files: Object.fromEntries(tasks.map((task, i) => [task.name, expanded.files[i]])),
      origins: expanded.origins,
      entries: expanded.entries,
      diagnostics: expanded.diagnostics.map(({ message }) => message),
      hints: expanded.diagnostics.map(({ hint }) => hint),
      warnings: expanded.warnings,
    };
  } finally {
    if (Deno.uid() !== 0) run("chmod -R u+rwX .", root); // or what nobody may enter could not be removed
    Deno.removeSync(root, { recursive: true });
  }
}

function run(command: string, folder: string): void {
  assert(new Deno.Command("sh", { args: ["-c", command], cwd: folder }).outputSync().success, command);
}

Deno.test("expandSources() leaves plain paths as they are, in order", async () => {
  const { files, origins, diagnostics } = await expand(["b", "a"], { t: ["b", "a"], none: [] });
  assertEquals([files, diagnostics], [{ t: ["b", "a"], none: [] }, []]);
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
  const { diagnostics } = await expand(["there"], { t: ["no", "there", "out/u", "neither"], u: [] });
  assertEquals(diagnostics, [
    "Task 't' needs source file 'no', which does not exist",
    "Task 't' needs source file 'neither', which does not exist",
  ]);
});

Deno.test("expandSources() trusts that dependencies make what is missing", async () => {
  const { files, diagnostics } = await expand([], { a: [], t: ["beside/a"] }, { t: ["a"] });
  assertEquals([files.t, diagnostics], [["beside/a"], []]);
});

Deno.test("expandSources() warns of a glob that matches nothing", async () => {
  const { files, diagnostics, warnings } = await expand(["a.txt"], { t: ["*.txt", "*.c", "none/**"] });
  assertEquals([files.t, diagnostics], [["a.txt"], []]);
  assertEquals(warnings, [
    "Warning: pattern '*.c' of task 't' matches no file",
    "Warning: pattern 'none/**' of task 't' matches no file",
  ]);
});

// K1
Deno.test("expandSources() lets lie what cannot be resolved, and says so of what it could have meant", async () => {
  const prepare = (folder: string) => {
    run(
      "mkdir src; ln -s me@host.1:1 'src/.#a.c'; ln -s loop.c src/loop.c; ln -s loop src/loop; ln -s none src/none",
      folder,
    );
  };
  const { files, diagnostics, warnings } = await expand(
    ["src/a.c", "src/a.h"],
    {
      headers: ["src/*.h", "src/**/*.h"],
      code: ["src/*.c"],
      same: ["src/*.c"],
      rest: ["src/**", "!src/{.#*,loop*,none}"],
      named: ["src/loop.c"],
    },
    {},
    { prepare },
  );
  assertEquals(files.headers, ["src/a.h"]);
  assertEquals([files.code, files.rest], [["src/a.c"], ["src/a.c", "src/a.h"]]);
  assertEquals(warnings, [
    "Warning: pattern 'src/*.c' leaves out 'src/.#a.c': a link that leads nowhere (and 1 more)",
  ]);
  assertEquals(diagnostics, []);
});

// K1
Deno.test("expandSources() says of a source that leads nowhere that it is not there", async () => {
  const prepare = (folder: string) => run("ln -s none a", folder);
  const { diagnostics } = await expand([], { t: ["a"] }, {}, { prepare });
  assertEquals(diagnostics, ["Task 't' needs source file 'a', which does not exist"]);
});

// K1
Deno.test("expandSources() finds nothing below what is no folder, by a pattern or by name", async () => {
  const prepare = (folder: string) => run("ln -s loop loop; mkfifo pipe", folder);
  const found = await expand(["a"], { t: ["a/*", "loop/*", "pipe/**/*.c"], u: ["a/b"], v: ["pipe/b"] }, {}, {
    prepare,
  });
  assertEquals(found.files.t, []);
  assertEquals(found.diagnostics, [
    "Task 'u' needs source file 'a/b', which does not exist",
    "Task 'v' needs source file 'pipe/b', which does not exist",
  ]);
  assertEquals(found.warnings.filter((warning) => /matches no file$/.test(warning)).length, 3);
});

// K1
Deno.test("expandSources() passes by folders that it may not enter", {
  ignore: Deno.uid() === 0, // root may enter every folder
}, async () => {
  const prepare = (folder: string) => run("mkdir -p src/secret/in; chmod 0 src/secret", folder);
  const { files, warnings } = await expand(["src/a.c"], { t: ["src/**/*.c"], u: ["src/*.c"] }, {}, { prepare });
  assertEquals([files.t, files.u], [["src/a.c"], ["src/a.c"]]);
  assertEquals(warnings, ["Warning: cannot look for sources in 'src/secret': Permission denied"]);
});

// K2
Deno.test("expandSources() follows links to folders, but enters none again below itself", async () => {
  const prepare = (folder: string) => {
    run(
      "mkdir -p src/a src/b lib ../side; ln -s . src/self; ln -s ../b src/a/b; ln -s ../a src/b/a; ln -s .. src/up; " +
        "ln -s / src/root; ln -s ../lib src/lib; ln -s ../../side src/side; ln -s ../project ../side/back",
      folder,
    );
  };
  const all = ["src/x.c", "src/a/a.c", "src/b/b.c", "lib/l.c", "../side/s.c"];
  const { files, warnings } = await expand(
    all,
    {
      deep: ["src/**/*.c"],
      named: ["src/self/self/*.c", "src/self/**/l.c"],
      some: ["src/*/*.c"],
      between: ["**/self/**/x.c"],
    },
    {},
    { prepare },
  );
  const once = ["src/a/a.c", "src/a/b/b.c", "src/b/a/a.c", "src/b/b.c", "src/lib/l.c", "src/side/s.c", "src/x.c"];
  assertEquals(files.deep, once);
  assertEquals(files.named, ["src/self/self/x.c", "src/self/lib/l.c"]);
  assertEquals(files.some, ["src/a/a.c", "src/b/b.c", "src/lib/l.c", "src/side/s.c"]);
  assertEquals(files.between, []);
  assertEquals(warnings, ["Warning: pattern '**/self/**/x.c' of task 'between' matches no file"]);
});

// K2
Deno.test("expandSources() enters what lies behind several links once, by its shortest name", async () => {
  const names = Array.from({ length: 12 }, (_, at) => `d${String(at).padStart(2, "0")}`);
  const prepare = (folder: string) => {
    for (const name of names) {
      Deno.mkdirSync(`${folder}/all/${name}`, { recursive: true });
      for (const other of names) Deno.symlinkSync(`../${other}`, `${folder}/all/${name}/to-${other}`);
    }
    run("mkdir -p one ../far/er; ln -s ../../far one/b; ln -s ../../far one/a; ln -s ../far/er ../far/z", folder);
    run(
      "echo > ../far/er/f.h; mkdir ../away; echo > ../away/w.h; ln -s ../away ../far/y; ln -s ../../away ../far/er/x",
      folder,
    );
  };
  const all = names.map((name) => `all/${name}/x.c`);
  const { files } = await expand(
    [...all, "one/o.h"],
    { deep: ["all/**/*.c"], three: ["all/*/*/*/*.c"], far: ["one/**/*.h"] },
    {},
    { prepare },
  );
  const byOneLink = names.flatMap((name) =>
    names.filter((other) => other !== name).map((other) => `all/${name}/to-${other}/x.c`)
  );
  assertEquals(files.deep, [...all, ...byOneLink].sort());
  assertEquals(files.three.length, names.length);
  // `er` by one link in each way; by a second one, `away` has its shortest name
  assertEquals(files.far, ["one/a/er/f.h", "one/a/y/w.h", "one/b/er/f.h", "one/o.h"]);
});

// K3
Deno.test("expandSources() matches regular files alone", async () => {
  const prepare = (folder: string) => run("mkdir src; mkfifo src/p; ln -s /dev/zero src/zero; ln -s p src/q", folder);
  const { files, warnings } = await expand(["src/a"], { t: ["src/*"], u: ["src/*.c", "src/a"] }, {}, { prepare });
  assertEquals([files.t, files.u], [["src/a"], ["src/a"]]);
  assertEquals(
    warnings,
    [
      "Warning: pattern 'src/*.c' of task 'u' matches no file",
      "Warning: pattern 'src/*' leaves out 'src/p': not a regular file (and 2 more)",
    ].reverse(),
  );
});

// K6
Deno.test("expandSources() names what is no UTF-8, unless nothing means it", async () => {
  const prepare = (folder: string) => {
    run(
      "mkdir -p src/$(printf 'd\\351r') plain; touch src/$(printf 'b\\303\\251d\\377.c') src/$(printf 'd\\351r')/x.c",
      folder,
    );
    Deno.writeTextFileSync(`${folder}/plain/\ufffd.c`, "");
  };
  const { files, diagnostics, hints } = await expand(
    [],
    {
      file: ["src/*.c"],
      deep: ["src/**/*.c"],
      other: ["src/*.h", "src/d*.c"],
      out: ["src/**/*.c", "!src/b*.c", "!src/d?r/**"],
      valid: ["plain/*.c"],
    },
    {},
    { prepare },
  );
  assertEquals(diagnostics.sort(), [
    "'src' holds a name that is not UTF-8: béd\\xff.c",
    "'src' holds a name that is not UTF-8: béd\\xff.c",
    "'src' holds a name that is not UTF-8: d\\xe9r",
  ]);
  assertEquals(hints[0], "rename it, or leave it out by a later entry that begins with '!'");
  assertEquals([files.other, files.out, files.valid], [[], [], ["plain/\ufffd.c"]]);
});

// K7
Deno.test("expandSources() matches no file that this run or any other of troupe's writes", async () => {
  const own = ["build.json", "runs.db", "report.json"];
  const others = [
    "taskrun.db",
    "taskrun.db-wal",
    "crew.sqlite",
    "crew.sqlite-shm",
    "crew.sqlite.lock",
    "runs.db-wal",
    "runs.db-journal",
    ".build_cache.jsonl",
    ".troupe/locks/x",
    ".troupe-transaction/1",
    "sub/.build_cache.json",
    "sub/taskrun.db",
  ];
  const plain = ["a.json", "my-taskrun.db", "sub/build.json", "taskrun.db.md"];
  const { files } = await expand(
    [...own, ...others, ...plain],
    {
      t: ["**"],
      star: ["*", "sub/*", ".troupe/locks/*"],
      up: ["../project/*.db"],
      named: ["taskrun.db", "build.json"],
    },
    {},
    { own },
  );
  const found = plain.toSorted();
  assertEquals(files.t, [...found.slice(0, 2), "out/named", "out/star", "out/up", ...found.slice(2)].sort());
  assertEquals(files.star, ["a.json", "my-taskrun.db", "taskrun.db.md", "sub/build.json"]);
  assertEquals(files.up, ["my-taskrun.db"]);
  assertEquals(files.named, ["taskrun.db", "build.json"]);
});

// K11, S5.9
Deno.test("expandSources() takes out what exclusions name, the last word counting", async () => {
  const all = [
    "src/a.c",
    "src/b.c",
    "src/gen/g.c",
    "src/gen/keep.c",
    "!odd",
    "node_modules/m/x.md",
    "node_modules/m/x.js",
  ];
  const { files, origins, diagnostics, warnings } = await expand(all, {
    one: ["src/*.c", "!src/a.c"],
    again: ["src/**/*.c", "!src/gen/**", "src/gen/keep.c"],
    early: ["!src/a.c", "src/a.c"],
    plain: ["src/a.c", "missing", "!missing", "!src/a.c"],
    named: ["node_modules/m/*", "!**/*.md"],
    output: ["out/*", "!out/o*", "!out/named"],
    odd: ["\\!o*", "!(odd|out|node_modules|src)?"],
    typo: ["src/*.c", "!src/a.cc"],
  });
  assertEquals(files.one, ["src/b.c"]);
  assertEquals([files.again, origins[1]], [["src/a.c", "src/b.c", "src/gen/keep.c"], [0, 0, 2]]);
  assertEquals(files.early, ["src/a.c"]);
  assertEquals(files.plain, []);
  assertEquals(files.named, ["node_modules/m/x.js"]);
  assertEquals(files.output, ["out/again", "out/early", "out/plain", "out/typo"]);
  assertEquals(files.odd, ["!odd"]);
  assertEquals(diagnostics, []);
  assertEquals(warnings, [
    "Warning: '!src/a.c' of task 'early' leaves out nothing",
    "Warning: '!src/a.cc' of task 'typo' leaves out nothing",
  ]);
});

// K11
Deno.test("expandSources() takes leading folders that are there, or are to be, by their names", async () => {
  const { files, entries } = await expand(["app/[id]/a.ts", "app/i/b.ts", "x/[y]/deep/c.ts", "x/y/deep/d.ts"], {
    t: ["app/[id]/*.ts"],
    class: ["app/[hi]/*.ts"],
    escaped: ["app/\\[id\\]/*.ts", "app/\\[id\\]/a.ts"],
    deep: ["x/[y]/**/*.ts", "!x/[y]/deep/d.ts"],
  });
  assertEquals(files.t, ["app/[id]/a.ts"]);
  assertEquals(files.class, ["app/i/b.ts"]);
  assertEquals(files.escaped, ["app/[id]/a.ts"]);
  assertEquals(files.deep, ["x/[y]/deep/c.ts"]);
  assertEquals(entries[0], ["app/\\[id\\]/*.ts"]);
});

// K12, S5.9
Deno.test("expandSources() tells of a folder where a file is asked for, and what to write", async () => {
  const sources = { t: ["packages/utils", "."], u: ["packages/utils", "a"], v: ["packages/*"] };
  const { diagnostics, hints, warnings } = await expand(["packages/utils/a", "a"], sources, { u: ["t"] });
  assertEquals(diagnostics, [
    "Task 't' needs source file 'packages/utils', which is a folder",
    "Task 't' needs source file '.', which is a folder",
    "Task 'u' needs source file 'packages/utils', which is a folder",
  ]);
  assertEquals(hints[0], 'for the files in it write "packages/utils/**"');
  assertEquals(hints[1], 'for the files in it write "**"');
  assertEquals(warnings, ["Warning: pattern 'packages/*' of task 'v' matches no file"]);
});
