// `troupe check` and `troupe batches` on files.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { loadGates, safeBuild } from "../../mod.ts";
import { FileLockManager } from "../../actors/locks/locks.ts";
import { type Ended, type Rig, rigTest } from "../rig.ts";

const MAIN = fromFileUrl(new URL("../../main.ts", import.meta.url));

const CONFIG = {
  tasks: [
    { name: "gen", output: "out/gen.h", content: "", shares: ["counter"] },
    { name: "docs", output: "out/docs", dependencies: ["gen"], source_files: ["out/*.h"], writes: ["log/build.txt"] },
    { name: "lint", output: "out/lint", content: "", writes: ["log/*.txt"] },
    { name: "test", output: "out/test", content: "", reads: ["src/x"], difficulty: 9 },
  ],
};

function run(rig: Rig, args: string[], env: Record<string, string> = {}): Promise<Ended> {
  const looks = args[0] === "check" || args[0] === "batches";
  return looks && Object.keys(env).length === 0 ? rig.ask(args) : rig.build(args, { deno: ["run", "-A", MAIN], env });
}

// S1.1, S1.15, S1.20, S1.24, S1.27
rigTest("check tells gate by gate why a config may not be run in parallel", async (rig) => {
  rig.write("build.json", CONFIG);
  assertEquals(await run(rig, ["check"]), {
    code: 1,
    stdout: `File conflicts: 1 blocking
  blocking  docs, lint: log/build.txt
Circular dependencies: none
Locks: free
  docs, lint would wait for each other at log/build.txt
Capacity: 4 requested, 5 of 5 available
Context budget: 12 of 30
Shared state: none

Recommendations
  Execute conflicting tasks sequentially
  'docs' and 'lint' write 'log/build.txt': order them by dependencies, partition it into a file for each, or lock it
  Use more specific paths than 'log/*.txt' in 'lint': it takes in 'log/build.txt'
The 4 tasks may not be run in parallel
`,
    stderr: "",
  });
});

// S1.1
rigTest("files whose names begin with an exclamation mark are compared by their names", async (rig) => {
  rig.write("build.json", {
    tasks: [
      { name: "one", output: "!one", content: "" },
      { name: "several", outputs: ["./!several"], command: "c" },
      { name: "reads", outputs: [], command: "c", reads: ["./!one", "./!several"], writes: ["./!w"] },
      { name: "writes", outputs: [], command: "c", writes: ["./!*"], source_files: ["!w"] },
    ],
  });
  rig.write("tasks.txt", "writes: c [writes: ./!w]\nreads: c [reads: ./!w]\n");
  const { code, stdout, stderr } = await run(rig, ["check", "build.json", "--json"]);
  const conflicts: Record<string, string>[] = JSON.parse(stdout).file_conflicts;
  const blocking = conflicts.filter(({ type }) => type === "blocking").map(({ task1, task2, file }) =>
    `${task1}, ${task2}: ${file}`
  );
  assertEquals([code, stderr, blocking], [1, "", [
    "one, writes: !one",
    "several, writes: !several",
    "reads, writes: !w",
  ]]);
  const { stdout: told } = await run(rig, ["check", "tasks.txt"]);
  assertStringIncludes(told, "warning   writes, reads: !w");
});

// S1.1
rigTest("files whose names are written as globs are compared by their names, there or not", async (rig) => {
  rig.write("build.json", {
    tasks: [
      { name: "page", output: "app/[id].js", content: "" },
      { name: "other", output: "app/i.js", content: "" },
      { name: "folder", outputs: ["\\[slug\\]/"], command: "c", reads: ["app/[id].js"] },
      { name: "writes", outputs: [], command: "c", writes: ["app/\\[id\\].js", "\\[slug\\]/x", "s/x"] },
    ],
  });
  const check = async () => {
    const { stdout } = await run(rig, ["check", "build.json", "--json"]);
    const { file_conflicts, recommendations } = JSON.parse(stdout);
    const found = file_conflicts.map(({ task1, task2, file, type }: Record<string, string>) =>
      `${task1}, ${task2}: ${file} ${type}`
    );
    assert(!recommendations.some((sentence: string) => sentence.includes("more specific")));
    return found;
  };
  const expected = [
    "page, writes: app/[id].js blocking",
    "folder, writes: [slug]/x blocking",
    "page, folder: app/[id].js warning",
    "folder, writes: app/[id].js warning",
  ];
  assertEquals(await check(), expected);
  rig.write("app/[id].js", "");
  assertEquals(await check(), expected);
});

// S1.5, S1.14, S1.25, S1.26, S1.27
rigTest("check --json gives the report of a group, with settings from file, environment and flag", async (rig) => {
  rig.write("sub/build.json", CONFIG);
  rig.write("sub/parallel-execution.json", { max_parallel_tasks: 3, max_context_complexity: 9 });
  using _held = await new FileLockManager(rig.path("sub")).acquire("src/x", "exclusive");
  const args = ["check", "sub/build.json", "lint", "test", "--json"];
  const { code, stdout, stderr } = await run(rig, args, { MAX_PARALLEL_TASKS: "4" });
  assertEquals([code, stderr], [1, ""]);
  const report = JSON.parse(stdout);
  assertEquals(Object.keys(report), [
    "can_parallel",
    "task_count",
    "file_conflicts",
    "circular_dependencies",
    "lock_issues",
    "resource_capacity",
    "context_budget",
    "recommendations",
  ]);
  assertEquals(report.lock_issues, [{ task: "test", file: "src/x" }]);
  assertEquals(report.resource_capacity, { max_parallel_tasks: 4, requested: 2, available: 4 });
  assertEquals(report.context_budget, { total_complexity: 10, max_complexity: 9, within_budget: false });
  assert(report.recommendations.includes("Wait for file locks to be released"));
  const flagged = await run(rig, [...args, "--jobs", "1"], { MAX_PARALLEL_TASKS: "4" });
  assertEquals(JSON.parse(flagged.stdout).resource_capacity, { max_parallel_tasks: 1, requested: 2, available: 1 });
});

// S1.4
rigTest("check tells of a cycle, which no build would start with", async (rig) => {
  const task = (name: string, dependency: string) => ({ name, output: name, dependencies: [dependency] });
  rig.write("build.json", { tasks: [task("a", "b"), task("b", "a")] });
  const { code, stdout } = await run(rig, ["check"]);
  assertEquals(code, 1);
  assertStringIncludes(stdout, "Circular dependencies: 1\n  a → b → a\n");
  assertEquals(await run(rig, ["batches"]), {
    code: 2,
    stdout: "",
    stderr: "Circular dependency detected: a → b → a\n",
  });
});

// S1.16, S1.18, S1.27
rigTest("batches are shown one a line, of a task file too, and as JSON", async (rig) => {
  rig.write("tasks.txt", "a: x [writes:log]\nb: y [writes:log]\nc: z [after:a]\nd: d\n");
  assertEquals(await run(rig, ["batches", "tasks.txt"]), {
    code: 0,
    stdout: "Batch 1: a, d\nBatch 2: b, c\n4 tasks in 2 batches\n",
    stderr: "",
  });
  rig.write("build.json", CONFIG);
  const { stdout } = await run(rig, ["batches", "--progressive", "--json", "gen", "test", "lint"]);
  assertEquals(JSON.parse(stdout), { batches: [["gen", "test"], ["lint"]] });
});

rigTest("check refuses settings, names and flags that are wrong", async (rig) => {
  rig.write("build.json", CONFIG);
  rig.write("gates.json", '{\n  "max_parallel_task": 3\n}\n');
  assertEquals(await run(rig, ["check", "--gates", "gates.json"]), {
    code: 2,
    stdout: "",
    stderr: `Unknown key 'max_parallel_task' in the gate settings
  --> gates.json:2:3
2 |   "max_parallel_task": 3
  |   ^^^^^^^^^^^^^^^^^^^ did you mean 'max_parallel_tasks'?
`,
  });
  const refused = async (args: string[], env: Record<string, string> = {}) => {
    const { code, stderr } = await run(rig, args, env);
    assertEquals(code, 2);
    return stderr;
  };
  assertEquals(await refused(["check", "build.json", "lnt"]), "Unknown task 'lnt', did you mean 'lint'?\n");
  assertEquals(
    await refused(["check"], { MAX_PARALLEL_TASKS: "x" }),
    "'MAX_PARALLEL_TASKS' must be an integer from 1 to 10000, not 'x'\n",
  );
});

// S1.13: in this process
rigTest(
  "what lies below a file is not there for the gates, and settings that lead in a circle are told",
  async (rig) => {
    rig.write("build.json", {
      tasks: [{ name: "a", output: "a", source_files: ["src/[id]/*.ts"], command: 'echo > "$OUT"' }],
    });
    rig.write("src", "a file");
    rig.write(".claude/config", "a file");
    for (const args of [["check"], ["batches"], ["build", "--validate"]]) {
      const { code, stderr } = await rig.ask(args);
      assertEquals([code, stderr.replace(/^Warning: .* matches no file\n/, "")], [0, ""]); // of a build
    }
    Deno.symlinkSync("parallel-execution.json", rig.path("parallel-execution.json"));
    const why = `Cannot read gate settings '${
      rig.path("parallel-execution.json")
    }': Too many levels of symbolic links\n`;
    for (const args of [["check"], ["batches"], ["build", "--validate"]]) {
      const { code, stderr } = await rig.ask(args);
      assertEquals([code, stderr], [2, why]);
    }
  },
);

rigTest("gates that cannot read who holds locks say so, and nothing is run", async (rig) => {
  rig.write("build.json", { tasks: [{ name: "a", output: "a", command: 'echo > "$OUT"' }] });
  rig.write("tasks.txt", "a: true\n");
  rig.write(".troupe/locks", "a file");
  const commands = [["check"], ["build", "--validate"], ["run", "tasks.txt", "--validate"], ["join", "--validate"]];
  for (const args of commands) {
    const { code, stdout, stderr } = await rig.ask(args);
    const why = `Cannot keep locks in '${rig.path(".troupe/locks")}': Not a directory\n`;
    assertEquals([code, stdout, stderr, rig.has("a")], [2, "", why, false], args.join(" "));
  }
});

rigTest("loadGates() gives a program the gates of a config", async (rig) => {
  rig.write("build.json", CONFIG);
  const gates = await loadGates(rig.path("build.json"));
  const [canParallel, report] = gates.validateParallelGroup(["docs", "lint"]);
  assertEquals([canParallel, report.file_conflicts.length], [false, 1]);
  assertEquals(gates.suggestExecutionBatches(["docs", "lint"]), [["docs"], ["lint"]]);
});

/** Fails if another task holds the folder at the same time, for longer than it takes to start both. */
const alone = (seconds: number) => `mkdir busy && sleep ${seconds} && rmdir busy && echo done > "$OUT"`;
const ALONE = alone(0.3);
const CLASHING = {
  tasks: [
    { name: "seed", output: "out/seed", command: `: seed; ${ALONE}`, writes: ["log/db.txt"] },
    { name: "lint", output: "out/lint", command: `: lint; ${ALONE}`, writes: ["log/*.txt"] },
    { name: "unit", output: "out/unit", content: "" },
  ],
};

// S1.17, S1.20, S1.29
rigTest("build --validate shows the report and never runs conflicting tasks at once", async (rig) => {
  rig.write("build.json", CLASHING);
  const { code, stdout } = await rig.build(["--validate", "--no-history"]);
  assertEquals(code, 0);
  assertStringIncludes(stdout, "  blocking  seed, lint: log/db.txt\n");
  assert(stdout.indexOf("may not be run in parallel") < stdout.indexOf("Worker "), "the report comes first");
  assertStringIncludes(stdout, "3 succeeded, 0 failed, 0 skipped");
});

// S1.26, S1.29
rigTest("build --validate starts nothing when conflicts are to be refused", async (rig) => {
  rig.write("build.json", CLASHING);
  rig.write("parallel-execution.json", { conflict_resolution: "refuse" });
  const { code, stdout, stderr } = await rig.build(["--validate", "--no-history"]);
  assertEquals(code, 1);
  assertStringIncludes(stderr, "Refused: the gates found conflicts");
  assert(!stdout.includes("Worker "));
  assert(!rig.has("out"));
});

// S1.24, S1.29, K50
rigTest("a build keeps to declared globs and folders without being asked to", async (rig) => {
  const more = [["all", "."], ["above", "../"], ["absolute", rig.path("log")]].map(([name, path]) => (
    { name, output: `out/${name}`, command: `: ${name}; ${ALONE}`, writes: [path] }
  ));
  rig.write("build.json", { tasks: [...CLASHING.tasks, ...more] });
  const { code, stdout } = await rig.build(["--no-history"]);
  assertEquals(code, 0);
  assert(!stdout.includes("File conflicts"));
});

// S1.27: execute with validation
rigTest("build --validate asks only about the tasks that are to be built", async (rig) => {
  rig.write("build.json", CLASHING);
  rig.write("gates.json", { conflict_resolution: "refuse" });
  const { code, stdout } = await rig.build([
    "--validate",
    "--gates=gates.json",
    "-t",
    "lint",
    "-t",
    "unit",
    "--no-history",
  ]);
  assertEquals(code, 0);
  assertStringIncludes(stdout, "File conflicts: none\n");
  assertStringIncludes(stdout, "2 succeeded, 0 failed, 0 skipped");
});

const CLASHING_TASKS = `seed: ${ALONE.replace('> "$OUT"', "")} [writes:log/db.txt]
lint: ${ALONE.replace('> "$OUT"', "")} [writes:log/*.txt]
all: ${ALONE.replace('> "$OUT"', "")} [writes:/]
`;

// S1.17, S1.20, S1.27, S1.29, K50
rigTest("run --validate shows the report first and never runs conflicting tasks at once", async (rig) => {
  rig.write("tasks.txt", CLASHING_TASKS);
  const { code, stdout } = await run(rig, ["run", "tasks.txt", "--validate", "-j", "4"]);
  assertEquals(code, 0);
  assert(stdout.indexOf("  blocking  seed, lint: log/db.txt\n") < stdout.indexOf("[1/3]"), "the report comes first");
  assertStringIncludes(stdout, "Run completed: 3 passed, 0 failed, 0 skipped");
});

// S1.26, S1.29
rigTest("run --validate starts nothing when conflicts are to be refused", async (rig) => {
  rig.write("tasks.txt", CLASHING_TASKS);
  rig.write("refuse.json", { conflict_resolution: "refuse" });
  const { code, stdout, stderr } = await run(rig, ["run", "--validate", "--gates", "refuse.json", "tasks.txt"]);
  assertEquals(code, 1);
  assertEquals(stderr, 'Refused: the gates found conflicts, and conflict_resolution is "refuse"\n');
  assertStringIncludes(stdout, "may not be run in parallel\n");
  assert(!stdout.includes("[1/3]") && !rig.has("taskrun.db"));
});

// S1.7
rigTest(
  "build --validate waits for a lock on a file that no task declares, and refuses when it is not released in time",
  async (rig) => {
    rig.write("log", "log");
    rig.write("build.json", { tasks: [{ name: "a", output: "a", source_files: ["log"] }] });
    rig.write("parallel-execution.json", { retry_delays: [0.01], lock_timeout_seconds: 60 });
    using lock = await new FileLockManager(rig.folder).acquire("log", "exclusive", { task: "other" });
    const refused = await rig.build(["--validate", "--no-history"], { env: { LOCK_TIMEOUT: "0.05" } });
    assertEquals([refused.code, refused.stderr], [
      1,
      "Refused: 'log' of task 'a' is still locked after 0.05s; see troupe locks\n",
    ]);
    assert(!rig.has("a"));
    const waiting = rig.start(["--validate", "--no-history"]);
    await waiting.says(/may not be run in parallel/);
    lock.release();
    assertEquals((await waiting.ended).code, 0);
    assertEquals(rig.read("a"), "log");
  },
);

// S1.26
rigTest("build --gates alone reads the settings, and refuses what is wrong in them", async (rig) => {
  rig.write("build.json", CLASHING);
  rig.write("gates.json", { lock_timeout: 3 });
  const { code, stderr } = await rig.build(["--gates", "gates.json", "--no-history"]);
  assertEquals(code, 2);
  assertStringIncludes(stderr, "Unknown key 'lock_timeout' in the gate settings");
});

// S1.21
rigTest("build and run --validate say now and then what runs and what the machine bears", async (rig) => {
  const held = rig.hold("long");
  rig.write("build.json", { tasks: [{ name: "long", output: "a", command: held.command }] });
  rig.write("tasks.txt", `long: OUT=/dev/null; ${held.command}\n`);
  const building = rig.start(["--validate", "--no-history"]);
  const running = rig.start(["run", "tasks.txt", "--validate"], { deno: ["run", "-A", MAIN] });
  for (const run of [building, running]) await run.says(/^Running: long(?:; CPU at \d+ %, memory at \d+ %)?$/m);
  held.release();
  held.release();
  for (const run of [building, running]) assertEquals((await run.ended).code, 0);
});

const BRIEF = alone(0.1);

// K51
rigTest(
  "with --validate no more run at once than the settings allow, nor more difficult ones than the budget",
  async (rig) => {
    const tasks = ["a", "b", "c"].map((name) => (
      { name, output: `out/${name}`, command: `: ${name}; ${BRIEF}`, difficulty: 10 }
    ));
    rig.write("build.json", { tasks });
    const built = await rig.build(["--validate", "--no-history"], { env: { MAX_CONTEXT_COMPLEXITY: "9" } });
    assertEquals([built.code, built.stdout.includes("3 succeeded")], [0, true]);
    rig.write("tasks.txt", ["a", "b", "c"].map((name) => `${name}: ${BRIEF.replace('> "$OUT"', "")}\n`).join(""));
    const ran = await run(rig, ["run", "tasks.txt", "--validate", "-j", "4"], { MAX_PARALLEL_TASKS: "1" });
    assertEquals([ran.code, ran.stdout.includes("3 passed")], [0, true]);
    const budget = { MAX_CONTEXT_COMPLEXITY: "9" };
    rig.remove(".build_cache.json");
    const joined = await run(rig, ["join", "build.json", "--validate"], budget);
    assertEquals([joined.code, joined.stdout.includes("Context budget: 30 of 9")], [0, true]);
    const alone = ["join", "tasks.txt", "--validate", "-j", "4", "--db", "tasks.sqlite"];
    assertEquals((await run(rig, alone, { MAX_PARALLEL_TASKS: "1" })).code, 0);
    const crew = await run(rig, ["crew", "3", "tasks.txt", "--validate", "--db", "crew2.sqlite"], {
      MAX_PARALLEL_TASKS: "1",
    });
    assertEquals([crew.code, crew.stderr], [0, "Starting 1 of 3 members, which is all that the gates' limits allow\n"]);
    assertEquals(crew.stdout.match(/Capacity: /g)?.length, 1);
    rig.write("parallel-execution.json", { max_parallel_tasks: 1 });
    const { report } = await safeBuild(rig.path("build.json"), { force: true });
    assertEquals([report.completed, report.rolled_back], [3, undefined]);
    rig.write("parallel-execution.json", { conflict_resolution: "refuse" });
    rig.write("clash.txt", CLASHING_TASKS);
    for (const command of [["join"], ["crew", "2"]]) {
      const { code, stderr } = await run(rig, [...command, "clash.txt", "--validate", "--db", "none.sqlite"]);
      assertEquals([code, stderr], [1, 'Refused: the gates found conflicts, and conflict_resolution is "refuse"\n']);
    }
  },
);
