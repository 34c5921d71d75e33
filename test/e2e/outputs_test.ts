// What a task makes: nothing, several files, folders and globs, with their kinds and modes; built in this process.
import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { build, type BuildOptions, type BuildReport, clean, InputError, join } from "../../mod.ts";
import { ProjectFolder } from "../project_folder.ts";

type Loose = Record<string, unknown>;

/** A project that is built in this process. */
class Project extends ProjectFolder implements Disposable {
  readonly lines: string[] = [];

  constructor(tasks: readonly Loose[], files: Readonly<Record<string, string>> = { "src/a": "a\n", "src/b": "b\n" }) {
    super(Deno.realPathSync(Deno.makeTempDirSync({ prefix: "troupe-outputs-" })));
    this.tasks(tasks);
    for (const [path, text] of Object.entries(files)) this.write(path, text);
  }

  tasks(tasks: readonly Loose[]): void {
    this.write("build.json", { num_workers: 2, tasks });
  }

  async report(options: BuildOptions = {}): Promise<BuildReport> {
    // Without a store, so that what is missing is made again, and told of.
    return await build(this.path("build.json"), { store: false, ...options });
  }

  /** Why tasks ran, by name; those that failed say why. */
  async build(options: BuildOptions = {}): Promise<Record<string, string>> {
    const { results } = await this.report(options);
    return Object.fromEntries(
      Object.values(results).flatMap((result) => {
        const told = result.error_message ?? (result.cache_hit ? undefined : result.reason);
        return told === undefined ? [] : [[result.task_name, told]];
      }),
    );
  }

  /** All that lies in a folder: files with their text, links with theirs, folders with a slash. */
  tree(folder: string): Record<string, string> {
    const found: Record<string, string> = {};
    const walk = (inner: string) => {
      for (const { name, isDirectory, isSymlink } of Deno.readDirSync(this.path(`${folder}${inner}`))) {
        const path = `${inner}/${name}`;
        if (isSymlink) found[path.slice(1)] = `-> ${Deno.readLinkSync(this.path(folder + path))}`;
        else if (isDirectory) {
          found[`${path.slice(1)}/`] = "";
          walk(path);
        } else {
          const isExecutable = (Deno.statSync(this.path(folder + path)).mode! & 0o100) !== 0;
          found[path.slice(1)] = (isExecutable ? "x " : "") + this.read(folder + path);
        }
      }
    };
    walk("");
    return Object.fromEntries(Object.entries(found).sort());
  }

  /** What troupe has left lying about. */
  leftovers(): string[] {
    return this.files().filter((path) => path.includes(".tmp."));
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.folder, { recursive: true });
  }
}

const BUNDLE = {
  name: "bundle",
  source_files: ["src/*"],
  outputs: ["dist/"],
  command: 'mkdir -p "$OUT/sub" "$OUT/empty"; cp src/* "$OUT/sub"; ln -s sub/a "$OUT/link"; ' +
    'cp src/a "$OUT/run"; chmod +x "$OUT/run"',
};

const DIST = { "empty/": "", link: "-> sub/a", run: "x a\n", "sub/": "", "sub/a": "a\n", "sub/b": "b\n" };

// S5.2
Deno.test("a check makes nothing, and what depends on it is done again when what it saw has changed", async () => {
  using project = new Project([
    { name: "lint", source_files: ["src/*"], outputs: [], command: "! grep -q bad src/a" },
    { name: "test", dependencies: ["lint"], outputs: [], command: "! grep -q bad src/a" },
    { name: "all", dependencies: ["lint", "test"], outputs: [] },
  ]);
  const { results } = await project.report();
  assertEquals(results.lint.artifact_path, null);
  assertEquals([results.lint.artifacts, results.lint.sha256], [[], undefined]);
  assertEquals(await project.build(), {});
  project.write("src/a", "bad\n");
  assertEquals(await project.build(), { lint: "Command failed with exit code 1" });
  project.write("src/a", "good\n");
  assertEquals(await project.build(), {
    lint: "source changed: src/a",
    test: "dependency changed: lint",
    all: "dependency changed: lint, test",
  });
  assertEquals(project.files().filter((path) => !path.startsWith(".")), ["build.json", "src/a", "src/b"]);
  project.write("src/a", "a\n");
  assertEquals(await project.build(), {}, "it has passed so before");
});

// S5.2, S5.7
Deno.test("a check, and one of several outputs, may tell by a dependency file what they have seen", async () => {
  const command = 'echo "x: src/a src/b" > "$DEPFILE"';
  const depfile = "$DEPFILE";
  using project = new Project([
    { name: "lint", source_files: ["src/a"], outputs: [], depfile, command: `cat src/b; ${command}` },
    { name: "test", dependencies: ["lint"], outputs: [], command: "true" },
    {
      name: "tree",
      source_files: ["src/a"],
      outputs: ["dist/", "one"],
      depfile,
      command: `cp src/b "$OUT"; cp src/b one; ${command}`,
    },
    { name: "list", dependencies: ["tree"], output: "list", command: 'cat dist/b one > "$OUT"' },
  ]);
  await project.build();
  assertEquals(await project.build(), {});
  project.write("src/b", "other\n");
  assertEquals(await project.build(), {
    lint: "input changed: src/b",
    test: "dependency changed: lint",
    tree: "input changed: src/b",
    list: "dependency changed: tree",
  });
  assertEquals([project.read("list"), await project.build(), project.leftovers()], ["other\nother\n", {}, []]);
});

// S5.3, S5.4
Deno.test("several outputs are told to the command, and come all or not at all", async () => {
  const command = 'cp src/a "$OUT_1"; cp src/b "$OUT_2"; cp src/b "$OUT_3/b"; echo "$OUTS" >&2; test ! -e fail';
  using project = new Project([{
    name: "three",
    source_files: ["src/*"],
    outputs: ["one", "o/two words", "tree/"],
    command,
  }]);
  const { results: { three } } = await project.report();
  assertEquals(three.artifact_path, "one");
  assertEquals(three.artifacts!.map(({ path, kind, size }) => [path, kind, size]), [
    ["one", "file", 2],
    ["o/two words", "file", 2],
    ["tree", "folder", 2],
  ]);
  assertEquals([project.read("one"), project.read("o/two words"), project.read("tree/b")], ["a\n", "b\n", "b\n"]);
  assertEquals(await project.build(), {});
  for (
    const [damage, reason] of [
      [() => project.remove("one"), "artifact missing: one"],
      [() => project.write("o/two words", "edited"), "artifact edited: o/two words"],
      [() => project.remove("tree/b"), "artifact missing: tree/b"],
      [() => project.write("tree/c", "c"), "artifact edited: tree/c (not made by 'three')"],
      [() => project.remove("tree"), "artifact missing: tree/"],
      [() => Deno.chmodSync(project.path("one"), 0o755), "artifact edited: one"],
    ] as const
  ) {
    damage();
    assertEquals(await project.build(), { three: reason });
    assertEquals([project.read("one"), project.read("o/two words"), project.files("tree")], ["a\n", "b\n", ["tree/b"]]);
  }
  project.write("fail", "");
  project.write("src/a", "other\n");
  assertEquals(await project.build(), { three: "Command failed with exit code 1" });
  assertEquals([project.read("one"), project.files("tree")], ["a\n", ["tree/b"]], "the last good ones stand");
  assertEquals(project.leftovers(), []);
});

// S5.3
Deno.test("one output that is missing or wrong keeps back all others", async () => {
  const outputs = ["one", "two"];
  using project = new Project([{ name: "half", outputs, command: 'echo 1 > "$OUT_1"' }]);
  assertEquals(await project.build(), { half: `Command wrote no artifact: write to "$OUT_2" or to 'two'` });
  assert(!project.has("one"));
  const expected = { two: "0".repeat(64) };
  project.tasks([{ name: "half", outputs, expected, command: "echo 1 > one; echo 2 > two" }]);
  assertMatch((await project.build()).half, /^Artifact 'two' has SHA-256 53c2/);
  assert(!project.has("one") && !project.has("two"), "what it wrote in place has gone");
  assertEquals(project.leftovers(), []);
});

// S5.1, S5.3
Deno.test("each output has the variable of its place in the list, in which a glob has none", async () => {
  const outputs = ["gen/*.md", "one", "more/*", "two"];
  const command = 'mkdir -p gen more; date > gen/a.md; env | grep -c "^OUT_" > "$OUT"; echo "$OUTS" > "$OUT_4"';
  using project = new Project([{ name: "some", outputs, command }]);
  await project.build();
  assertEquals(project.read("one"), "2\n");
  assertMatch(project.read("two"), /\/one\.tmp\.\S+ \S+\/two\.tmp\.\S+\n$/);
  project.tasks([{ name: "some", outputs: ["gen/*.md", "no"], expected: { "gen/b.md": "0".repeat(64) }, command }]);
  assertEquals(await project.build(), { some: `Command failed with exit code 2` });
  project.tasks([{ name: "some", outputs: ["gen/*.md"], expected: { "gen/b.md": "0".repeat(64) }, command: "true" }]);
  assertEquals(await project.build(), { some: "Command wrote no artifact: write to 'gen/b.md'" });
});

// S5.3, S5.5
Deno.test("a link to another output is what it leads to when both are in their places", async () => {
  const outputs = ["lib/x.so", "lib/x.so.1", "lib/data/", "lib/latest"];
  for (
    const links of [
      'ln -s x.so.1 "$OUT"; ln -s data/b "$OUT_4"',
      "ln -sf x.so.1 lib/x.so; ln -sf data/b lib/latest",
    ]
  ) {
    const task = { name: "lib", source_files: ["src/*"], outputs };
    const command = `cp src/a "$OUT_2"; cp src/b "$OUT_3"; ${links}`;
    using project = new Project([{ ...task, command }]);
    for (const text of ["one\n", "two\n", "one\n"]) {
      project.write("src/a", text);
      project.write("src/b", text);
      assertEquals((await project.report()).failed, 0);
      assertEquals([project.read("lib/x.so"), project.read("lib/latest")], [text, text]);
      assertEquals(await project.build(), {}, "it is known as it is");
    }
    project.tasks([{ ...task, command: `${command.replaceAll("x.so.1", "x.so.2")}` }]);
    assertMatch((await project.build()).lib, /^Cannot publish artifact 'lib\/x\.so'/);
    assertEquals(project.leftovers(), []);
  }
});

// S5.1, S5.4, S5.5
Deno.test("a folder is one artifact, with links, modes and empty folders, wherever the command puts it", async () => {
  const inPlace = {
    ...BUNDLE,
    name: "in_place",
    outputs: ["lib"],
    command: BUNDLE.command.replaceAll('"$OUT', '"lib'),
  };
  using project = new Project([BUNDLE, inPlace, {
    name: "count",
    dependencies: ["bundle"],
    output: "out/count",
    command: 'ls $DEPS | wc -l > "$OUT"',
  }]);
  assertEquals(await project.build(), { bundle: "new", in_place: "new", count: "new" });
  assertEquals([project.tree("dist"), project.tree("lib")], [DIST, DIST]);
  assertEquals(await project.build(), {});
  for (
    const [damage, what] of [
      [(dir: string) => Deno.removeSync(`${dir}/empty`), "artifact missing: DIR/empty"],
      [(dir: string) => Deno.chmodSync(`${dir}/run`, 0o644), "artifact edited: DIR/run"],
      [(dir: string) => {
        Deno.removeSync(`${dir}/link`);
        Deno.symlinkSync("sub/b", `${dir}/link`);
      }, "artifact edited: DIR/link"],
      [
        (dir: string) => Deno.writeTextFileSync(`${dir}/sub/stray`, ""),
        "artifact edited: DIR/sub/stray (not made by 'TASK')",
      ],
      [(dir: string) => {
        Deno.removeSync(dir, { recursive: true });
        Deno.writeTextFileSync(dir, "a file");
      }, "artifact edited: DIR/"],
    ] as const
  ) {
    for (const [dir, name] of [["dist", "bundle"], ["lib", "in_place"]]) {
      damage(project.path(dir));
      assertEquals(await project.build(), { [name]: what.replace("DIR", dir).replace("TASK", name) });
      assertEquals(project.tree(dir), DIST);
    }
  }
  // What its command makes no more is gone, in place too.
  project.remove("src/b");
  assertEquals(await project.build(), {
    bundle: "source removed: src/b",
    in_place: "source removed: src/b",
    count: "dependency changed: bundle",
  });
  const { "sub/b": _, ...rest } = DIST;
  assertEquals([project.tree("dist"), project.tree("lib")], [rest, rest]);
  assertEquals(project.leftovers(), []);
});

// S5.4
Deno.test("a folder that is made where it lies comes back if its command fails", async () => {
  const command = "mkdir dist; cp src/a dist; test ! -e fail";
  using project = new Project([{ name: "bundle", source_files: ["src/*"], outputs: ["dist/"], command }]);
  await project.build();
  project.write("src/a", "edited\n");
  project.write("fail", "");
  assertEquals(await project.build(), { bundle: "Command failed with exit code 1" });
  assertEquals(project.tree("dist"), { a: "a\n" });
  project.remove("fail");
  assertEquals(await project.build(), { bundle: "source changed: src/a" });
  assertEquals(project.tree("dist"), { a: "edited\n" });
  assertEquals(project.leftovers(), []);
});

// S5.4
Deno.test("a folder comes back even if its command has made a folder of another output before it failed", async () => {
  const command = "rm -f list; mkdir dist; cp src/a dist; test ! -e fail || mkdir list; cp src/a list";
  const failing = `${command}; test ! -e fail`;
  using project = new Project([{ name: "a", source_files: ["src/*"], outputs: ["list", "dist/"], command: failing }]);
  await project.build();
  project.write("src/a", "edited\n");
  project.write("fail", "");
  assertEquals(await project.build(), { a: "Command failed with exit code 1" });
  assertEquals([project.tree("dist"), project.has("list")], [{ a: "a\n" }, false]);
  assertEquals(project.leftovers(), []);
});

// S5.5, S5.21
Deno.test("what is in the way of a folder that several outputs come back to is named", async () => {
  const command = "mkdir -p gen; cp src/a gen/a.g; cp src/b out/b";
  using project = new Project([{ name: "gen", source_files: ["src/*"], outputs: ["gen/*.g", "out/b"], command }]);
  const run = () => project.build({ store: undefined });
  await run();
  project.remove("gen");
  project.write("gen", "in the way");
  assertEquals(await run(), { gen: "Cannot write artifact 'gen/a.g': File exists" });
  assertEquals([project.read("gen"), project.read("out/b"), project.leftovers()], ["in the way", "b\n", []]);
  project.remove("gen");
  assertEquals([await run(), project.files("gen")], [{}, ["gen/a.g"]]);
});

// S5.1, S5.5
Deno.test("a glob is all that it matches after success", async () => {
  const command = "mkdir -p gen; for f in src/*; do cp $f gen/$(basename $f).ts; done; ln -sf a.ts gen/z.ts";
  using project = new Project([
    { name: "gen", source_files: ["src/*"], outputs: ["gen/*.ts"], command },
    { name: "use", dependencies: ["gen"], output: "out/use", command: 'echo "$DEPS" > "$OUT"' },
  ]);
  await project.build();
  assertEquals(project.read("out/use"), "gen/a.ts gen/b.ts gen/z.ts\n");
  assertEquals(await project.build(), {});
  project.remove("gen/a.ts");
  assertEquals(await project.build(), { gen: "artifact missing: gen/a.ts, gen/z.ts" });
  project.remove("src/b");
  assertEquals(await project.build(), { gen: "source removed: src/b", use: "dependency changed: gen" });
  assertEquals(project.files("gen"), ["gen/a.ts", "gen/z.ts"], "what it makes no more is gone");
  Deno.chmodSync(project.path("gen/a.ts"), 0o755);
  project.write("src/a", "A\n");
  await project.build();
  assertEquals(project.tree("gen"), { "a.ts": "A\n", "z.ts": "-> a.ts" }, "nothing is left of an edit");
  project.write("gen/mine.ts", "");
  assertEquals(await project.build(), {
    gen: "artifact edited: gen/mine.ts (not made by 'gen')",
    use: "dependency changed: gen",
  });
});

// S5.1
Deno.test("what begins with an exclamation mark is an output by a path that begins with its folder", async () => {
  using project = new Project([
    { name: "name", output: "!name", content: "1" },
    { name: "several", outputs: ["./!one", "./!d/", "./!*.g"], command: "mkdir !d; echo 2 | tee !one !d/a > !b.g" },
    { name: "use", dependencies: ["name", "several"], source_files: ["./!name", "./!one"], output: "out/use" },
  ]);
  await project.build();
  assertEquals([project.read("out/use"), project.files("!d")], ["12\n", ["!d/a"]]);
  for (const made of ["!name", "!one", "!d", "!b.g"]) project.remove(made);
  assertEquals(await project.build(), {
    name: "artifact missing: !name",
    several: "artifact missing: !one, !d/, !b.g",
  });
  assertEquals([project.read("!name"), project.read("!b.g")], ["1", "2\n"]);
});

// S5.1, S6.16
Deno.test("what others have put where a glob matches is theirs: no build removes it or brings it back, nor does clean", async () => {
  const command = "mkdir -p gen; for f in src/*; do cp $f gen/$(basename $f).g; done";
  using project = new Project([{ name: "gen", source_files: ["src/*"], outputs: ["gen/*.g"], command }]);
  const run = async () => [await project.build({ store: undefined }), project.files("gen")];
  await run();
  project.write("gen/mine.g", "mine");
  const made = ["gen/a.g", "gen/b.g"];
  const strange = { gen: "artifact edited: gen/mine.g (not made by 'gen')" };
  assertEquals(await run(), [strange, [...made, "gen/mine.g"]]);
  assertEquals(await run(), [{}, [...made, "gen/mine.g"]], "seen once, it is no reason any more");
  project.write("src/c", "c\n");
  assertEquals(await run(), [{ gen: "source added: src/c" }, [...made, "gen/c.g", "gen/mine.g"]]);
  project.remove("src/c");
  assertEquals((await run())[1], [...made, "gen/mine.g"]);
  const { kept, deleted } = await clean(project.path("build.json"));
  assertEquals([kept.map(({ path }) => path), deleted.map(({ path }) => path)], [["gen/mine.g"], made]);
  await run();
  project.remove("gen/mine.g");
  assertEquals((await run())[1], made);
});

// S5.1, S5.21
Deno.test("what a glob matched comes back from the store, and nothing of what was made meanwhile stays", async () => {
  const command = "mkdir -p gen; for f in src/*; do cp $f gen/$(basename $f).g; done";
  using project = new Project([{ name: "gen", source_files: ["src/*"], outputs: ["gen/*.g"], command }]);
  const run = () => project.build({ store: undefined });
  assertEquals(await run(), { gen: "new" });
  project.write("src/c", "c\n");
  assertEquals(await run(), { gen: "source added: src/c" });
  project.remove("src/c");
  assertEquals([await run(), project.files("gen")], [{}, ["gen/a.g", "gen/b.g"]]);
  project.remove("gen");
  assertEquals([await run(), project.files("gen"), project.read("gen/b.g")], [{}, ["gen/a.g", "gen/b.g"], "b\n"]);
  assertEquals(project.leftovers(), []);
});

// S5.3
Deno.test("lists of files are told by files, whatever their number, and gone afterwards", async () => {
  const files = Object.fromEntries(Array.from({ length: 3 }, (_, i) => [`src/with blank ${i}`, `${i}\n`]));
  using project = new Project([
    { name: "two", outputs: ["x 1", "x 2"], command: 'echo 1 > "$OUT_1"; echo 2 > "$OUT_2"' },
    {
      name: "list",
      source_files: ["src/*"],
      dependencies: ["two"],
      output: "out/list",
      command: 'cat "$IN_FILE" "$DEPS_FILE" > "$OUT"',
    },
  ], files);
  await project.build();
  assertEquals(project.read("out/list"), [...Object.keys(files), "x 1", "x 2"].map((path) => `${path}\n`).join(""));
  assertEquals(project.leftovers(), []);
});

// S5.1
Deno.test("several files of a dependency are joined in order; a folder is not", async () => {
  const two = { name: "two", outputs: ["b", "a"], command: 'echo 1 > "$OUT_1"; echo 2 > "$OUT_2"' };
  using project = new Project([two, { name: "joined", dependencies: ["two"], output: "joined" }]);
  await project.build();
  assertEquals(project.read("joined"), "1\n2\n");
  project.tasks([BUNDLE, { name: "joined", dependencies: ["bundle"], output: "joined" }]);
  const { message } = await assertRejects(() => project.build(), InputError);
  assertStringIncludes(message, "Task 'joined' cannot join 'dist/' of task 'bundle', which is a folder");
  project.tasks([{ ...BUNDLE, outputs: ["dist"] }, { name: "joined", dependencies: ["bundle"], output: "joined" }]);
  assertEquals(
    (await project.build()).joined,
    "Cannot read source 'dist': it is a folder, and only files can be joined",
  );
});

// S5.5, K5
Deno.test("what is neither file, link nor folder in an output is the task's failure, and is never opened", async () => {
  const fifo = { name: "odd", outputs: ["dist/"], command: 'mkdir "$OUT/in"; mkfifo "$OUT/in/pipe"' };
  using project = new Project([fifo]);
  const inFolder = "Cannot publish artifact 'dist': of 'in/pipe' in it: it is a FIFO, not a regular file";
  assertEquals(await project.build(), { odd: inFolder });
  project.tasks([{ ...fifo, outputs: ["gen/*"], command: "mkdir -p gen; echo 1 > gen/a; mkfifo gen/pipe" }]);
  assertEquals(await project.build(), { odd: "Cannot publish artifact 'gen/pipe': it is a FIFO, not a regular file" });
  project.tasks([{ ...fifo, outputs: ["one", "two"], command: 'echo 1 > "$OUT_1"; mkfifo "$OUT_2"' }]);
  assertEquals(await project.build(), { odd: "Cannot publish artifact 'two': not a regular file" });
  assertEquals(project.has("one"), false);
  project.tasks([{ ...fifo, command: 'rmdir "$OUT"; echo 1 > "$OUT"' }]);
  assertEquals(await project.build(), { odd: "Cannot publish artifact 'dist': it is a file, not a folder" });
  project.tasks([{ ...fifo, command: "true" }]);
  assertEquals(await project.build(), { odd: `Command wrote no artifact: write to "$OUT" or to 'dist/'` });
  assertEquals(project.leftovers(), []);
});

// S5.5, K6
Deno.test("a name in an output that is not UTF-8 is told byte by byte", async () => {
  using project = new Project([
    { name: "glob", outputs: ["gen/*.md"], command: `mkdir -p gen; touch gen/a.md "gen/$(printf 'b\\377.md')"` },
    { name: "folder", outputs: ["dist/"], command: `mkdir "$OUT/in"; touch "$OUT/in/$(printf 'b\\303\\251d\\377')"` },
    { name: "mark", outputs: ["fine/*"], command: "mkdir -p fine; touch fine/\ufffd" },
  ]);
  assertEquals(await project.build(), {
    glob: "Cannot publish artifact 'gen/b\\xff.md': its name is not UTF-8",
    folder: "Cannot publish artifact 'dist': 'in/béd\\xff' has a name that is not UTF-8",
    mark: "new",
  });
});

// S5.6
Deno.test("expected digests are of files and folders, one or several", async () => {
  using project = new Project([BUNDLE]);
  const { results: { bundle } } = await project.report();
  project.tasks([{ ...BUNDLE, expected_sha256: bundle.artifacts![0].sha256 }]);
  assertEquals(await project.build(), {});
  project.tasks([{ ...BUNDLE, expected: { "dist/": "1".repeat(64) } }]);
  assertStringIncludes((await project.build()).bundle, `Artifact 'dist' has SHA-256 ${bundle.artifacts![0].sha256}`);
  assertEquals(project.tree("dist"), DIST);
});

// S5.4
Deno.test("equal work of two tasks is done once and copied, folders too", async () => {
  using project = new Project([BUNDLE, { ...BUNDLE, name: "twin", outputs: ["twin/"] }]);
  const { results } = await project.report();
  assertEquals([results.bundle.cache_hit, results.twin.cache_hit].sort(), [false, true]);
  assertEquals([project.tree("dist"), project.tree("twin")], [DIST, DIST]);
  project.remove("twin/sub/a");
  const again = await project.report();
  assertEquals(again.results.twin.cache_hit, true);
  assertEquals(project.tree("twin"), DIST);
  assertEquals(await project.build(), {});
});

// S5.4
Deno.test("a task whose output becomes a folder, or a file again, replaces what was there", async () => {
  const file = { name: "it", outputs: ["it"], command: 'echo file > "$OUT"' };
  using project = new Project([file]);
  await project.build();
  project.tasks([{ ...file, command: 'mkdir "$OUT"; echo inside > "$OUT/file"' }]);
  assertEquals(await project.build(), { it: "command changed" });
  assertEquals(project.tree("it"), { file: "inside\n" });
  project.tasks([file]);
  assertEquals(await project.build(), { it: "command changed" });
  assertEquals(project.read("it"), "file\n");
  assertEquals(project.leftovers(), []);
});

// S5.4
Deno.test("a transaction that fails puts back folders, several files and what globs matched", async () => {
  const gen = {
    name: "gen",
    source_files: ["src/*"],
    outputs: ["gen/*", "list"],
    command: 'mkdir -p gen; cp src/a "gen/$(cat src/a)"; echo done > "$OUT"',
  };
  const last = { name: "last", dependencies: ["bundle", "gen"], outputs: [], command: "test ! -e fail" };
  using project = new Project([BUNDLE, gen, last]);
  await project.build({ transaction: true });
  const before = [project.tree("dist"), project.tree("gen"), project.read("list")];
  project.write("src/a", "other\n");
  project.write("fail", "");
  await project.build({ transaction: true });
  assertEquals([project.tree("dist"), project.tree("gen"), project.read("list")], before);
  project.write("src/a", "a\n");
  project.remove("fail");
  assertEquals(await project.build(), {});
});

// S0.6, S5.1
Deno.test("no two outputs are the same, one inside the other, or matched by a glob of another's", async () => {
  using project = new Project([]);
  const clash = async (...outputs: string[][]) => {
    project.tasks(outputs.map((list, at) => ({ name: `t${at}`, outputs: list, command: "true" })));
    return await assertRejects(() => project.build(), InputError).then(({ message }) => message.split("\n")[0]);
  };
  const twice = (path: string) => `Duplicate output artifact '${path}' specified by tasks 't0' and 't1'`;
  assertEquals(await clash(["dist/"], ["./dist"]), twice("dist"));
  assertEquals(
    await clash(["dist/"], ["dist/a"]),
    "Output artifact 'dist/a' of task 't1' lies inside output artifact 'dist/' of task 't0'",
  );
  assertEquals(await clash(["gen/*.ts"], ["gen/a.ts"]), twice("gen/a.ts"));
  assertEquals(await clash(["gen/a.ts"], ["gen/*.ts"]), twice("gen/*.ts"));
  assertEquals(await clash(["gen/**"], ["gen/x/"]), twice("gen/x/"));
  assertEquals(await clash(["x/"], ["x/*.ts"]), twice("x/*.ts"));
  assertEquals(await clash(["gen/a*"], ["gen/*b"]), twice("gen/*b"));
  project.tasks([{ name: "a", outputs: ["gen/*.ts", "gen/*.js"], command: "mkdir -p gen; echo > gen/a.ts" }]);
  assertEquals(await project.build(), { a: "new" });
});

Deno.test("outputs that links lead to one place, or one inside the other, are refused", async () => {
  using project = new Project([]);
  Deno.mkdirSync(project.path("o/sub"), { recursive: true });
  Deno.symlinkSync("o", project.path("o2"));
  const clash = async (first: string, second: string) => {
    project.tasks([first, second].map((output, at) => ({ name: `t${at}`, outputs: [output], command: ":" })));
    const said = await assertRejects(() => project.build(), InputError).then(({ message }) => message.split("\n"));
    return [said[0], said.at(-1)!.replace(/^[ |^]*/, "")];
  };
  const twice = (path: string) => `Duplicate output artifact '${path}' specified by tasks 't0' and 't1'`;
  assertEquals(await clash("o/x", "o2/x"), [twice("o2/x"), "by a link, 'o2/x' lies at 'o/x'"]);
  assertEquals(await clash("o2/x/", "o/x/"), [twice("o/x/"), "by a link, 'o2/x/' lies at 'o/x/'"]);
  assertEquals(await clash("o2/*.y", "o/a.y"), [twice("o/a.y"), "by a link, 'o2/*.y' lies at 'o/*.y'"]);
  assertEquals(await clash("o/sub/", "o2/sub/x"), [
    "Output artifact 'o2/sub/x' of task 't1' lies inside output artifact 'o/sub/' of task 't0'",
    "by a link, 'o2/sub/x' lies at 'o/sub/x'",
  ]);
  const one = { name: "one", output: "o2/x", command: "echo 1 > $OUT" };
  project.tasks([one, { name: "two", output: "two", source_files: ["o/x"] }]);
  const { message } = await assertRejects(() => project.build(), InputError);
  assertStringIncludes(message, "Task 'two' reads 'o/x', which task 'one' makes, without depending on it");
  project.tasks([one, { name: "two", output: "two", source_files: ["o/*"], dependencies: ["one"] }]);
  assertEquals(await project.build(), { one: "new", two: "new" });
  assertEquals(project.read("two"), "1\n");
});

// S5.1
Deno.test("a source in an output folder needs its task first, and globs leave out what lies there", async () => {
  const reader = { name: "reader", source_files: ["dist/sub/a"], output: "read" };
  using project = new Project([BUNDLE, reader]);
  const { message } = await assertRejects(() => project.build(), InputError);
  assertStringIncludes(message, "Task 'reader' reads 'dist/sub/a', which task 'bundle' makes, without depending on it");
  project.tasks([BUNDLE, { ...reader, dependencies: ["bundle"] }, {
    name: "every",
    source_files: ["**/a"],
    output: "every",
  }]);
  assertEquals(await project.build(), { bundle: "new", reader: "new", every: "new" });
  assertEquals([project.read("read"), project.read("every")], ["a\n", "a\n"]);
  assertEquals(await project.build(), {}, "what lies there by now is no source either");
  project.tasks([BUNDLE, { ...reader, source_files: ["dist/sub/c"], dependencies: ["bundle"] }]);
  const missing = /^Cannot read source 'dist\/sub\/c': No such file/;
  for (let round = 0; round < 2; round++) {
    project.remove("src/c");
    assertMatch(
      (await project.build({ store: undefined })).reader,
      missing,
      "also when the store brings back the one without it",
    );
    project.write("src/c", "c\n");
    await project.build({ store: undefined });
    assertEquals(project.read("read"), "c\n");
  }
});

// S5.1, S5.4
Deno.test("a glob that could mean nothing but what a folder is replaced with is a mistake, and nothing is replaced", async () => {
  const first = { name: "first", source_files: ["src/*"], output: "first" };
  for (const outputs of [["src/"], ["src"]]) {
    using project = new Project([first, { name: "src", dependencies: ["first"], outputs, command: 'touch "$OUT/x"' }]);
    const { message } = await assertRejects(() => project.build(), InputError);
    assertStringIncludes(message, "Task 'first' reads 'src/*', all of which task 'src' makes and replaces\n");
    assertStringIncludes(message, "depend on 'src', and find what it makes in DEPS");
    assertEquals(project.files("src"), ["src/a", "src/b"]);
    project.tasks([{ name: "own", source_files: ["src/sub/**", "!src/b"], outputs, command: 'touch "$OUT/x"' }]);
    const own = await assertRejects(() => project.build(), InputError);
    assertStringIncludes(own.message, "what it makes is to lie elsewhere than what it reads");
  }
  using project = new Project([BUNDLE, { name: "every", source_files: ["**/a", "di*/*"], output: "every" }]);
  assertEquals((await project.report()).failed, 0, "what might mean other things as well is not");
});

// S5.4
Deno.test("a glob that is an output of a task is a mistake among sources", async () => {
  const gen = { name: "gen", outputs: ["gen/*.md"], command: "mkdir -p gen; echo a > gen/a.md" };
  const reader = { name: "reader", output: "read", command: 'cat $IN > "$OUT"' };
  using project = new Project([gen, { ...reader, source_files: ["gen/*.md"] }]);
  for (const dependencies of [[], ["gen"]]) {
    project.tasks([gen, { ...reader, dependencies, source_files: ["gen/*.md"] }]);
    const { message } = await assertRejects(() => project.build(), InputError);
    assertStringIncludes(message, "Task 'reader' reads 'gen/*.md', all of which task 'gen' makes and replaces\n");
    assertStringIncludes(message, "depend on 'gen', and find what it makes in DEPS");
  }
  project.tasks([{ ...gen, source_files: ["gen/*.md"] }]);
  const own = await assertRejects(() => project.build(), InputError);
  assertStringIncludes(own.message, "what it makes is to lie elsewhere than what it reads");
});

// S5.4
Deno.test("what a run keeps itself may not lie in a folder that is replaced", async () => {
  using project = new Project([BUNDLE]);
  const { message } = await assertRejects(() => project.build({ db: project.path("dist/taskrun.db") }), InputError);
  assertStringIncludes(
    message,
    "Task 'bundle' must not overwrite 'dist/taskrun.db', which troupe itself keeps in this run",
  );
});

// S5.1, S6.16
Deno.test("what a crew has made where a glob matches is the task's own to every build, and nothing else is", async () => {
  const command = "mkdir -p gen; for f in src/*; do cp $f gen/$(basename $f).g; done";
  using project = new Project([{ name: "gen", source_files: ["src/*"], outputs: ["gen/*.g"], command }]);
  project.write("gen/mine.g", "mine");
  await join(project.path("build.json"), { db: project.path("crew.db") });
  assertEquals([await project.build(), project.files("gen")], [{}, ["gen/a.g", "gen/b.g", "gen/mine.g"]]);
  project.remove("src/b");
  assertEquals([await project.build(), project.files("gen")], [{ gen: "source removed: src/b" }, [
    "gen/a.g",
    "gen/mine.g",
  ]]);
});
