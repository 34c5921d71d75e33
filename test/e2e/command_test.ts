// What a command is told, and what counts as its artifact.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { type Rig, rigTest } from "../rig.ts";
import { executed, reportOf } from "./said.ts";

/** Builds one task and answers with its error, if it failed. */
async function buildOne(rig: Rig, task: Record<string, unknown>): Promise<string | undefined> {
  rig.write("build.json", { tasks: [{ name: "one", output_artifact: "out/one", ...task }] });
  return reportOf(await rig.build(["--json"])).results.one.error_message;
}

rigTest("a command is told OUT, IN, DEPS and TASK, and runs in the config's folder", async (rig) => {
  rig.write("sub/src/b.txt", "");
  rig.write("sub/src/a.txt", "");
  rig.write("sub/build.json", {
    tasks: [
      { name: "x", output_artifact: "out/x", content: "" },
      { name: "y", output_artifact: "out/y", content: "" },
      {
        name: "tell me",
        dependencies: ["y", "x"],
        source_files: ["src/b.txt", "src/*.txt"],
        output_artifact: "out/told",
        env: { DECLARED: "yes: $HOME" },
        command: 'printf "%s\\n" "$IN" "$DEPS" "$TASK" "$DECLARED" "$GIVEN" "$OUT" "$(pwd)" > "$OUT"',
      },
    ],
  });
  const running = rig.start(["sub/build.json"], { env: { GIVEN: "from outside", DECLARED: "overridden" } });
  assertEquals((await running.ended).code, 0);
  const [sources, artifacts, task, declared, given, out, folder] = rig.read("sub/out/told").split("\n");
  assertEquals([sources, artifacts, task], ["src/b.txt src/a.txt", "out/y out/x", "tell me"]);
  assertEquals([declared, given], ["yes: $HOME", "from outside"]);
  assertEquals(folder, rig.path("sub"));
  // S0.35: beside the target, by process and worker
  assertEquals(out.replace(/\d$/, "N"), `${rig.path("sub/out/told")}.tmp.${running.pid}.N`);
});

rigTest("two tasks with one command are told apart where the command asks for the task's name", async (rig) => {
  const task = (name: string) => ({ name, output_artifact: name, command: 'echo "$TASK" > "$OUT"' });
  rig.write("build.json", { tasks: [task("a"), task("b")] });
  assertEquals(executed(await rig.build()), ["a", "b"]);
  assertEquals([rig.read("a"), rig.read("b")], ["a\n", "b\n"]);
});

// K22, S0.45
rigTest("what a command is told is part of what names its work: two tasks with one script", async (rig) => {
  rig.write("gen.sh", 'echo "for $TASK" > "$OUT"; echo x >> runs');
  const task = (name: string, command: string) => ({ name, output_artifact: name, source_files: ["gen.sh"], command });
  const shared = "sh gen.sh", own = 'sh gen.sh "$TASK"';
  rig.write("build.json", {
    num_workers: 1,
    tasks: [task("a", shared), task("b", shared), task("c", own), task("d", own)],
  });
  // a name that troupe itself was given is no task's
  assertEquals((await rig.build([], { env: { TASK: "outer" } })).code, 0);
  assertEquals([rig.read("a"), rig.read("b")], ["for \n", "for \n"]);
  assertEquals([rig.read("c"), rig.read("d")], ["for c\n", "for d\n"]);
  assertEquals(rig.read("runs"), "x\nx\nx\n");
  assertEquals(executed(await rig.build()), []);
});

// K22
rigTest("a variable of the surroundings that a command names is part of what names its work", async (rig) => {
  const tasks = ['echo "$CC" > "$OUT"', 'echo "${CC:-none}" > "$OUT"', 'echo CC "$@" > "$OUT"'];
  rig.write("build.json", {
    num_workers: 1,
    tasks: tasks.map((command, i) => ({ name: `t${i}`, output: `t${i}`, command })),
  });
  const build = async (env: Record<string, string>) => executed(await rig.build([], { env }));
  assertEquals(await build({ CC: "gcc" }), ["t0", "t1", "t2"]);
  assertEquals(await build({ CC: "gcc", LD: "ld" }), []);
  assertStringIncludes((await rig.build(["-n"], { env: { CC: "s3cret" } })).stdout, "environment changed: CC");
  assertEquals(await build({ CC: "s3cret" }), ["t0", "t1"]);
  assertEquals([rig.read("t0"), rig.read("t1")], ["s3cret\n", "s3cret\n"]);
  assertEquals(rig.read(".build_cache.json").includes("s3cret"), false);
  assertEquals(await build({}), ["t0", "t1"]);
  assertEquals([rig.read("t0"), rig.read("t1")], ["\n", "none\n"]);
});

rigTest("a command's artifact is what it wrote to $OUT", async (rig) => {
  assertEquals(await buildOne(rig, { command: 'echo good > "$OUT"; echo bad > out/one' }), undefined);
  assertEquals([rig.read("out/one"), rig.files("out")], ["good\n", ["out/one"]]);
});

rigTest("a command's artifact is else its output, if it wrote that anew", async (rig) => {
  assertEquals(await buildOne(rig, { command: "echo first > out/one" }), undefined);
  assertEquals(rig.read("out/one"), "first\n");
  assertEquals(await buildOne(rig, { command: "echo again > out/one" }), undefined);
  assertEquals(executed(await rig.build()), []);
});

// K4
rigTest(
  "a command's artifact is else what lies at its output as it was, unless that is known to be wrong",
  async (rig) => {
    const command = "test -e out/one || echo 1 > out/one";
    rig.write("build.json", {
      tasks: [
        { name: "one", output: "out/one", command },
        { name: "direct", output: "out/direct", command: "cp -n src out/direct", source_files: ["src"] },
        { name: "needs", output: "out/needs", command: "cat $DEPS > $OUT", dependencies: ["one", "direct"] },
      ],
    });
    rig.write("src", "a source\n");
    assertEquals(executed(await rig.build(["--no-store"])), ["direct", "needs", "one"]);
    assertEquals(executed(await rig.build(["--no-store"])), []);
    // Both are done again, and what needs them is not: they came out as they were.
    assertEquals(executed(await rig.build(["--no-store", "-f", "-t", "one", "-t", "direct"])), ["direct", "one"]);
    assertEquals(executed(await rig.build(["--no-store"])), []);
    rig.remove(".build_cache.json");
    const again = await rig.build(["--no-store"]);
    assertEquals([again.code, executed(again)], [0, ["direct", "needs", "one"]]);
    assertEquals(rig.read("out/needs"), "1\na source\n");
    // What was edited since is not what the command has made.
    rig.write("out/one", "edited\n");
    const edited = await rig.build(["--no-store"]);
    assertEquals(edited.code, 1);
    assertStringIncludes(edited.stdout, "or to 'out/one', which was edited since it was made");
    assertEquals(rig.read("out/one"), "edited\n");
  },
);

// K4
rigTest("a command that leaves a folder or nothing at its output has made no artifact", async (rig) => {
  rig.write("out/one", "there\n");
  assertStringIncludes((await buildOne(rig, { command: "rm out/one" }))!, "Command wrote no artifact");
  const error = await buildOne(rig, { command: "mkdir out/one" });
  assertEquals(error, "Cannot publish artifact 'out/one': not a regular file");
});

rigTest("a command that writes nothing fails with what to do about it", async (rig) => {
  const error = "Command wrote no artifact: write to \"$OUT\" or to 'out/one'";
  assertEquals(await buildOne(rig, { command: "true" }), error);
  assertEquals((await rig.build()).code, 1);
});

rigTest("a command that makes a folder of its artifact fails, and the folder is gone", async (rig) => {
  const error = "Cannot publish artifact 'out/one': not a regular file";
  assertEquals(await buildOne(rig, { command: 'mkdir "$OUT"' }), error);
  assertEquals(rig.files("out"), []);
});

rigTest("a command finds no input, and its output is no terminal", async (rig) => {
  assertEquals(await buildOne(rig, { command: 'cat > "$OUT"; [ ! -t 1 ]' }), undefined);
  assertEquals(rig.read("out/one"), "");
});

// S0.65
rigTest("a task without an action joins its sources or, having none, its dependencies' artifacts", async (rig) => {
  rig.write("1.txt", "one\n");
  rig.write("2.txt", "two, without a newline");
  rig.write("3.txt", "three\n");
  rig.write("build.json", {
    tasks: [
      { name: "content", output: "content", content: "content\n" },
      { name: "sources", output: "sources", source_files: ["3.txt", "[12].txt"], dependencies: ["content"] },
      { name: "deps", output: "deps", dependencies: ["sources", "content"] },
      { name: "nothing", output: "nothing" },
    ],
  });
  assertEquals((await rig.build()).code, 0);
  assertEquals(rig.read("sources"), "three\none\ntwo, without a newline");
  assertEquals(rig.read("deps"), "three\none\ntwo, without a newlinecontent\n");
  assertEquals(rig.read("nothing"), "");
});

rigTest("a source may lie outside the config's folder, and names may be any", async (rig) => {
  rig.write("beside.txt", "beside\n");
  rig.write('sub/it\'s; "odd" $HOME ☃.txt', "odd\n");
  rig.write("sub/build.json", {
    tasks: [{
      name: 'it\'s → "odd"',
      source_files: ["../beside.txt", 'it\'s; "odd" $HOME ☃.txt'],
      output: "out dir/ü ☃.txt",
      command: 'cat ../beside.txt it*.txt > "$OUT"',
    }],
  });
  const first = await rig.build(["sub/build.json"]);
  assertStringIncludes(first.stdout, "Completed task 'it's → \"odd\"' in ");
  assertEquals(rig.read("sub/out dir/ü ☃.txt"), "beside\nodd\n");
  assertEquals(executed(await rig.build(["sub/build.json"])), []);
  rig.write("beside.txt", "edited\n");
  assertEquals(executed(await rig.build(["sub/build.json"])).length, 1);
});

// S0.36, by strace where there is one
const hasStrace = new Deno.Command("/bin/sh", { args: ["-c", "strace -e trace=none true"], stderr: "null" })
  .outputSync().success;
if (!hasStrace) console.log("the order of fsync and rename is not looked at: there is no strace that works");

/** The fsyncs and renames of a build, by their paths in the project, with the names of temporary files cut short. */
async function syncsOf(rig: Rig, ...options: string[]): Promise<string[]> {
  const strace = ["-f", "-y", "-o", rig.path("trace"), "-e", "trace=fsync,rename,renameat,renameat2"];
  const { code } = await rig.spawn("strace", [...strace, Deno.execPath(), "run", "-A", rig.program, ...options]).ended;
  assertEquals(code, 0);
  return rig.read("trace").split("\n").flatMap((line) => {
    const match = /(fsync|rename)\w*\((.*)/.exec(line);
    if (match === null) return [];
    const [path] = /\/project\/[^">]*/.exec(match[2]) ?? [""];
    return /^\/project\/(out|\.build_cache\.json\.tmp)/.test(path)
      ? [`${match[1]} ${path.slice(9).replace(/\.tmp\..*$/, ".tmp")}`]
      : [];
  });
}

/**
 * Checks that each file is synced before it gets its name, and the folder of each artifact before the cache that tells
 * of it is; answers with the artifacts' folders in the order of their syncs. The cache may be written at any time.
 */
function foldersSynced(calls: string[]): string[] {
  const inSync = new Set<string>(), unsynced = new Set<string>(), folders: string[] = [];
  for (const call of calls) {
    const [, operation, path] = /^(\w+) (.*)$/.exec(call)!;
    if (operation === "rename") {
      assert(inSync.delete(path), `${path} is renamed unsynced: ${calls.join(", ")}`);
      if (path.startsWith("out/")) unsynced.add(path.slice(0, path.lastIndexOf("/")));
      else assertEquals([...unsynced], [], `the cache is written first: ${calls.join(", ")}`);
    } else if (path.endsWith(".tmp")) inSync.add(path);
    else {
      unsynced.delete(path);
      folders.push(path);
    }
  }
  assertEquals(calls.at(-1), "rename .build_cache.json.tmp");
  return folders;
}

rigTest("an artifact is synced before its rename, and its folder before anything tells of it", async (rig) => {
  rig.write("build.json", {
    num_workers: 1,
    tasks: [
      { name: "content", output_artifact: "out/content", content: "x" },
      { name: "command", output_artifact: "out/command", command: 'echo x > "$OUT"' },
    ],
  });
  const calls = await syncsOf(rig);
  const renames = calls.filter((call) => call.startsWith("rename "));
  assertEquals(renames.filter((call) => call.includes("out/")), ["rename out/content.tmp", "rename out/command.tmp"]);
  const writes = renames.length - 2;
  assertEquals(foldersSynced(calls), Array(writes).fill("out"), "once for each writing of the cache");
}, { ignore: !hasStrace });

// S0.36
rigTest("of many folders all but eight are synced right behind an artifact, in a transaction all are", async (rig) => {
  const folders = Array.from({ length: 10 }, (_, i) => `out/${i}`);
  rig.write("build.json", {
    num_workers: 1,
    tasks: folders.map((folder) => ({ name: folder, output_artifact: `${folder}/a`, content: folder })),
  });
  const isRightBehind = (calls: string[], folder: string) =>
    calls[calls.indexOf(`rename ${folder}/a.tmp`) + 1] === `fsync ${folder}`;
  const calls = await syncsOf(rig);
  assertEquals(foldersSynced(calls).toSorted(), folders);
  // What is synced for the cache is so as well where the cache happens to be written right behind the artifact.
  const late = folders.slice(8);
  assertEquals(late.filter((folder) => !isRightBehind(calls, folder)), []);
  assert(folders.slice(0, 7).some((folder) => !isRightBehind(calls, folder)), calls.join(", "));
  const all = await syncsOf(rig, "build.json", "--force", "--transaction");
  assertEquals(folders.filter((folder) => !isRightBehind(all, folder)), []);
}, { ignore: !hasStrace });
