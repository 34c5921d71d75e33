// What is refused before anything runs: task files, flags, and runs and tasks that there are not.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { type Rig, rigTest } from "../../rig.ts";
import { troupe } from "./said.ts";

const ERRORS = fromFileUrl(new URL("../../../fixtures/tasks/errors", import.meta.url));
const FILES = [...Deno.readDirSync(ERRORS)].filter(({ isFile }) => isFile).map(({ name }) => name).sort();

const NO_CONFIG = "  there is no build.json or build.jsonc here or above";

async function refused(rig: Rig, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await rig.ask(args);
  assertEquals([code, stdout], [2, ""], `troupe ${args.join(" ")}\n${stderr}`);
  return stderr;
}

// S2.2, S2.3
rigTest("run tells every diagnostic of fixtures/tasks/errors, starts nothing and makes no database", async (rig) => {
  await Promise.all(FILES.map(async (name) => {
    // a task that would be started at once, if any were
    rig.write(`${name}/${name}`, `${Deno.readTextFileSync(`${ERRORS}/${name}`)}`);
    const { code, stdout, stderr } = await rig.ask(["run", name, "--jobs", "1"], { cwd: name });
    assertEquals([code, stdout], [2, ""], name);
    assertEquals(stderr, Deno.readTextFileSync(`${ERRORS}/expected/${name}`), name);
    assertEquals(rig.files(name), [`${name}/${name}`]);
  }));
  assertEquals(FILES.length > 10, true);
});

// S2.3
rigTest("run starts none of the good tasks of a file with a diagnostic", async (rig) => {
  rig.write("tasks.txt", "good: echo > started\nbad: true [after:god]\n");
  assertStringIncludes(await refused(rig, "run", "tasks.txt"), "Task 'bad' depends on unknown task 'god'\n");
  assertEquals(rig.files(), ["tasks.txt"]);
});

// S2.25
rigTest("run refuses files, tasks and flags that make no sense, and makes no database", async (rig) => {
  rig.write("tasks.txt", "lint: true\n");
  const cases: [string[], string][] = [
    [[], `troupe run needs a task file; see troupe run --help\n${NO_CONFIG}\n`],
    [["lint"], `Task file not found at path: lint\n${NO_CONFIG} with a task of that name\n`],
    [["tasks.txt", "-k"], "Unknown flag '-k': what needs no failed task is done anyway\n"],
    [["-f", "tasks.txt"], "Unknown flag '-f', did you mean '--config'?\n"],
    [["tasks.txt", "--list"], "Unknown flag '--list': see troupe list\n"],
    [
      ["tasks.txt", "--since-failed"],
      "--since-failed does again what the last run was, so 'tasks.txt' has no place there\n",
    ],
    [["none.txt"], "Task file not found at path: none.txt\n"],
    [["tasks.txt", "--task", "lnt"], "Unknown task 'lnt', did you mean 'lint'?\n"],
    [["tasks.txt", "--jobs", "0"], "--jobs must be a whole number from 1 to 1024, not '0'\n"],
    [["tasks.txt", "--jobs", "two"], "--jobs must be a whole number from 1 to 1024, not 'two'\n"],
    [["tasks.txt", "--timeout", "0"], "--timeout must be a number of seconds above 0, not '0'\n"],
    [["tasks.txt", "--timeout", "5s"], "--timeout must be a number of seconds above 0, not '5s'\n"],
    [["tasks.txt", "--grace", "-1"], "--grace must be a number of seconds, not '-1'\n"],
    [["tasks.txt", "--timeout=-1"], "--timeout must be a number of seconds above 0, not '-1'\n"],
    [["tasks.txt", "--job", "2"], "Unknown flag '--job', did you mean '--jobs'?\n"],
    [["tasks.txt", "--db"], "--db needs a value; see troupe run --help\n"],
    [["tasks.txt", "more.txt"], "Unexpected argument 'more.txt'; see troupe run --help\n"],
    [["tasks.txt", "-q", "-v"], "--quiet and --verbose exclude each other\n"],
  ];
  await Promise.all(cases.map(async ([args, said]) => assertEquals(await refused(rig, "run", ...args), said)));
  assertEquals(rig.files(), ["tasks.txt"]);
});

// K37
rigTest("a last bracket that is nearly a suffix is told of by whoever reads the file", async (rig) => {
  rig.write("tasks.txt", "a: true\nb: true # [aftr:a]\n");
  for (const words of [["run"], ["run", "--dry-run"], ["list"], ["join"]]) {
    const { code, stderr } = await troupe(rig, words[0], "tasks.txt", ...words.slice(1));
    assertEquals([code, stderr.split("\n")[0]], [
      0,
      "Warning at line 2: '[aftr:a]' is taken for the end of the command",
    ], words.join(" "));
  }
});

// S2.18, K37
rigTest("who has no config, and a file of another tool, is told of troupe init", async (rig) => {
  rig.write("package.json", { scripts: { test: "true" } });
  rig.write("sub/Makefile", "test:\n\ttrue\n");
  const hint = "\n  troupe init writes one from package.json\n";
  for (const words of [["run"], ["run", "test"], ["test"], ["build"], ["list"]]) {
    assert((await refused(rig, ...words)).endsWith(hint), words.join(" "));
  }
  for (const file of ["package.json", "sub/Makefile"]) {
    assert((await refused(rig, "run", file)).endsWith(`\n  troupe init writes a config from ${file}\n`), file);
  }
  assertEquals(rig.files(), ["package.json", "sub/Makefile"]);
});

rigTest("a file whose name looks like a number is taken by its name", async (rig) => {
  rig.write("007", "lint: true\n");
  assertEquals((await troupe(rig, "run", "007")).code, 0);
  assertEquals(await refused(rig, "show", "0x1"), "A run is a number or 'last', not '0x1'\n");
});

// S2.25
rigTest("history, show and retry say that there is no history, and make none", async (rig) => {
  const missing = "Database 'taskrun.db' does not exist\n";
  assertEquals(await refused(rig, "history"), missing);
  assertEquals(await refused(rig, "history", "--prune", "3"), missing);
  assertEquals(await refused(rig, "show", "1"), missing);
  assertEquals(await refused(rig, "show", "last"), missing);
  assertEquals(await refused(rig, "retry", "last"), missing);
  assertEquals(await refused(rig, "history", "--db", "other.db"), "Database 'other.db' does not exist\n");
  assertEquals(rig.files(), []);
});

// S2.25
rigTest("show and retry refuse runs and tasks that there are not", async (rig) => {
  rig.write("tasks.txt", "lint: true\nunit: true\n");
  await troupe(rig, "run", "tasks.txt");
  const cases: [string[], string][] = [
    [["show"], "troupe show needs the number of a run, or 'last'\n"],
    [["retry"], "troupe retry needs the number of a run, or 'last'\n"],
    [["show", "2"], "Run #2 not found in 'taskrun.db'\n"],
    [["retry", "#2"], "Run #2 not found in 'taskrun.db'\n"],
    [["show", "0"], "A run is a number or 'last', not '0'\n"],
    [["retry", "first"], "A run is a number or 'last', not 'first'\n"],
    [["show", "1.5"], "A run is a number or 'last', not '1.5'\n"],
    [["show", "1", "--task", "lnt"], "Task 'lnt' not found in run #1, did you mean 'lint'?\n"],
    [["show", "last", "--task", "deploy"], "Task 'deploy' not found in run #1\n"],
    [["show", "1", "--faild"], "Unknown flag '--faild', did you mean '--failed'?\n"],
    [["history", "--limit", "0"], "--limit must be a whole number from 1 to 1000000, not '0'\n"],
    [["history", "5"], "Unexpected argument '5'; see troupe history --help\n"],
    [["retry", "1", "--task", "lint"], "Unknown flag '--task'; see troupe retry --help\n"],
  ];
  await Promise.all(cases.map(async ([args, said]) => assertEquals(await refused(rig, ...args), said)));
});

rigTest("run, history, show and retry explain themselves", async (rig) => {
  for (const command of ["run", "history", "show", "retry"]) {
    const { code, stdout, stderr } = await rig.ask([command, "--help"]);
    assertEquals([code, stderr], [0, ""]);
    assertMatch(stdout, new RegExp(`^Usage: troupe ${command} `, "m"));
    for (const flag of ["--db", "--json", "--help"]) assertStringIncludes(stdout, flag);
  }
  assertEquals(rig.files(), []);
});
