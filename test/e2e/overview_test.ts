// `troupe` alone.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { dirname } from "@std/path";
import { plainText } from "../pty.ts";
import { withoutRoot } from "../faults/faults.ts";
import { type Ended, type Rig, rigTest, type RunChoices } from "../rig.ts";

const limited = withoutRoot();

function troupe(rig: Rig, args: string[] = [], choices: RunChoices = {}): Promise<Ended> {
  return rig.build(args, { deno: ["run", "-A", `${dirname(rig.program)}/main.ts`], ...choices });
}

// S6.1
rigTest("troupe alone tells how things stand here, and runs and writes nothing", async (rig) => {
  rig.write("build.json", {
    tasks: [
      { name: "lib", source_files: ["lib.txt"], output: "out/lib", command: 'cp lib.txt "$OUT"; exit $(cat lib.txt)' },
      { name: "check", dependencies: ["lib"], output: "out/check" },
    ],
  });
  rig.write("lib.txt", "0");
  rig.write("src/deep/x", "");
  const fresh = await troupe(rig);
  assertEquals([fresh.code, fresh.stderr], [0, ""]);
  assertStringIncludes(fresh.stdout, "build.json: 2 tasks\nNo run recorded yet\n\n2 of 2 would run:\n  lib    new\n");
  assertEquals(rig.files(), ["build.json", "lib.txt", "src/deep/x"]);

  await troupe(rig, ["build"]);
  assertMatch(
    (await troupe(rig)).stdout,
    /^Last run: #1, just now: 2 passed, 0 failed, 0 skipped\n\nAll 2 are up to date\n/m,
  );
  rig.write("lib.txt", "3");
  await troupe(rig, ["build"]);
  const below = await troupe(rig, [], { cwd: "src/deep" });
  assertEquals(below.stdout.split("\n").slice(0, 8), [
    "../../build.json: 2 tasks",
    "Last run: #2, just now: 0 passed, 1 failed, 1 skipped",
    "  lib  Command failed with exit code 3",
    "",
    "2 of 2 would run:",
    "  lib    source changed: lib.txt",
    "  check  dependency would run: lib",
    "",
  ]);
  // What it says can be typed.
  const lines = below.stdout.slice(below.stdout.indexOf("Next:")).split("\n").map((line) =>
    line.slice(2).split(/ {2,}/)[0]
  );
  assertEquals(lines.slice(1, 5), ["troupe build", "troupe lib", "troupe show 2 --task lib", "troupe retry 2"]);
  assertEquals((await troupe(rig, lines[3].split(" ").slice(1), { cwd: "src/deep" })).code, 0);
  assertEquals((await troupe(rig, lines[2].split(" ").slice(1), { cwd: "src/deep" })).code, 1);

  const terminal = rig.terminal([], { columns: 40, deno: ["run", "-A", `${dirname(rig.program)}/main.ts`] });
  assertEquals(await terminal.ended, 0);
  const shown = plainText(terminal.shown).split("\n").filter((line) => /^(\S*build\.json|Last| {2})/.test(line));
  assert(shown.length > 5 && shown.every((line) => line.length <= 40), shown.join("\n"));
  assert(terminal.shown.includes("\x1b[31m"), "what failed is red on a terminal");
});

// S6.1
rigTest("troupe alone without a config tells what is here, and with one that is wrong what is wrong", async (rig) => {
  rig.write("package.json", { scripts: { build: "tsc", lint: "eslint ." } });
  rig.write("deno.json", '{ // with a comment\n "tasks": { "dev": "x" } }');
  rig.write("Makefile", "all:\n");
  rig.write("sub/x", "");
  const { code, stdout, stderr } = await troupe(rig);
  assertEquals([code, stderr], [2, ""]);
  assertEquals(stdout.split("\n").slice(0, 6), [
    "No build.json or build.jsonc here or in a folder above",
    "",
    "What is here:",
    "  deno.json     tasks: dev",
    "  package.json  scripts: build, lint",
    "  Makefile",
  ]);
  assertStringIncludes((await troupe(rig, [], { cwd: "sub" })).stdout, "  ../package.json  scripts: build, lint\n");
  rig.write("package.json", "{");
  assertMatch((await troupe(rig)).stdout, /^ {2}package\.json$/m);
  rig.write("build.json", '{"tasks": [{"name": "a"}]}');
  const wrong = await troupe(rig, [], { cwd: "sub" });
  assertEquals([wrong.code, wrong.stdout], [2, ""]);
  assertStringIncludes(wrong.stderr, "Task 'a' must specify output_artifact\n  --> ../build.json:1:");
});

// S6.1, S6.2
rigTest("in a folder that may not be entered it is said that no config can be looked for", async (rig) => {
  rig.write("closed/build.json", { tasks: [{ name: "a", output: "a", content: "" }] });
  rig.write("build.json", { tasks: [{ name: "b", output: "b", content: "" }] });
  const main = [Deno.execPath(), "run", "-A", `${dirname(rig.program)}/main.ts`];
  const closed = async (args: string[]) => {
    // One line, since nobody else could open the folder again
    const line = 'chmod 000 .; "$@"; code=$?; chmod 700 "$PWD"; exit $code';
    const argv = ["-c", line, "sh", ...limited!, ...main, ...args];
    const { code, stdout, stderr } = await rig.spawn("sh", argv, { cwd: "closed" }).ended;
    return { code, stdout, stderr };
  };
  const stderr = `Cannot look for a config in '${rig.path("closed")}': Permission denied\n`;
  assertEquals(await closed([]), { code: 2, stdout: "", stderr });
  assertEquals(await closed(["a"]), { code: 2, stdout: "", stderr });
}, { ignore: limited === undefined });
