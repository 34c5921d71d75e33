// `troupe watch`: files are edited, and what comes of it is waited for.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { delay } from "@std/async/delay";
import { type Rig, rigTest } from "../rig.ts";
import { MAIN, openCrew, startTroupe, troupe } from "./crew/crew.ts";
import { COPY, started, Watch } from "./watching.ts";

/** Two tasks with a source each, and one that needs both. */
function writePair(rig: Rig): void {
  rig.write("build.json", {
    tasks: [
      { name: "a", source_files: ["src/a.txt"], output_artifact: "out/a", command: COPY },
      { name: "b", source_files: ["src/*.md"], output_artifact: "out/b", command: COPY },
      { name: "both", dependencies: ["a", "b"], output_artifact: "out/both" },
    ],
  });
  rig.write("src/a.txt", "a\n");
  rig.write("src/b.md", "b\n");
}

// S6.14
rigTest("watch builds, then builds again what each edit asks for, and leaves nothing behind", async (rig) => {
  writePair(rig);
  const watch = new Watch(rig);
  assertEquals(started(await watch.rests()).sort(), ["a", "b", "both"]);
  await watch.running.says(/^Build completed.*\nWatching 3 folders for changes$/m);
  rig.write("src/a.txt", "new\n");
  const said = await watch.rests();
  assertMatch(said, /^src\/a\.txt changed\n/);
  assertEquals([started(said), rig.read("out/both")], [["a", "both"], "new\nb\n"]);
  // a file that comes, one that goes, one that only looks new
  rig.write("src/c.md", "c\n");
  assertEquals([started(await watch.rests()), rig.read("out/both")], [["b", "both"], "new\nb\nc\n"]);
  rig.remove("src/b.md");
  assertEquals([started(await watch.rests()), rig.read("out/both")], [["b", "both"], "new\nc\n"]);
  Deno.utimeSync(rig.path("src/a.txt"), 1, 1);
  assertEquals(started(await watch.rests()), []);
  // what nobody reads, what tasks make, what troupe keeps, what is on its way
  for (const path of ["src/d.txt", "out/b", "out/b.tmp.1.1", ".build_cache.lock", "taskrun.db-wal"]) {
    rig.write(path, "");
  }
  rig.write("src/a.txt", "last\n");
  assertEquals(started(await watch.rests()).sort(), ["a", "b", "both"]);
  rig.remove("src/d.txt");
  assertEquals([await watch.end(), watch.builds, watch.running.stderr], [130, 6, ""]);
  const left = rig.files().filter((path) => !/^(src|out)\//.test(path));
  assertEquals(left, [".build_cache.json", "build.json", "taskrun.db"]);
  assertEquals([...Deno.readDirSync(rig.tmp)], []);
});

// S6.14, S5.1
rigTest("what tasks put into folders, and globs match of it, is no change to a watch", async (rig) => {
  const all = { source_files: ["**/*.txt"] };
  rig.write("build.json", {
    tasks: [
      { name: "lint", ...all, outputs: [], command: "cat $IN > /dev/null" },
      { name: "bundle", ...all, outputs: ["dist/"], command: "mkdir dist; cp src/* dist" },
      { name: "gen", ...all, outputs: ["gen/*.txt"], command: "mkdir -p gen; cp src/a.txt gen" },
      { name: "list", dependencies: ["bundle", "lint"], output: "out/list", command: 'cat $DEPS/* > "$OUT"' },
    ],
  });
  rig.write("src/a.txt", "a\n");
  const watch = new Watch(rig);
  assertEquals(started(await watch.rests()).sort(), ["bundle", "gen", "lint", "list"]);
  rig.write("src/a.txt", "new\n");
  assertEquals(started(await watch.rests()).sort(), ["bundle", "gen", "lint", "list"]);
  assertEquals([rig.read("dist/a.txt"), rig.read("out/list")], ["new\n", "new\n"]);
  // What others do there is found by the next build.
  rig.write("dist/a.txt", "spoilt\n");
  rig.write("gen/more.txt", "");
  rig.write("src/b.txt", "b\n");
  assertEquals(started(await watch.rests()).sort(), ["bundle", "gen", "lint", "list"]);
  assertEquals([rig.read("out/list"), rig.files("dist")], ["new\nb\n", ["dist/a.txt", "dist/b.txt"]]);
  rig.write("build.json", rig.read("build.json").replace("mkdir dist", "mkdir -p dist"));
  assertEquals(started(await watch.rests()), ["bundle"]);
  assertEquals([await watch.end(), watch.builds], [130, 4]);
});

// S6.14
rigTest("watch lets others build between its builds, and what they make is no change", async (rig) => {
  writePair(rig);
  const watch = new Watch(rig);
  await watch.rests();
  rig.remove("out");
  const { code, stdout, stderr } = await rig.build(["build.json", "--no-store"]);
  assertEquals([code, stderr, started(stdout).length], [0, "", 3], stdout);
  rig.write("src/a.txt", "new\n");
  assertEquals(started(await watch.rests()), ["a", "both"]);
  assertEquals([await watch.end("SIGTERM"), watch.builds], [143, 2]);
});

// S6.14
rigTest("an edit during a build ends only the tasks that read it, which begin anew; the others go on", async (rig) => {
  const [a, b] = [rig.hold("a"), rig.hold("b")];
  rig.write("build.json", {
    tasks: [
      { name: "a", source_files: ["a.txt"], output_artifact: "out/a", command: `cat a.txt > seen; ${a.command}` },
      { name: "b", source_files: ["b.txt"], output_artifact: "out/b", command: b.command },
      { name: "both", dependencies: ["a", "b"], output_artifact: "out/both" },
    ],
  });
  rig.write("a.txt", "old");
  rig.write("b.txt", "b");
  const watch = new Watch(rig, ["--grace", "0"]);
  await Promise.all([a.started(), b.started()]);
  rig.write("a.txt", "new");
  await a.started();
  assertEquals(rig.read("seen"), "new");
  await watch.running.says(
    /^a\.txt changed\nWorker \d: Cancelled task 'a' after \d+\.\d\ds, since what it reads has changed\n.*Started task 'a'/m,
  );
  // saved again as it was: nobody is disturbed
  rig.write("b.txt", "b");
  await watch.running.says(/^b\.txt changed$/m);
  a.release();
  b.release();
  const said = await watch.rests();
  assertMatch(said, /: 3 succeeded, 0 failed, 0 skipped\n$/);
  assertEquals([a.starts, b.starts, watch.builds], [2, 1, 1]);
  // what was made of the new file is remembered
  assertMatch((await rig.build(["build.json"])).stdout, /^Build completed.*: 3 succeeded/m);
  assertEquals(a.starts, 2);
  assertEquals(await watch.end(), 130);
});

// S6.14
rigTest("an edit of what is done already is seen to by the next build, and starts nothing in vain", async (rig) => {
  const slow = rig.hold("slow");
  rig.write("build.json", {
    tasks: [
      { name: "a", source_files: ["a.txt"], output_artifact: "out/a", command: COPY },
      { name: "bad", source_files: ["bad.txt"], output_artifact: "out/bad", command: `grep good bad.txt > "$OUT"` },
      {
        name: "slow",
        dependencies: ["a"],
        output_artifact: "out/slow",
        command: `cat $DEPS > seen; ${slow.command}`,
      },
      { name: "last", dependencies: ["slow", "bad"], output_artifact: "out/last" },
    ],
  });
  rig.write("a.txt", "old\n");
  rig.write("bad.txt", "");
  const watch = new Watch(rig);
  await slow.started();
  await watch.running.says(/Failed task 'bad'/);
  rig.write("a.txt", "new\n");
  rig.write("bad.txt", "good\n");
  await watch.running.says(/changed$/m);
  slow.release();
  await slow.started();
  slow.release();
  const said = await watch.rests();
  assertEquals(said.match(/^Build completed.*: (.*)$/gm)?.map((line) => line.replace(/^.*s: /, "")), [
    "2 succeeded, 1 failed, 1 skipped",
    "4 succeeded, 0 failed, 0 skipped",
  ]);
  assert(!said.includes("Cancelled"), said);
  assertMatch(said, /^ {2}not run +last \(needs bad\)$/m);
  assertEquals([rig.read("seen"), slow.starts, await watch.end()], ["new\n", 2, 130]);
});

// S6.14
rigTest("a file that a glob finds during a build is in the next one, and its task is ended for it", async (rig) => {
  const [a, b] = [rig.hold("a"), rig.hold("b")];
  rig.write("build.json", {
    tasks: [
      { name: "a", source_files: ["src/**/*.txt"], output_artifact: "out/a", command: `echo $IN > seen; ${a.command}` },
      { name: "b", output_artifact: "out/b", command: b.command },
      { name: "last", dependencies: ["a"], output_artifact: "out/last" },
    ],
  });
  rig.write("src/a.txt", "a");
  const watch = new Watch(rig, ["--grace", "0"]);
  await Promise.all([a.started(), b.started()]);
  rig.write("src/deep/b.txt", "b");
  await watch.running.says(/Cancelled task 'a'/);
  b.release();
  await a.started();
  assertEquals(rig.read("seen"), "src/a.txt src/deep/b.txt\n");
  a.release();
  const said = await watch.rests();
  assertMatch(said, /: 1 succeeded, 0 failed, 2 skipped \(1 cancelled\)\n[^]*: 3 succeeded, 0 failed/);
  assertMatch(said, /^ {2}not run +a, last \(left to the next build, since sources have changed\)$/m);
  assert(!said.includes("retry"), said);
  assertEquals([b.starts, await watch.end()], [1, 130]);
});

// S6.14
rigTest(
  "watch survives a failing build, a source that is missing, and a config that is broken for a while",
  async (rig) => {
    writePair(rig);
    rig.remove("src/a.txt");
    const watch = new Watch(rig);
    await watch.rests();
    await watch.running.says(/^Task 'a' needs source file 'src\/a\.txt', which does not exist$/m, "stderr");
    rig.write("src/a.txt", "a\n");
    assertEquals(started(await watch.rests()).sort(), ["a", "b", "both"]);
    rig.write("build.json", "{");
    assertEquals(await watch.rests(), "build.json changed\n");
    await watch.running.says(/^Invalid JSON at line 1, column 2/m, "stderr");
    // what is done meanwhile goes by the last one that was right
    rig.write("src/a.txt", "new\n");
    assertEquals(started(await watch.rests()), ["a", "both"]);
    rig.write("build.json", {
      tasks: [{
        name: "other",
        source_files: ["else/x.txt"],
        output_artifact: "out/other",
        command: `${COPY}; exit 1`,
      }],
    });
    await watch.rests();
    rig.write("else/x.txt", "x\n");
    assertMatch(await watch.rests(), /: Failed task 'other'/);
    rig.remove("build.json");
    assertEquals(await watch.rests(), "build.json changed\n");
    await watch.running.says(/Build configuration not found at path: build\.json\n$/, "stderr");
    writePair(rig);
    assertMatch(await watch.rests(), /^build\.json[^]*: 3 succeeded/);
    assertEquals(await watch.end(), 130);
  },
);

// S6.14
rigTest("watch follows what modules import, and files that lie elsewhere than their name says", async (rig) => {
  rig.write("../lib/real.txt", "real\n");
  rig.write("build.json", {
    tasks: [
      { name: "m", module: "gen.ts", output_artifact: "out/m" },
      { name: "l", source_files: ["link.txt"], output_artifact: "out/l", command: COPY },
      { name: "o", source_files: ["../lib/**/*.md"], output_artifact: "out/o", command: COPY },
    ],
  });
  rig.write("gen.ts", 'import { text } from "./lib/text.ts";\nexport default () => text;\n');
  rig.write("lib/text.ts", "export const text: string = 'one';\n");
  rig.write("../lib/x/y.md", "y\n");
  Deno.symlinkSync("../lib/real.txt", rig.path("link.txt"));
  const watch = new Watch(rig);
  await watch.rests();
  rig.write("lib/text.ts", 'import { more } from "../more/more.ts";\nexport const text: string = `two ${more}`;\n');
  rig.write("more/more.ts", "export const more = 'or';\n");
  await watch.rests();
  assertEquals(rig.read("out/m"), "two or");
  rig.write("more/more.ts", "export const more = 'more';\n");
  assertMatch(await watch.rests(), /^more\/more\.ts changed\n/);
  assertEquals(rig.read("out/m"), "two more");
  rig.write("../lib/real.txt", "new\n");
  assertEquals([started(await watch.rests()), rig.read("out/l")], [["l"], "new\n"]);
  rig.write("../lib/z/z.md", "z\n");
  assertMatch(await watch.rests(), /^\.\.\/lib\/z\/z\.md changed\n/);
  assertEquals([rig.read("out/o"), await watch.end()], ["y\nz\n", 130]);
});

// S6.14
rigTest("watch waits for its turn when another build goes on, and sees what changes meanwhile", async (rig) => {
  const held = rig.hold("held");
  rig.write("build.json", {
    tasks: [{
      name: "a",
      source_files: ["a.txt"],
      output_artifact: "out/a",
      command: `cat a.txt > seen; ${held.command}`,
    }],
  });
  rig.write("a.txt", "old");
  const other = rig.start(["build.json"]);
  await held.started();
  const watch = new Watch(rig);
  await watch.running.says(/Waiting for another build/, "stderr");
  rig.write("a.txt", "new");
  await watch.running.says(/^a\.txt changed$/m);
  held.release();
  assertEquals((await other.ended).code, 0);
  await held.started();
  assertEquals(rig.read("seen"), "new");
  held.release();
  await watch.rests();
  assertEquals(await watch.end(), 130);
});

// S6.14
rigTest("watch takes names of tasks and a config from above, and looks by itself with --poll", async (rig) => {
  writePair(rig);
  rig.write("sub/x", "");
  const watch = new Watch(rig, ["b", "--poll", "--no-history"], { cwd: "sub" });
  assertEquals(started(await watch.rests()), ["b"]);
  await watch.running.says(/^troupe: Entering directory/);
  rig.write("src/a.txt", "new\n");
  rig.write("src/new/c.md", "c\n");
  rig.write("src/c.md", "c\n");
  const said = await watch.rests();
  assertMatch(said, /^src\/c\.md changed\n/);
  assertEquals([started(said), rig.has("taskrun.db"), await watch.end()], [["b"], false, 130]);
});

// S6.14, S3.47
rigTest("watch is about a crew with --db, and where there is a crew's database and no config", async (rig) => {
  const none = await troupe(rig, "watch");
  assertEquals([none.code, none.stderr], [
    2,
    "No build.json or build.jsonc here or above, and no crew.sqlite; see troupe watch --help\n",
  ]);
  (await openCrew(rig)).close();
  for (const args of [["watch"], ["watch", "--db", "crew.sqlite"], ["status", "--watch"]]) {
    const watch = startTroupe(rig, args);
    await watch.says(/^Workflow 'main': no tasks yet$/m);
    watch.kill("SIGINT");
    assertEquals((await watch.ended).code, 0);
  }
  writePair(rig);
  const watch = new Watch(rig);
  await watch.rests();
  assertEquals(await watch.end(), 130);
  const errors: [string[], string][] = [
    [["watch", "--db", "crew.sqlite", "--jobs", "2"], "--db is about a crew, --jobs about builds\n"],
    [["watch", "--json", "a"], "--json is about a crew, 'a' about builds\n"],
    [["watch", "--debounce", "x"], "--debounce must be a whole number from 0 to 60000, not 'x'\n"],
    [["watch", "c"], "Unknown task 'c'"],
    [["status", "--interval", "1"], "--interval needs --watch\n"],
    [["status", "--watch", "--prune", "1"], "--watch and --prune exclude each other\n"],
  ];
  for (const [args, message] of errors) {
    const { code, stderr } = await rig.ask(args);
    assertEquals([code, stderr.slice(0, message.length)], [2, message]);
  }
  rig.write("tasks.txt", "a: true\n");
  const tasks = await troupe(rig, "watch", "tasks.txt");
  assertEquals([tasks.code, tasks.stderr], [
    2,
    "'tasks.txt' is a task file: its tasks name no sources, so there is nothing to watch\n" +
    "  a build config names them, see troupe help config\n",
  ]);
});

// S6.14
rigTest("watch ends when nobody reads any more what it says", async (rig) => {
  writePair(rig);
  const program = `'${Deno.execPath()}' run -A '${MAIN}' watch --jobs 2`;
  const piped = rig.spawn("/bin/sh", ["-c", `{ ${program}; echo "$?" > code; } | head -n 1`]);
  let isOver = false;
  piped.ended.then(() => isOver = true);
  // head may still be about to end when the first of these is told of
  for (let edit = 0; !isOver; edit++) {
    rig.write("src/a.txt", `${edit}\n`);
    await Promise.race([piped.ended, delay(200)]);
  }
  assertEquals([(await piped.ended).stderr, rig.read("code")], ["", "0\n"]);
});

// S6.14
rigTest("an edit of what a module imports only since an edit of its own is not lost", async (rig) => {
  const held = rig.hold("held");
  rig.write("build.json", {
    tasks: [
      { name: "m", module: "m.ts", output_artifact: "out/m" },
      { name: "held", output_artifact: "out/held", command: held.command },
    ],
  });
  rig.write("m.ts", "export default () => new Promise(() => setInterval(() => {}, 1000));\n");
  const watch = new Watch(rig);
  await watch.running.says(/Started task 'm'/);
  await held.started();
  rig.write("x.ts", "export const x = 'old';\n");
  rig.write("m.ts", "import { x } from './x.ts';\nexport default () => x;\n");
  await watch.running.says(/Completed task 'm'/);
  assertEquals(rig.read("out/m"), "old");
  rig.write("x.ts", "export const x = 'new';\n");
  held.release();
  assertMatch(await watch.rests(), /Cancelled task 'm' after/);
  assertEquals([rig.read("out/m"), held.starts, await watch.end()], ["new", 1, 130]);
});

// S6.14
rigTest("watch is refused to a task of the folder's own build, which it would wait for", async (rig) => {
  const command = `'${Deno.execPath()}' run -A '${MAIN}' watch 2> said; echo $? > "$OUT"`;
  rig.write("build.json", { tasks: [{ name: "a", output_artifact: "out/a", command }] });
  assertEquals((await rig.build(["build.json"])).code, 0);
  assertEquals(rig.read("out/a"), "2\n");
  assertMatch(rig.read("said"), /^This build was started by task 'a' of the same config and would wait for itself\n$/);
});

// S6.14
rigTest("an edit of what a link leads to is not lost in the first build", async (rig) => {
  const held = rig.hold("held");
  rig.write("build.json", {
    tasks: [
      { name: "held", output_artifact: "out/held", command: held.command },
      { name: "l", dependencies: ["held"], source_files: ["link.txt"], output_artifact: "out/l", command: COPY },
      { name: "k", source_files: ["link.txt"], output_artifact: "out/k", command: COPY },
    ],
  });
  rig.write("real.txt", "old\n");
  Deno.symlinkSync("real.txt", rig.path("link.txt"));
  const watch = new Watch(rig);
  await watch.running.says(/Completed task 'k'/);
  await held.started();
  rig.write("real.txt", "new\n");
  await watch.running.says(/^real\.txt changed$/m);
  held.release();
  await watch.rests();
  assertEquals([rig.read("out/l"), rig.read("out/k"), await watch.end()], ["new\n", "new\n", 130]);
});

// S6.14
rigTest("a task that writes a file for a while where its own glob finds it comes to its end", async (rig) => {
  const command = 'cat in.txt > "scratch-$$"; sleep 0.2; cat "scratch-$$" > "$OUT"; rm "scratch-$$"';
  rig.write("build.json", { tasks: [{ name: "a", source_files: ["**/*"], output_artifact: "out/a", command }] });
  rig.write("in.txt", "in\n");
  const watch = new Watch(rig, ["--grace", "0", "--debounce", "1"]);
  await watch.rests();
  rig.write("in.txt", "new\n");
  await watch.rests();
  assertEquals([rig.read("out/a"), await watch.end()], ["new\n", 130]);
});
