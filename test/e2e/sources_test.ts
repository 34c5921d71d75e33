// What source_files mean to every command: what is left out, what is troupe's own, and what cannot be meant.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { type Rig, rigTest } from "../rig.ts";
import { executed, reportOf } from "./said.ts";

function troupe(rig: Rig, ...args: string[]) {
  return rig.build(args, { deno: ["run", "-A", rig.program.replace(/build\.ts$/, "main.ts")] });
}

// K7
rigTest(
  "a build that reads all of its folder is up to date the second time, with history and report in it",
  async (rig) => {
    rig.write("a.txt", "a");
    rig.write("build.json", {
      tasks: [{ name: "all", output: "all", source_files: ["*"] }],
    });
    const args = ["build", "--db", "runs.db", "--report", "report.json"];
    assertEquals((await troupe(rig, ...args)).code, 0);
    assert(rig.has("runs.db") && rig.has("report.json"));
    const again = await troupe(rig, ...args);
    assertEquals(executed(again), []);
    assertStringIncludes((await troupe(rig, ...args, "--dry-run")).stdout, "Dry run: 0 would run, 1 up to date");
    rig.remove("runs.db");
    rig.remove("report.json");
    assertEquals((await troupe(rig, "build")).code, 0);
    for (const name of ["c.db", "d.db"]) {
      assertEquals(executed(await troupe(rig, "join", "build.json", "--db", name)), []);
      for (const file of rig.files()) if (file.startsWith(name)) rig.remove(file);
    }
    assertEquals(executed(await troupe(rig, "build")), []);
  },
);

// K7
rigTest(
  "a store within the folder is no source of its builds, and a look goes by the history that it is told",
  async (rig) => {
    rig.write("a.txt", "a");
    rig.write("build.json", { tasks: [{ name: "all", output: "all", source_files: ["**"] }] });
    const args = ["--db", "runs.db"], build = ["build", ...args, "--store", "cache/store"];
    for (const due of [["all"], []]) assertEquals(executed(await troupe(rig, ...build)), due);
    rig.write("cache/plain", "");
    for (const due of [["all"], []]) assertEquals(executed(await troupe(rig, ...build)), due);
    assert(rig.has("cache/store/counts"));
    assertStringIncludes((await troupe(rig, ...build, "--dry-run")).stdout, "Dry run: 0 would run, 1 up to date");
    const env = { TROUPE_STORE: rig.path("cache/store") };
    for (const words of [["list"], ["why", "all"]]) {
      const { stdout } = await rig.ask([...words, ...args], { env });
      assertEquals([/would run/.test(stdout), /up to date/.test(stdout)], [false, true], stdout);
    }
    for (const output of ["cache/", "cache/store/", "cache/store/x"]) {
      rig.write("build.json", { tasks: [{ name: "all", outputs: [output], command: "true" }] });
      const { code, stderr } = await rig.ask(build);
      assertEquals(code, 2);
      assertStringIncludes(
        stderr,
        "Task 'all' must not overwrite 'cache/store', which troupe itself keeps in this run\n",
      );
    }
    // Where it holds the whole project, what is in it is the project's
    rig.write("build.json", { tasks: [{ name: "all", output: "all", source_files: ["a*"] }] });
    assertEquals(executed(await troupe(rig, "build", "--store", "..", "--force")), ["all"]);
    assertEquals(rig.read("all"), "a");
  },
);

// K12
rigTest("a folder that another task makes is refused as a source before anything starts, there or not", async (rig) => {
  const make = { name: "make", outputs: ["made/"], command: 'echo > "$OUT/x"' };
  for (const source of ["made", "made/", "./made"]) {
    const tasks = [make, { name: "use", dependencies: ["make"], source_files: [source], outputs: [], command: "true" }];
    for (let time = 0; time < 2; time++) {
      rig.write("build.json", { tasks });
      const { code, stdout, stderr } = await troupe(rig, "build");
      assertEquals([code, stdout, stderr.split("\n").length], [2, "", 5], stderr);
      assertStringIncludes(stderr, "Task 'use' reads 'made', all of which task 'make' makes and replaces\n");
      assertStringIncludes(stderr, "^ depend on 'make', and find what it makes in DEPS\n");
      rig.write("build.json", { tasks: [make] });
      assertEquals((await troupe(rig, "build")).code, 0);
    }
    rig.remove("made");
  }
});

// K7
rigTest("an artifact that would replace a file of the run's own is refused", async (rig) => {
  const config = (output: string) => rig.write("build.json", { tasks: [{ name: "a", output, content: "a" }] });
  for (
    const [output, ...args] of [
      ["taskrun.db", "build"],
      ["h.db-wal", "build", "--db", "h.db"],
      ["r.json", "build", "--report", "r.json"],
      ["r.json", "build", "--report", "./r.json", "--dry-run"],
      ["c.db", "join", "build.json", "--db", "c.db"],
    ]
  ) {
    config(output);
    const { code, stderr } = await rig.ask(args);
    assertEquals(code, 2, args.join(" "));
    assertStringIncludes(stderr, `Task 'a' must not overwrite '${output}', which troupe itself keeps in this run\n`);
    assert(!rig.has(output) || output === "c.db", output);
  }
});

// K7, K121
rigTest("what leads to a file of the run's own by links on the way is refused as that file is", async (rig) => {
  Deno.symlinkSync(".", rig.path("here"));
  Deno.symlinkSync("../project", rig.path("there"));
  const config = (output: string) => rig.write("build.json", { tasks: [{ name: "a", output, content: "a" }] });
  for (const output of ["here/taskrun.db", "there/taskrun.db-wal", "here/build.json", "there/here/.build_cache.json"]) {
    config(output);
    const { code, stderr } = await rig.ask(["build"]);
    assertEquals(code, 2, output);
    assertStringIncludes(stderr, `Task 'a' must not overwrite '${output}', which troupe itself keeps in this run\n`);
  }
  config("o");
  const text = rig.read("build.json");
  rig.write("t.txt", "a: true\n");
  const reports = [["build", "there/build.json"], ["build", "here/taskrun.db"], ["run", "t.txt", "here/t.txt"]];
  for (const [command, ...files] of reports) {
    const { code, stderr } = await rig.ask([command, ...files.slice(0, -1), "--report", files.at(-1)!]);
    assertEquals([code, rig.read("build.json"), rig.read("t.txt")], [2, text, "a: true\n"], stderr);
    assertStringIncludes(stderr, `The report '${files.at(-1)}' would replace `);
  }
});

// K11
rigTest("build, crew and gates agree what exclusions and folders called like globs mean", async (rig) => {
  for (const path of ["src/a.c", "src/gen/g.c", "src/node_modules/m.c", "app/[id]/p.ts"]) rig.write(path, `${path}\n`);
  rig.write("build.json", {
    tasks: [
      { name: "code", output: "code", source_files: ["src/**", "!src/gen/**"] },
      { name: "page", output: "page", source_files: ["app/[id]/*.ts"] },
      { name: "gen", output: "src/gen/new.c", content: "" },
      { name: "vendor", output: "src/node_modules/new.c", content: "" },
      { name: "other", output: "app/i/x.ts", content: "" },
    ],
  });
  const report = JSON.parse((await troupe(rig, "check", "--json")).stdout);
  assertEquals(report.file_conflicts, []);
  assertEquals((await troupe(rig, "build")).code, 0);
  assertEquals([rig.read("code"), rig.read("page")], ["src/a.c\n", "app/[id]/p.ts\n"]);
  // Without the exclusion it reads what a task makes that it does not wait for.
  rig.write("build.json", rig.read("build.json").replace(',\n        "!src/gen/**"', ""));
  const { code, stderr } = await troupe(rig, "build");
  assertEquals(code, 2);
  assertStringIncludes(stderr, "Task 'code' reads 'src/gen/new.c', which task 'gen' makes, without depending on it\n");
});

// K1, K6, K12
rigTest("build, dry run and join go by the same sources", async (rig) => {
  rig.write("src/a.c", "a");
  await Deno.symlink("me@host.1:1", rig.path("src/.#a.c"));
  await Deno.symlink(".", rig.path("src/self"));
  rig.write("build.json", { tasks: [{ name: "t", output: "t", source_files: ["src/**/*.c"] }] });
  const warning = "Warning: pattern 'src/**/*.c' leaves out 'src/.#a.c': a link that leads nowhere\n";
  for (const args of [["build", "--dry-run"], ["join", "build.json"], ["build"]]) {
    const { code, stderr } = await troupe(rig, ...args);
    assertEquals([code, stderr], [0, warning], args.join(" "));
  }
  assertEquals(reportOf(await troupe(rig, "build", "--json")).completed, 1);
  rig.write("build.json", { tasks: [{ name: "t", output: "t", source_files: ["src"] }] });
  for (const args of [["build", "--dry-run"], ["join", "build.json"], ["build"]]) {
    const { code, stderr } = await rig.ask(args);
    assertEquals(code, 2, args.join(" "));
    assertStringIncludes(stderr, "Task 't' needs source file 'src', which is a folder\n");
    assertStringIncludes(stderr, 'for the files in it write "src/**"');
  }
});

// S5.1, S5.14
rigTest("what a task reads does not hang on whether it is asked for by its name, nor what it may read", async (rig) => {
  rig.write("p/src/a.ts", "a");
  rig.write("build.json", {
    tasks: [
      { name: "gen", source_files: ["p/src/*"], outputs: ["p/gen/"], command: 'echo made > "$OUT/1.x"' },
      { name: "globbed", outputs: ["p/more/*.x"], command: "mkdir -p p/more; echo made > p/more/1.x" },
      { name: "pack", source_files: ["p/*/*"], output: "pack", command: 'echo "$IN" > "$OUT"' },
    ],
  });
  assertEquals((await rig.build()).code, 0);
  assertEquals(rig.read("pack"), "p/src/a.ts\n");
  for (const args of [["pack"], ["build"], ["pack", "-n"], ["retry", "last"]]) {
    const { code, stdout, stderr } = await rig.ask(args);
    assertEquals([code, executed({ stdout }), rig.read("pack")], [0, [], "p/src/a.ts\n"], args.join(" ") + stderr);
  }

  const use = { name: "use", source_files: ["gen.txt"], output: "use", command: 'cat gen.txt > "$OUT"' };
  rig.write("build.json", { tasks: [{ name: "gen", output: "gen.txt", content: "1" }, use] });
  for (const args of [["build"], ["use"], ["gen"], ["use"]]) {
    const { code, stderr } = await rig.ask(args);
    assertEquals(code, args[0] === "gen" ? 0 : 2, args.join(" "));
    if (code === 0) continue;
    assertStringIncludes(stderr, "Task 'use' reads 'gen.txt', which task 'gen' makes, without depending on it\n");
  }
});

// S5.1, S6.15
rigTest("a glob that matches an output folder itself means no file by that", async (rig) => {
  rig.write("src/a.ts", "a");
  rig.write("build.json", {
    tasks: [
      { name: "lint", source_files: ["**", "!**/dist/**"], outputs: [], command: 'test -n "$IN"' },
      {
        name: "build",
        source_files: ["src/**"],
        outputs: ["dist/", "packages/a/dist/"],
        command: 'cp src/a.ts "$OUT_1"; cp src/a.ts "$OUT_2"',
      },
      { name: "test", after: ["build"], source_files: ["**"], outputs: [], command: "test -d dist" },
    ],
  });
  for (const names of [["build", "lint"], [], [], ["test"]]) {
    const { code, stdout, stderr } = await rig.ask(["build", ...names]);
    assertEquals([code, stderr], [0, ""], stdout);
  }
});

// K11
rigTest("a file or folder with a wildcard for a name keeps no other from being meant", async (rig) => {
  rig.write("s/a.c", "1");
  rig.write("build.json", {
    tasks: [
      { name: "all", source_files: ["s/*.c"], output: "all", command: 'cat s/a.c > "$OUT"' },
      {
        name: "of {stem}",
        for_each: "s/*.c",
        source_files: ["{path}"],
        output: "out/{stem}",
        command: 'echo "$IN" > "$OUT"',
      },
    ],
  });
  await rig.build();
  rig.write("s/*.c", "by accident");
  Deno.mkdirSync(rig.path("*"));
  rig.write("s/a.c", "2");
  const { code, stdout, stderr } = await rig.build();
  assertEquals([code, executed({ stdout })], [0, ["all", "of *", "of a"]], stdout + stderr);
  assertEquals(["all", "out/a", "out/*"].map((path) => rig.read(path)), ["2", "s/a.c\n", "s/*.c\n"]);
});

rigTest(
  "what another task makes is found behind links as packages have them, and needs its task first",
  async (rig) => {
    await Deno.mkdir(rig.path("node_modules/@me"), { recursive: true });
    await Deno.symlink("../../packages/lib", rig.path("node_modules/@me/lib"));
    await Deno.symlink("packages/lib/dist", rig.path("made"));
    const expected = { code: 2, said: "" };
    for (const outputs of [["packages/lib/dist/index.js"], ["packages/lib/dist/"]]) {
      const isFile = outputs[0].endsWith(".js"), out = isFile ? '"$OUT"' : '"$OUT/index.js"';
      const literal = ["node_modules/@me/lib/dist/index.js", "made/index.js"];
      const globs = [
        "node_modules/@me/lib/dist/*.js",
        "node_modules/@me/*/dist/*.js",
        "node_modules/**/*.js",
        "made/*",
      ];
      for (const source of isFile ? [...literal, ...globs] : literal) {
        for (const path of ["packages/lib/dist", ".build_cache.json"]) if (rig.has(path)) rig.remove(path);
        const configure = (dependencies: string[]) => {
          rig.write("build.json", {
            tasks: [
              {
                name: "lib",
                source_files: ["packages/lib/src/*"],
                outputs,
                command: `cat packages/lib/src/* > ${out}`,
              },
              { name: "app", dependencies, source_files: [source], output: "app.js", command: 'cat $IN > "$OUT"' },
            ],
          });
        };
        rig.write("packages/lib/src/i", "v1");
        configure([]);
        expected.said =
          `Task 'app' reads '${source.startsWith("made") ? "made" : "node_modules/@me/lib/dist"}/index.js', ` +
          "which task 'lib' makes at 'packages/lib/dist/index.js', without depending on it";
        const { code, stderr } = await troupe(rig, "build", "--no-store");
        assertEquals({ code, said: stderr.split("\n")[0] }, expected, source);
        configure(["lib"]);
        for (const version of ["v1", "v2"]) {
          rig.write("packages/lib/src/i", version);
          assertEquals((await troupe(rig, "build", "--no-store")).code, 0, source);
          assertEquals(rig.read("app.js"), version, source);
        }
        const { stdout } = await troupe(rig, "build", "--no-store");
        assertEquals(executed({ stdout }), [], source);
      }
    }
  },
);

rigTest("a glob for a folder means nothing where a link leads into what a task makes whole", async (rig) => {
  await Deno.symlink("dist", rig.path("made"));
  rig.write("build.json", {
    tasks: [
      { name: "lib", outputs: ["dist/"], command: 'echo > "$OUT/a.js"' },
      { name: "app", dependencies: ["lib"], source_files: ["made/*.js"], output: "app.js" },
    ],
  });
  const { code, stderr } = await troupe(rig, "build");
  assertEquals(code, 2);
  assertStringIncludes(stderr, "Task 'app' reads 'made/*.js', all of which task 'lib' makes and replaces\n");
});

// S5.4
rigTest("a glob that finds nothing but what a task makes by one says whose that is", async (rig) => {
  const reader = (name: string, glob: string) => ({
    name,
    source_files: [glob],
    output: name,
    command: 'echo $IN > "$OUT"',
  });
  rig.write("build.json", {
    tasks: [
      { name: "gen", outputs: ["gen/*.md"], command: "mkdir -p gen; echo a > gen/a.md" },
      { ...reader("after", "gen/a*"), dependencies: ["gen"] },
      reader("other", "nope/*"),
    ],
  });
  for (let round = 0; round < 2; round++) {
    const { code, stderr } = await troupe(rig, "build", "--force");
    assertEquals([code, stderr], [
      0,
      "Warning: pattern 'gen/a*' of task 'after' matches no file but what task 'gen' makes: depend on it, and find that in " +
      "DEPS\nWarning: pattern 'nope/*' of task 'other' matches no file\n",
    ]);
    assertEquals(rig.read("after"), "\n");
  }
});

rigTest("what links lead to one place is refused whichever tasks are asked for", async (rig) => {
  await Deno.symlink("o", rig.path("o2"));
  const make = (name: string, output: string) => ({ name, output, command: `echo ${name} > "$OUT"` });
  rig.write("o/keep", "");
  rig.write("build.json", { tasks: [make("a", "o/x"), make("b", "o2/x"), make("c", "c")] });
  for (const args of [["build"], ["a"], ["b"], ["c"], ["a", "--dry-run"]]) {
    const { code, stderr } = await troupe(rig, ...args);
    assertEquals(code, 2, args.join(" "));
    assertStringIncludes(stderr, "Duplicate output artifact 'o2/x' specified by tasks 'a' and 'b'\n");
  }
  const use = { ...make("use", "use"), source_files: ["o2/x"] };
  rig.write("build.json", { tasks: [make("a", "o/x"), use] });
  assertEquals((await troupe(rig, "a")).code, 0);
  const { code, stderr } = await troupe(rig, "use");
  assertEquals(code, 2);
  assertStringIncludes(stderr, "Task 'use' reads 'o2/x', which task 'a' makes at 'o/x', without depending on it\n");
});
