// Flags, help, exit codes, permissions, and where the lines go.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { dirname } from "@std/path";
import { type Rig, rigTest } from "../rig.ts";
import { executed } from "./said.ts";

const ONE = { tasks: [{ name: "a", output_artifact: "out/a", content: "a" }] };

/** Runs the program by its other door. */
function troupe(rig: Rig, args: string[]) {
  return rig.build(args, { deno: ["run", "-A", `${dirname(rig.program)}/main.ts`] });
}

rigTest("build refuses flags it does not know, and guesses what was meant", async (rig) => {
  rig.write("build.json", ONE);
  const said = async (...args: string[]) => {
    const { code, stdout, stderr } = await rig.ask(["build", ...args]);
    assertEquals([code, stdout], [2, ""]);
    return stderr;
  };
  assertEquals(await said("--job", "3"), "Unknown flag '--job', did you mean '--jobs'?\n");
  assertEquals(await said("--dryrun"), "Unknown flag '--dryrun', did you mean '--dry-run'?\n");
  assertEquals(await said("--colour=no"), "Unknown flag '--colour'; see troupe build --help\n");
  assertEquals(await said("-z"), "Unknown flag '-z'; see troupe build --help\n");
  // K37
  assertEquals(await said("--parallel=3"), "Unknown flag '--parallel', did you mean '--jobs'?\n");
  assertEquals(await said("-B"), "Unknown flag '-B', did you mean '--force'?\n");
  assertEquals(await said("-k"), "Unknown flag '-k': what needs no failed task is done anyway\n");
  assertEquals(await said("--watch"), "Unknown flag '--watch': see troupe watch\n");
  assertEquals(await said("-C", "web"), "Unknown flag '-C': name the config there: -c FOLDER/build.json\n");
  assertEquals(await said("--jobs", "many"), "--jobs must be a whole number from 1 to 1024, not 'many'\n");
  assertEquals(await said("-j", "0"), "--jobs must be a whole number from 1 to 1024, not '0'\n");
  assertEquals(await said("--report"), "--report needs a value; see troupe build --help\n");
  assertEquals(await said("build.json", "other.json"), "Unexpected argument 'other.json'; see troupe build --help\n");
  assertEquals(await said("-q", "-v"), "--quiet and --verbose exclude each other\n");
  assertEquals(rig.files(), ["build.json"]);
});

rigTest("troupe builds like build.ts does, and refuses commands it does not know", async (rig) => {
  rig.write("build.json", ONE);
  assertEquals(executed(await troupe(rig, ["build"])), ["a"]);
  assertEquals(executed(await troupe(rig, ["build", "build.json", "--force"])), ["a"]);
  const { code, stdout, stderr } = await troupe(rig, ["biuld"]);
  assertEquals([code, stdout, stderr], [2, "", "Unknown command or task 'biuld', did you mean the command 'build'?\n"]);
  assertMatch(
    (await troupe(rig, ["dance"])).stderr,
    /^Unknown command or task 'dance'; see troupe --help and troupe list\n$/,
  );
});

rigTest("troupe tells its version and how it is used", async (rig) => {
  const version = await troupe(rig, ["--version"]);
  assertEquals(version.code, 0);
  assertMatch(version.stdout, /^troupe \d+\.\d+\.\d+\n$/);
  const help = await troupe(rig, ["--help"]);
  assertEquals([help.code, help.stderr], [0, ""]);
  assertStringIncludes(help.stdout, "troupe COMMAND");
  const build = await rig.build(["--help"]);
  assertEquals([build.code, build.stderr], [0, ""]);
  for (const flag of ["--jobs", "--task", "--fail-fast", "--force", "--dry-run", "--json", "--report", "Exit codes"]) {
    assertStringIncludes(build.stdout, flag);
  }
});

rigTest("build lacking a permission names the flag to give, without a stack", async (rig) => {
  rig.write("build.json", ONE);
  for (const flags of [[], ["--allow-read"], ["--allow-read", "--allow-write"]]) {
    const { code, stdout, stderr } = await rig.build([], { deno: ["run", "--no-prompt", ...flags, rig.program] });
    assertEquals([code, stdout], [2, ""]);
    assertMatch(stderr, /^troupe lacks a permission: Requires /m);
    assertStringIncludes(stderr, "run it with -A, or with -P");
    assert(!stderr.includes("    at "), stderr);
  }
});

// Deno knows such sets since 2.5.
const hasSets = !/^2\.[0-4]\./.test(Deno.version.deno);

rigTest("build can do with the permission set of deno.json", async (rig) => {
  rig.write("build.json", { tasks: [...ONE.tasks, { name: "b", output_artifact: "b", command: 'echo > "$OUT"' }] });
  const { code, stdout } = await rig.build([], { deno: ["run", "-P", rig.program] });
  assertEquals([code, executed({ stdout })], [0, ["a", "b"]]);
}, { ignore: !hasSets });

rigTest("build goes on to its end when nobody reads what it says any more", async (rig) => {
  const tasks = Array.from(
    { length: 300 },
    (_, i) => ({ name: `t${i}`, output_artifact: `out/${i}`, content: `${i}` }),
  );
  rig.write("build.json", { tasks });
  const command = `{ "${Deno.execPath()}" run -A "${rig.program}"; echo "exit $?" >&2; } | head -1`;
  const { stdout, stderr } = await rig.spawn("/bin/sh", ["-c", command]).ended;
  assertMatch(stdout, /^Worker \d: Started task .*\n$/);
  assertEquals(stderr, "exit 0\n");
  assertEquals(rig.files("out").length, 300);
});

rigTest("build in a folder it cannot write to says so once and fails the tasks", async (rig) => {
  rig.write("build.json", ONE);
  rig.write("out", "a file where a folder should be");
  const { code, stdout } = await rig.build();
  assertEquals(code, 1);
  assertStringIncludes(stdout, "Failed task 'a'");
  assertEquals(rig.read("out"), "a file where a folder should be");
});

rigTest("a second build of the same config waits, says for whom, and finds the work done", async (rig) => {
  const held = rig.hold("held");
  rig.write("build.json", { tasks: [{ name: "a", output_artifact: "a", command: held.command }] });
  const first = rig.start();
  await held.started();
  const second = rig.start();
  await second.says(/\n/, "stderr");
  assertEquals(second.stderr, `Waiting for another build in this folder (process ${first.pid})\n`);
  held.release();
  assertEquals([executed(await first.ended), executed(await second.ended)], [["a"], []]);
  assertEquals(held.starts, 1);
  assertEquals(rig.files(), [".build_cache.json", "a", "build.json", "taskrun.db"]);
});

rigTest("a second build that is stopped while it waits has done nothing", async (rig) => {
  const held = rig.hold("held");
  rig.write("build.json", { tasks: [{ name: "a", output_artifact: "a", command: held.command }] });
  const first = rig.start();
  await held.started();
  const second = rig.start();
  await second.says(/Waiting/, "stderr");
  second.kill("SIGTERM");
  const { code, stdout, stderr } = await second.ended;
  assertEquals([code, stdout], [143, ""]);
  assert(stderr.endsWith("\nStopped by SIGTERM\n"));
  held.release();
  assertEquals((await first.ended).code, 0);
});

// K36
rigTest("what is not troupe's own is shown without what it would do to the terminal", async (rig) => {
  rig.write("tasks.txt", "a: printf x\x1b[2J\n");
  const db = "h\x1b[31m.db", id = "m\x1b[2J";
  const runs = [
    await troupe(rig, ["run", "tasks.txt", "--db", db]),
    await troupe(rig, ["show", "9", "--db", db]),
    await troupe(rig, ["run", "none\x1b[2J.txt"]),
    await troupe(rig, ["join", "tasks.txt", "--id", id]),
    await troupe(rig, ["status"]),
    await troupe(rig, ["\x9b2J"]),
  ];
  for (const { stdout, stderr } of runs) assertMatch(stdout + stderr, /\\u00(1b|9b)/);
  // deno-lint-ignore no-control-regex -- what is looked for
  for (const { stdout, stderr } of runs) assert(!/[\x1b\x9b]/.test(stdout + stderr), stdout + stderr);
});

// K6
Deno.test({
  name: "a folder whose name is not UTF-8 is told of as such",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const folder = Deno.makeTempDirSync({ prefix: "troupe-test-" });
    try {
      const program = new URL("../../main.ts", import.meta.url).pathname;
      const text =
        `cd "$1" && mkdir "$(printf 'd\\377')" && cd d* && echo 'a: echo 1' > t.txt && exec "$2" run -A "$3" run t.txt`;
      const { code, stderr } = await new Deno.Command("/bin/sh", {
        args: ["-c", text, "sh", folder, Deno.execPath(), program],
      }).output();
      assertEquals(
        [code, new TextDecoder().decode(stderr)],
        [2, "The name of the current folder is not UTF-8: rename it, or start troupe elsewhere\n"],
      );
    } finally {
      await new Deno.Command("rm", { args: ["-rf", folder] }).output();
    }
  },
});

// K88
rigTest("what cannot be written to stdout is told once, and no command ends well that has lost it", async (rig) => {
  rig.write("build.json", { tasks: [{ name: "a", output: "o/a", content: "1" }] });
  for (const command of ["build", "build", "build --dry-run", "list", "clean -n", "check", "--version", "help"]) {
    const typed = `'${Deno.execPath()}' run -A '${dirname(rig.program)}/main.ts' ${command}`;
    const full = await rig.spawn("/bin/sh", ["-c", `${typed} > /dev/full`]).ended;
    assertEquals([full.code, full.stderr], [1, "Cannot write to stdout: No space left on device\n"], command);
    const unread = await rig.spawn("/bin/sh", ["-c", `{ ${typed}; echo $? > code; } | true`]).ended;
    assertEquals([unread.stderr, rig.read("code")], ["", "0\n"], command);
  }
  assertEquals(rig.read("o/a"), "1");
});
