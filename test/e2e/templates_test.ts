// S5.12, S5.13: templates, defaults and includes, as whole builds: what comes of them, and when it changes.
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { type Rig, rigTest } from "../rig.ts";

const COMPILE = {
  name: "cc:{stem}",
  for_each: "src/*.c",
  source_files: ["{path}"],
  output: "out/{stem}.o",
  command: 'cat {path} > "$OUT"',
};

function started({ stdout }: { readonly stdout: string }): string[] {
  return [...stdout.matchAll(/Started task '(.*?)'/g)].map(([, name]) => name).sort();
}

async function names(rig: Rig, args: readonly string[] = []): Promise<string[]> {
  const { code, stdout, stderr } = await rig.ask(["list", "--names", ...args]);
  assertEquals([code, stderr], [0, ""]);
  return stdout.trimEnd().split("\n");
}

// S5.13
rigTest("a file that comes makes a task, and one that goes leaves a stale artifact", async (rig) => {
  rig.write("build.json", {
    tasks: [COMPILE, { name: "all", dependencies: ["cc:*"], output: "out/all", command: "cat $DEPS > $OUT" }],
  });
  rig.write("src/a.c", "a\n");
  rig.write("src/b b.c", "b\n");
  assertEquals(started(await rig.ask(["build"])), ["all", "cc:a", "cc:b b"]);
  rig.write("src/c.c", "c\n");
  assertEquals(await names(rig), ["cc:a", "cc:b b", "cc:c", "all"]);
  assertEquals(await names(rig, ["cc:?"]), ["cc:a", "cc:c"]);
  assertEquals(started(await rig.ask(["build"])), ["all", "cc:c"]);
  rig.remove("src/a.c");
  const { stdout, stderr } = await rig.ask(["build", "--json"]);
  assertEquals(JSON.parse(stdout).stale_artifacts, ["out/a.o"]);
  assertStringIncludes(stderr, "1 artifact belongs to no task of 'build.json' any more: out/a.o");
  // Told once, and known as long as it is there.
  const again = await rig.ask(["build", "--json"]);
  assertEquals(JSON.parse(again.stdout).stale_artifacts, ["out/a.o"]);
  assertEquals(again.stderr.includes("belongs to no task"), false);
});

// S5.13
rigTest("artifacts beside sources are made for nobody, now and when their source is gone", async (rig) => {
  const clean = { ...COMPILE, for_each: "data/*", name: "clean:{name}", output: "data/{name}.clean" };
  rig.write("build.json", { tasks: [clean] });
  rig.write("data/a", "a");
  rig.write("data/b", "b");
  assertEquals(started(await rig.ask(["build"])), ["clean:a", "clean:b"]);
  assertEquals(await names(rig), ["clean:a", "clean:b"]);
  rig.remove("data/b");
  const { stdout, stderr } = await rig.ask(["build"]);
  assertMatch(stdout, /^Task 'clean:a' skipped: cache hit.*\nBuild completed in .*: 1 succeeded/);
  assertStringIncludes(
    stderr,
    "Warning: 'for_each' of task 'clean:{name}' leaves out 'data/b.clean': no task of 'build.json' makes it any more\n",
  );
  // Whoever touches it makes it a file of their own.
  rig.write("data/b.clean", "mine");
  assertEquals(await names(rig), ["clean:a", "clean:b.clean"]);
});

// S5.13
rigTest("other configs come with their names, paths and commands", async (rig) => {
  rig.write("build.json", {
    include: ["packages/*/build.json", { config: "tools/tools.jsonc", prefix: "t-" }],
    tasks: [{ name: "all", dependencies: ["web:*", "api:make"], output: "all", command: "cat $DEPS > $OUT" }],
  });
  const where = (dependencies: string[]) => ({
    name: "make",
    dependencies,
    source_files: ["src.txt"],
    output: "made",
    command: 'echo "$PWD: $IN" > "$OUT"',
  });
  rig.write("packages/web/build.json", { tasks: [where(["api:make"])] });
  rig.write("packages/api/build.json", { tasks: [where([])] });
  rig.write("tools/tools.jsonc", '{"tasks": [{"name": "x", "output": "x", "content": "x"},], // a comment\n}');
  for (const name of ["web", "api"]) rig.write(`packages/${name}/src.txt`, name);
  assertEquals(await names(rig), ["all", "api:make", "web:make", "t-x"]);
  assertEquals((await rig.ask(["build"])).code, 0);
  assertEquals(rig.read("all"), `${rig.path("packages/web")}: src.txt\n${rig.path("packages/api")}: src.txt\n`);
  assertEquals(rig.files().filter((path) => path.endsWith("build_cache.json")), [".build_cache.json"]);
  assertEquals(started(await rig.ask(["build"])), []);
  rig.write("packages/web/build.json", { tasks: [{ ...where(["api:make"]), env: { A: "1" } }] });
  assertEquals(started(await rig.ask(["build", "web:*"])), ["web:make"]);
  // Each can be built by itself.
  const alone = await rig.ask(["build"], { cwd: "packages/api" });
  assertEquals([alone.code, started(alone)], [0, ["make"]]);
  // Whatever looks at a config looks at the same.
  assertStringIncludes(
    (await rig.ask(["check", "web:make", "api:make"])).stdout,
    "Run 'api:make' before 'web:make', which needs it",
  );
  assertStringIncludes((await rig.ask(["batches"])).stdout, "web:make");
  assertStringIncludes((await rig.ask(["why", "web:make"])).stdout, "up to date");
  assertStringIncludes((await rig.ask(["build", "-n", "t-x"])).stdout, "1 up to date");
});

// S5.12, K22
rigTest("a template that is made for files and reads none of them is warned of, and no other", async (rig) => {
  rig.write("src/a.c", "a\n");
  const warned = async (task: Record<string, unknown>) => {
    rig.write("build.json", {
      tasks: [{ name: "t:{stem}", for_each: "src/*.c", output: "o/{stem}", ...task }],
    });
    const { stderr } = await rig.ask(["list"]);
    return stderr;
  };
  const sentence = "Warning: task 't:{stem}' is made for files that it does not read: no edit of them makes it run; " +
    'add "source_files": ["{path}"]\n';
  const reads = { source_files: ["{path}"] };
  assertEquals(await warned({ command: 'cat {path} > "$OUT"' }), sentence);
  for (const read of ["$IN", "${{IN}", "$(cat $IN_FILE)", "src/{stem}.c", "{dir}/{name}"]) {
    assertEquals(await warned({ command: `cat ${read} > "$OUT"` }), sentence, read);
  }
  assertEquals(await warned({}), sentence, "it would join nothing");
  for (
    const task of [
      reads,
      { ...reads, command: 'cat {path} > "$OUT"' },
      { source_files: ["src/**"], command: 'cat {path} > "$OUT"' },
      { command: 'cc -MF "$DEPFILE" {path} -o "$OUT"', depfile: "$DEPFILE" },
      { command: 'echo {stem} "{{path}" > "$OUT"' },
      { command: 'echo {name} $INPUT "$IN_1" > "$OUT"' },
      { content: "{path}" },
      { output: undefined, outputs: [] },
    ]
  ) {
    assertEquals(await warned(task), "", JSON.stringify(task));
  }
});

// S5.13, K12
rigTest("a folder that is included is told as one, with the config in it", async (rig) => {
  const told = async (include: string) => {
    rig.write("build.json", { include });
    const { code, stderr } = await rig.ask(["build"]);
    return [code, stderr.split("\n")[0], /\^+ (.*)/.exec(stderr)?.[1]];
  };
  rig.write("web/src/a", "");
  const message = "Cannot include 'web': not a regular file";
  assertEquals(await told("web"), [2, message, 'it is a folder: write "web/build.json"']);
  rig.write("web/build.jsonc", "{}");
  assertEquals(await told("web"), [2, message, 'it is a folder: write "web/build.jsonc"']);
  assertEquals(await told("web/src/a/b"), [2, "Cannot include 'web/src/a/b': Not a directory", undefined]);
});

// S5.13
rigTest("what cannot be included, or is wrong in what is, is told where it stands", async (rig) => {
  rig.write(
    "build.json",
    `{
  "include": ["a/build.json", "none.json", "x*/y.json", {"config": "a/build.json", "prefix": "{di}"}, "bad.json"]
}`,
  );
  rig.write("a/build.json", '{"include": "b/build.json", "tasks": [{"name": "t", "output": "../../t", "nam": 1}]}');
  rig.write("a/b/build.json", '{"tasks": [\n  {"name": "u", "output": "u", "dependencies": ["t", "v"]}]}');
  rig.write("bad.json", '{"tasks": [\n}');
  const { code, stdout, stderr } = await rig.ask(["build"]);
  assertEquals([code, stdout], [2, ""]);
  assertEquals(
    stderr,
    `Cannot include 'none.json': there is no such file
  --> build.json:2:31
2 |   "include": ["a/build.json", "none.json", "x*/y.json", {"config": "a/build.json", "prefix": "{di}"}, "bad.json"]
  |                               ^^^^^^^^^^^

Nothing to include: 'x*/y.json' matches no file
  --> build.json:2:44
2 |   "include": ["a/build.json", "none.json", "x*/y.json", {"config": "a/build.json", "prefix": "{di}"}, "bad.json"]
  |                                            ^^^^^^^^^^^

Unknown placeholder '{di}' in 'include[3].prefix'
  --> build.json:2:94
2 |   "include": ["a/build.json", "none.json", "x*/y.json", {"config": "a/build.json", "prefix": "{di}"}, "bad.json"]
  |                                                                                              ^^^^^^ did you mean '{dir}'?

Build configuration 'a/build.json' is included twice
  --> build.json:2:15
2 |   "include": ["a/build.json", "none.json", "x*/y.json", {"config": "a/build.json", "prefix": "{di}"}, "bad.json"]
  |               ^^^^^^^^^^^^^^
  --> build.json:2:68
2 |   "include": ["a/build.json", "none.json", "x*/y.json", {"config": "a/build.json", "prefix": "{di}"}, "bad.json"]
  |                                                                    ^^^^^^^^^^^^^^ what it makes can be made once only

Invalid JSON at line 2, column 1: Unexpected token '}'
  --> bad.json:2:1
2 | }
  | ^

Unknown key 'nam' in task 'a:t'
  --> a/build.json:1:74
1 | {"include": "b/build.json", "tasks": [{"name": "t", "output": "../../t", "nam": 1}]}
  |                                                                          ^^^^^

'output' of task 'a:t' must lie inside the config's folder
  --> a/build.json:1:63
1 | {"include": "b/build.json", "tasks": [{"name": "t", "output": "../../t", "nam": 1}]}
  |                                                               ^^^^^^^^^
`,
  );
});

// S5.13
rigTest("configs that include each other are told, by whatever names", async (rig) => {
  rig.write("build.json", '{"include": "a/build.json"}');
  rig.write("a/build.json", '{"include": "up/build.json"}');
  Deno.symlinkSync("..", rig.path("a/up"));
  const { code, stderr } = await rig.ask(["build"]);
  assertEquals([code, stderr], [
    2,
    `Circular include detected: build.json → a/build.json → build.json
  --> a/build.json:1:13
1 | {"include": "up/build.json"}
  |             ^^^^^^^^^^^^^^^
`,
  ]);
});

// S5.13
rigTest("an artifact must not replace a config that is included, and no glob means one", async (rig) => {
  rig.write("build.json", {
    include: "a/build.json",
    tasks: [{ name: "x", output: "a/build.json", content: "" }],
  });
  rig.write("a/build.json", { tasks: [{ name: "all", source_files: ["*.json", "*.txt"], output: "all" }] });
  rig.write("a/b.txt", "b");
  assertStringIncludes(
    (await rig.ask(["build"])).stderr,
    "'x' must not overwrite its own build configuration 'a/build.json'\n  --> build.json:6:17",
  );
  rig.write("build.json", { include: "a/build.json" });
  const { code, stderr } = await rig.ask(["build"]);
  assertEquals([code, rig.read("a/all")], [0, "b"]);
  assertStringIncludes(stderr, "matches no file");
});

// S5.13
rigTest("a template that nothing is there for is warned of, and nothing is built", async (rig) => {
  rig.write("build.json", { tasks: [COMPILE] });
  const { code, stdout, stderr } = await rig.ask(["build"]);
  assertEquals([code, stderr], [0, "Warning: pattern 'src/*.c' of task 'cc:{stem}' matches no file\n"]);
  assertMatch(stdout, /^Build completed in \d+\.\d\ds: 0 succeeded, 0 failed, 0 skipped\n$/);
  const unknown = await rig.ask(["build", "cc:a"]);
  assertEquals([unknown.code, unknown.stderr], [2, "Unknown task 'cc:a'\n"]);
});

// S5.13: patterns need no template.
rigTest("names of other tasks may be patterns in any config", async (rig) => {
  const task = (name: string, fields: Record<string, unknown> = {}) => ({ name, output: `out/${name}`, ...fields });
  rig.write("build.json", {
    tasks: [
      task("test:a", { content: "a" }),
      task("test:b", { content: "b" }),
      task("test:all", { dependencies: ["test:*"] }),
      task("last", { dependencies: ["test:?"], after: ["test:*"] }),
    ],
  });
  assertEquals((await rig.ask(["build"])).code, 0);
  assertEquals([rig.read("out/test:all"), rig.read("out/last")], ["ab", "ab"]);
  const { tasks } = JSON.parse((await rig.ask(["list", "--json", "last"])).stdout);
  assertEquals([tasks[0].dependencies, tasks[0].after], [["test:a", "test:b"], ["test:all"]]);
  rig.write("build.json", { tasks: [task("a", { dependencies: ["tst:*"] }), task("test:a")] });
  assertEquals(
    (await rig.ask(["build"])).stderr,
    `Task 'a' depends on 'tst:*', which matches no task
  --> build.json:7:9
7 |         "tst:*"
  |         ^^^^^^^ did you mean 'test:*'?
`,
  );
});

// S5.13
rigTest("what is found wrong later is shown at the template too, also when some tasks are chosen", async (rig) => {
  rig.write("build.json", { include: "sub/build.json", tasks: [{ name: "first", output: "first", content: "" }] });
  rig.write(
    "sub/build.json",
    '{"tasks": [\n  {"name": "r:{r}", "matrix": {"r": ["n", "s"]}, "source_files": ["all", "{r}.csv"], "output": "{r}"}\n]}',
  );
  rig.write("sub/all", "");
  rig.write("sub/n.csv", "");
  const { code, stderr } = await rig.ask(["build", "sub:r:s"]);
  assertEquals([code, stderr], [
    2,
    `Task 'sub:r:s' needs source file 'sub/s.csv', which does not exist
  --> sub/build.json:2:74
2 |   {"name": "r:{r}", "matrix": {"r": ["n", "s"]}, "source_files": ["all", "{r}.csv"], "output": "{r}"}
  |                                                                          ^^^^^^^^^
`,
  ]);
  // From a folder below, all is as if troupe were started there, and places are where they are.
  const below = await rig.ask(["build"], { cwd: "sub" });
  assertStringIncludes(
    below.stderr,
    "Task 'r:s' needs source file 's.csv', which does not exist\n  --> build.json:2:74",
  );
  rig.write("sub/s.csv", "");
  assertEquals((await rig.ask(["build", "sub:*"])).code, 0);
  assertEquals([rig.has("sub/s"), rig.has("first")], [true, false]);
});

// S5.13, S6.18
rigTest("a retry, the history and completions know the tasks of a template by their names", async (rig) => {
  const command = "test -e {stem}.ok && cat {path} > $OUT";
  rig.write("build.json", {
    tasks: [{ ...COMPILE, command }, { name: "all", dependencies: ["cc:*"], output: "out/all" }],
  });
  for (const name of ["a", "b"]) rig.write(`src/${name}.c`, name);
  rig.write("a.ok", "");
  const { code, stdout } = await rig.ask(["build"]);
  assertEquals(code, 1);
  assertStringIncludes(stdout, "cc:b");
  rig.write("b.ok", "");
  assertEquals(started(await rig.ask(["retry", "last"])), ["all", "cc:b"]);
  assertEquals(rig.read("out/all"), "ab");
  assertStringIncludes((await rig.ask(["history", "--task", "cc:b"])).stdout, "#1");
  assertStringIncludes((await rig.ask(["why", "cc:b"])).stdout, "up to date");
  assertStringIncludes((await rig.ask(["graph", "all"])).stdout, "cc:b");
});

// S5.1, S5.13
rigTest(
  "a file's name with brackets means itself among outputs and in globs, and so does an included folder's",
  async (rig) => {
    const each = { for_each: "src/*.c", source_files: ["{dir}/{stem}.*"] };
    rig.write("app/[id]/build.json", {
      tasks: [
        {
          ...each,
          name: "two:{stem}",
          outputs: ["o/{stem}.o", "o/{stem}.d"],
          command: 'cat {path} | tee "$OUT_2" > $OUT',
        },
        { ...each, name: "glob:{stem}", outputs: ["g/{stem}.*"], command: "mkdir -p g; cp src/{stem}.* g" },
        { ...each, name: "folder:{stem}", outputs: ["f/{stem}/"], command: 'cp src/{stem}.* "$OUT"' },
      ],
    });
    rig.write("build.json", {
      include: "app/*/build.json",
      tasks: [{ name: "all", dependencies: ["*"], outputs: [] }],
    });
    const names = ["[x]", "x", "{y}", "s*", "sun"];
    for (const name of names) {
      rig.write(`app/[id]/src/${name}.c`, `${name}.c`);
      rig.write(`app/[id]/src/${name}.h`, `${name}.h`);
    }
    await rig.build();
    const read = () =>
      names.map((name) =>
        ["o/%.o", "o/%.d", "g/%.c", "g/%.h", "f/%/%.c"].map((path) => {
          return rig.read(`app/[id]/${path.replaceAll("%", name)}`);
        })
      );
    assertEquals(read(), names.map((name) => [`${name}.c`, `${name}.c`, `${name}.c`, `${name}.h`, `${name}.c`]));
    assertEquals(started(await rig.ask(["build"])), []);
    rig.write("app/[id]/src/sun.h", "other");
    assertEquals(
      started(await rig.ask(["build"])),
      ["all", "folder:sun", "glob:sun", "two:sun"].map((name) => {
        return name === "all" ? name : `[id]:${name}`;
      }).sort(),
    );
  },
);

// S5.13
rigTest(
  "a name that begins with an exclamation mark leaves nothing out, be it a file's or an included folder's",
  async (rig) => {
    for (const folder of ["!odd", "even"]) {
      rig.write(`${folder}/build.json`, {
        tasks: [
          {
            name: "one:{stem}",
            for_each: "*.c",
            source_files: ["{stem}.c", "{stem}.h"],
            output: "{stem}.o",
            writes: ["{stem}.log"],
            command: 'cat "{stem}.c" "{stem}.h" > "$OUT"',
          },
          {
            name: "two:{stem}",
            for_each: "*.c",
            outputs: ["{stem}.d/", "./!{stem}.e"],
            command: 'cp *.h "$OUT"; cp *.c "$OUT_2"',
            source_files: ["*.h", "*.c", "!z.h"],
          },
        ],
      });
      rig.write(`${folder}/!a.c`, "c");
      rig.write(`${folder}/!a.h`, "h");
      rig.write(`${folder}/z.h`, "z");
    }
    rig.write("build.json", { include: "*/build.json", tasks: [] });
    const built = await rig.ask(["build"]);
    assertEquals([built.code, built.stderr, started(built).length], [0, "", 4]);
    for (const folder of ["!odd", "even"]) {
      assertEquals(["!a.o", "!a.d/!a.h", "!!a.e"].map((path) => rig.read(`${folder}/${path}`)), ["ch", "h", "c"]);
    }
    rig.write("!odd/z.h", "other");
    assertEquals(started(await rig.ask(["build"])), []);
    rig.write("!odd/!a.h", "other");
    assertEquals(started(await rig.ask(["build"])), ["!odd:one:!a", "!odd:two:!a"]);
    rig.write("even/!b.c", "");
    rig.write("even/!b.h", "");
    assertEquals(started(await rig.ask(["build"])), ["even:one:!b", "even:two:!a", "even:two:!b"]);
  },
);
