// `troupe list`: what there is, how it stands, how long it takes.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { dirname } from "@std/path";
import { plainText } from "../pty.ts";
import { type Ended, type Rig, rigTest, type RunChoices } from "../rig.ts";
import type { ListReport } from "../../graph/report/task_list.ts";

function troupe(rig: Rig, args: string[], choices: RunChoices = {}): Promise<Ended> {
  return args[0] === "list"
    ? rig.ask(args, choices)
    : rig.build(args, { deno: ["run", "-A", `${dirname(rig.program)}/main.ts`], ...choices });
}

async function listed(rig: Rig, args: string[] = [], choices: RunChoices = {}): Promise<ListReport["tasks"]> {
  const { code, stdout, stderr } = await troupe(rig, ["list", "--json", ...args], choices);
  assertEquals([code, stderr], [0, ""]);
  return (JSON.parse(stdout) as ListReport).tasks;
}

function project(rig: Rig): void {
  rig.write("build.json", {
    tasks: [
      {
        name: "lib:lint",
        description: "Look for odd code\nin the library",
        source_files: ["lib.txt"],
        output: "out/lint",
        command: 'cat lib.txt > "$OUT"',
      },
      {
        name: "lib:test",
        source_files: ["test.txt"],
        output: "out/test",
        command: 'cp test.txt "$OUT"; exit $(cat test.txt)',
      },
      { name: "all", description: "Everything", dependencies: ["lib:lint", "lib:test"], output: "out/all" },
    ],
  });
  rig.write("lib.txt", "lib");
  rig.write("test.txt", "0");
}

// S6.3
rigTest("list tells of each task what it is for, what it makes, how it stands, and how long it takes", async (rig) => {
  project(rig);
  const fresh = await listed(rig);
  assertEquals(fresh.map(({ state, reason, last, usual_duration }) => [state, reason, last, usual_duration]), [
    ["would_run", "new", null, null],
    ["would_run", "new", null, null],
    ["would_run", "dependency would run: lib:lint", null, null],
  ]);
  assertEquals(fresh[2], {
    name: "all",
    description: "Everything",
    output_artifact: "out/all",
    outputs: ["out/all"],
    dependencies: ["lib:lint", "lib:test"],
    state: "would_run",
    reason: "dependency would run: lib:lint",
    last: null,
    usual_duration: null,
    flaky: null,
  });
  assertEquals(rig.files(), ["build.json", "lib.txt", "test.txt"]);

  await troupe(rig, ["build"]);
  rig.write("test.txt", "3");
  await troupe(rig, ["build"]);
  const [lint, test, all] = await listed(rig);
  assertEquals([lint.state, test.state, all.state], ["up_to_date", "failed_last", "would_run"]);
  assertEquals([lint.last?.run, test.last?.run, test.last?.outcome], [1, 2, "failed"]);
  assertEquals([test.reason, test.last?.error], ["source changed: test.txt", "Command failed with exit code 3"]);
  assert(Math.abs(lint.usual_duration! - lint.last!.duration) < 1e-6 && test.usual_duration! > 0);

  const { stdout } = await troupe(rig, ["list"]);
  const [head, ...lines] = stdout.split("\n");
  assertMatch(head, /^NAME +STATE +LAST +USUAL +MAKES +DESCRIPTION$/);
  assertMatch(lines[0], /^lib:lint +up to date +\d\.\d+s +\d\.\d+s +out\/lint +Look for odd code$/);
  assertMatch(lines[1], /^lib:test +failed last: Command failed with exit code 3 .* out\/test$/);
  assertMatch(lines[2], /^all +would run: dependency would run: lib:test .* out\/all +Everything$/);
  assertEquals(lines.slice(3), ["", "3 tasks: 1 up to date, 2 would run, 1 failed last", ""]);
});

// S6.3, S6.2
rigTest("list takes names and patterns, finds the config above, and keeps to the window", async (rig) => {
  project(rig);
  rig.write("src/deep/x", "");
  const below = { cwd: "src/deep" };
  await troupe(rig, ["build", "lib:lint"], below);
  assertEquals((await listed(rig, ["lib:*"], below)).map(({ name, state }) => [name, state]), [
    ["lib:lint", "up_to_date"],
    ["lib:test", "would_run"],
  ]);
  assertEquals((await listed(rig, ["all"], below)).map(({ name }) => name), ["all"]);
  assertEquals((await listed(rig, ["lib:lint"], below))[0].last?.run, 1);
  assertEquals((await troupe(rig, ["list", "--names", "*t"], below)).stdout, "lib:lint\nlib:test\n");
  const elsewhere = await troupe(rig, ["list", "--names", "--db", "h.db"], below);
  assertEquals(elsewhere.stderr, "");
  const misspelt = await troupe(rig, ["list", "--db", "h.db"], below);
  assertEquals([misspelt.code, misspelt.stderr], [0, "Database 'h.db' does not exist\n"]);
  const unknown = await troupe(rig, ["list", "lib:lnt"], below);
  assertEquals([unknown.code, unknown.stderr], [2, "Unknown task 'lib:lnt', did you mean 'lib:lint'?\n"]);
  const terminal = rig.terminal(["list"], {
    ...below,
    columns: 50,
    deno: ["run", "-A", `${dirname(rig.program)}/main.ts`],
  });
  assertEquals(await terminal.ended, 0);
  const lines = plainText(terminal.shown).split("\n").filter((line) => /^(NAME|lib|all)/.test(line));
  assertEquals(lines.length, 4);
  for (const line of lines) assert(line.length <= 50, line);
  assert(terminal.shown.includes("\x1b[32mup to date"));
});

// S6.3
rigTest("list tells of a task file what its comments say, and how its tasks went", async (rig) => {
  rig.write(
    "tasks.txt",
    "#!/usr/bin/env troupe\n\n# ----\n# Gets\n# the data\nfetch: true\n# not above a task\n\nlint: exit 4\n",
  );
  const file = ["tasks.txt"];
  assertEquals((await listed(rig, file)).map(({ state, description }) => [state, description]), [
    ["would_run", "Gets\nthe data"],
    ["would_run", null],
  ]);
  await troupe(rig, ["run", "tasks.txt"]);
  assertEquals((await listed(rig, file)).map(({ state }) => state), ["passed_last", "failed_last"]);
  assertMatch(
    (await troupe(rig, ["list", "tasks.txt", "f*"])).stdout,
    /\nfetch +passed last +\d\.\d+s .*Gets\n\n1 task: 1 passed last\n$/,
  );
});

// S6.3
rigTest("list without a history, with one that is none, and with diagnostics in the config", async (rig) => {
  project(rig);
  rig.write("taskrun.db", "no database, but long enough to be looked at as one".repeat(20));
  const odd = await troupe(rig, ["list"]);
  assertEquals([odd.code, odd.stderr], [0, "File 'taskrun.db' is not a database\n"]);
  assertStringIncludes(odd.stdout, "3 tasks: 3 would run");
  rig.write("build.json", { tasks: [{ name: "a", output: "a", desc: "x", description: 1 }] });
  const { code, stderr } = await troupe(rig, ["list"]);
  assertEquals(code, 2);
  assertStringIncludes(stderr, "'description' of task 'a' must be a string, not 1");
  assertStringIncludes(stderr, "Unknown key 'desc' in task 'a'");
});
