// What a command is told, and what counts as its artifact.
import { assertEquals, assertStringIncludes } from "@std/assert";
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

rigTest("a command's artifact is what it wrote to $OUT", async (rig) => {
  assertEquals(await buildOne(rig, { command: 'echo good > "$OUT"; echo bad > out/one' }), undefined);
  assertEquals([rig.read("out/one"), rig.files("out")], ["good\n", ["out/one"]]);
});

rigTest("a command's artifact is else its output, if it wrote that anew", async (rig) => {
  assertEquals(await buildOne(rig, { command: "echo first > out/one" }), undefined);
  assertEquals(rig.read("out/one"), "first\n");
  assertEquals(await buildOne(rig, { command: "echo again > out/one" }), undefined);
  assertEquals(executed(await rig.build()), []);
  // What was there before is no artifact of this command.
  assertEquals(
    await buildOne(rig, { command: ": nothing" }),
    "Command wrote no artifact: write to \"$OUT\" or to 'out/one'",
  );
});

rigTest("a command that writes nothing fails with what to do about it", async (rig) => {
  const error = "Command wrote no artifact: write to \"$OUT\" or to 'out/one'";
  assertEquals(await buildOne(rig, { command: "true" }), error);
  assertEquals((await rig.build()).code, 1);
});

rigTest("a command that makes a folder of its artifact fails, and the folder is gone", async (rig) => {
  assertStringIncludes((await buildOne(rig, { command: 'mkdir "$OUT"' }))!, "Cannot publish artifact 'out/one'");
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

rigTest("an artifact is synced before it is renamed into place, and its folder afterwards", async (rig) => {
  rig.write("build.json", {
    num_workers: 1,
    tasks: [
      { name: "content", output_artifact: "out/content", content: "x" },
      { name: "command", output_artifact: "out/command", command: 'echo x > "$OUT"' },
    ],
  });
  const strace = ["-f", "-y", "-o", rig.path("trace"), "-e", "trace=fsync,rename,renameat,renameat2"];
  const { code } = await rig.spawn("strace", [...strace, Deno.execPath(), "run", "-A", rig.program]).ended;
  assertEquals(code, 0);
  const calls = rig.read("trace").split("\n").flatMap((line) => {
    const match = /(fsync|rename)\w*\((.*)/.exec(line);
    if (match === null) return [];
    const [path] = /\/project\/[^">]*/.exec(match[2]) ?? [""];
    return path.startsWith("/project/out") ? [`${match[1]} ${path.slice(9).replace(/\.\d+\.1$/, "")}`] : [];
  });
  assertEquals(
    calls,
    ["content", "command"].flatMap((name) => [
      `fsync out/${name}.tmp`,
      `rename out/${name}.tmp`,
      "fsync out",
    ]),
  );
}, { ignore: !hasStrace });
