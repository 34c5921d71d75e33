// What `troupe join` does as its flags, its variables and the tasks' retries say, and what it refuses.
import { openDoors } from "../../asked.ts";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { query, RawDatabase } from "../../actors/storage/raw_database.ts";
import { plainText, Terminal } from "../../pty.ts";
import { type Rig, rigTest } from "../../rig.ts";
import { executed } from "../said.ts";
import { MAIN, openCrew } from "./crew.ts";
import { assertDoneOnce, crewReportOf, member, memberAtWork, memberExecutes, startMember, trails } from "./members.ts";

// Two members at once
openDoors(2);

/** Fails until it has been tried so often. */
function succeedsAt(attempt: number): string {
  return `echo x >> tries; test $(wc -l < tries) -ge ${attempt} && echo done > $OUT`;
}

function writeTasks(rig: Rig, ...tasks: object[]): void {
  rig.write("build.json", { tasks: tasks.map((task) => ({ output: (task as { name: string }).name, ...task })) });
}

// S9.1
rigTest(
  "on a node of Slurm's a member has the job's name and its number of CPUs, unless told otherwise",
  async (rig) => {
    rig.write("build.json", { num_workers: 3, tasks: [{ name: "a", output: "o", content: "x" }] });
    const env = {
      SLURM_JOB_ID: "18",
      SLURM_ARRAY_JOB_ID: "17",
      SLURM_ARRAY_TASK_ID: "5",
      SLURM_CPUS_PER_TASK: "2",
      SLURMD_NODENAME: "n2",
    };
    const join = async (args: string[], more: Record<string, string> = {}) => {
      const { code, stdout, stderr } = await memberAtWork(rig, args, { env: { ...env, ...more } }).ended;
      assertEquals([code, stderr], [0, ""]);
      return stdout.split("\n");
    };
    const place = "of Slurm job 17, array task 5, on n2";
    const lines = await join([]);
    assertEquals(lines[0], `Member 'slurm-17_5' ${place}: 2 tasks at once`);
    assertStringIncludes(lines.join("\n"), "\nMember 'slurm-17_5': 1 tasks done");
    const [told] = await join(["-j1", "--id=mine"], { TROUPE_IDENTIFIER: "other" });
    assertEquals(told, `Member 'mine' ${place}: 1 task at once`);
    assertEquals((await join(["--quiet"])).join(""), "");
    const crew = await rig.ask(["crew", "2", "build.json", "--force"], { env });
    assertEquals(crew.code, 0, crew.stderr);
    assertMatch(crew.stdout, /^\[1\] Member 'slurm-17_5-1': /m);
    assertMatch(crew.stdout, /^\[2\] Member 'slurm-17_5-2': /m);
  },
);

// S3.37, S3.44
rigTest("after a failure the others go on, or with the policy stop no more are begun", async (rig) => {
  writeTasks(
    rig,
    { name: "bad", command: "exit 3" },
    { name: "needs", dependencies: ["bad"] },
    { name: "good", command: "echo good > $OUT" },
  );
  const stopping = await member(rig, "--json", "--jobs=1", "--failure-policy=stop");
  const stopped = crewReportOf(stopping);
  assertEquals([stopping.code, stopped.failed, stopped.executed, stopped.remaining], [1, 1, 0, 1]);
  const going = await member(rig, "--json", "--jobs=1", "--id=ann");
  const { tasks, ...report } = crewReportOf(going);
  assertEquals(going.code, 1);
  assertEquals(report, {
    member: "ann",
    executed: 1,
    cache_hits: 0,
    failed: 1,
    workflow: "main",
    total_tasks: 3,
    unsuccessful: 2,
    remaining: 0,
  });
  assertEquals([tasks.completed, tasks.failed, tasks.blocked], [1, 1, 1]);
  assert(going.stderr.includes("Member 'ann': 1 tasks done, 0 cache hits, 1 failed\n"), going.stderr);
  assert(going.stderr.includes("Crew: 1 of 3 tasks completed, 1 failed, 1 blocked\n"), going.stderr);
  using store = await openCrew(rig);
  assertEquals((await store.statusTrail("bad")).at(-1)!.detail, "Command failed with exit code 3");
});

// S3.36
rigTest("a task is tried again by its member as its own retries say, and by any as the crew's do", async (rig) => {
  writeTasks(rig, { name: "own", command: succeedsAt(3), retries: 2 });
  assertEquals(await memberExecutes(rig), ["own", "own", "own"]);
  assertEquals(trails(rig), { own: "running completed" });
  rig.remove("tries");
  writeTasks(rig, { name: "crews", command: `${succeedsAt(3)} # another command` });
  const few = await member(rig, "--db=few.sqlite", "--max-failed-retries=1");
  assertEquals([few.code, trails(rig, "few.sqlite")], [1, {
    crews: "running failed running failed abandoned",
  }]);
  rig.remove("tries");
  assertEquals((await member(rig, "--db=more.sqlite", "--max-failed-retries=2")).code, 0);
  assertEquals(trails(rig, "more.sqlite"), { crews: "running failed running failed running completed" });
});

rigTest("who joins when nobody is at work begins a new run: what failed is tried again", async (rig) => {
  writeTasks(rig, { name: "picky", command: "test -e allowed && echo done > $OUT" }, {
    name: "after",
    dependencies: ["picky"],
  });
  assertEquals((await member(rig)).code, 1);
  assertEquals((await member(rig)).code, 1);
  rig.write("allowed", "");
  assertEquals(await memberExecutes(rig), ["after", "picky"]);
  assertEquals(trails(rig), {
    after: "blocked blocked running completed",
    picky: "running failed running failed running completed",
  });
});

rigTest("tasks that are no longer in the config are in nobody's way", async (rig) => {
  const good = { name: "good", command: "echo good > $OUT" };
  writeTasks(rig, good, { name: "old", command: "exit 1" }, { name: "older", dependencies: ["old"] });
  assertEquals((await member(rig)).code, 1);
  writeTasks(rig, good);
  const { code, stdout } = await member(rig);
  assertEquals([code, stdout.split("\n").at(-2)], [0, "Crew: 1 of 1 tasks completed"]);
  writeTasks(rig, good, { name: "old", command: "echo old > $OUT" }, { name: "older", dependencies: ["old"] });
  assertEquals(await memberExecutes(rig), ["old", "older"]);
});

rigTest("--task works through that task and what it needs", async (rig) => {
  writeTasks(rig, { name: "a", content: "a" }, { name: "b", dependencies: ["a"] }, { name: "c", content: "c" });
  assertEquals(await memberExecutes(rig, "--task=b"), ["a", "b"]);
  assertEquals(await memberExecutes(rig), ["c"]);
  const unknown = await member(rig, "--task=x");
  assertEquals([unknown.code, unknown.stdout], [2, ""]);
});

// S3.29, S3.43
rigTest("variables stand in for the options, which go before them", async (rig) => {
  writeTasks(rig, { name: "flaky", command: succeedsAt(2) });
  const env = {
    TROUPE_IDENTIFIER: "zoe",
    TROUPE_MAX_FAILED_RETRIES: "1",
    TROUPE_FAILURE_POLICY: "continue",
    TROUPE_HEARTBEAT_INTERVAL: "no number",
  };
  const first = await memberAtWork(rig, ["--json"], { env }).ended;
  assertEquals([first.code, crewReportOf(first).member], [0, "zoe"]);
  const second = await memberAtWork(rig, ["--json", "--id=bea"], { env }).ended;
  assertEquals(crewReportOf(second).member, "bea");
  const rows = query<{ ms: number }>(
    rig.path("crew.sqlite"),
    "select heartbeat_interval_ms ms from workers order by id",
  );
  assertEquals(rows, [{ ms: 200 }, { ms: 200 }]);
});

rigTest("two workflows in one database know nothing of each other", async (rig) => {
  writeTasks(rig, { name: "a", command: "echo a > $OUT" });
  assertEquals(await memberExecutes(rig, "--workflow=one"), ["a"]);
  const { code, stdout } = await member(rig, "--workflow=two");
  assertEquals([code, executed({ stdout }), stdout.split("\n")[0]], [
    0,
    [],
    "Task 'a' skipped: cache hit (artifact: a)",
  ]);
});

// S3.29
rigTest("a second member of the same name is refused while the first is at work", async (rig) => {
  const held = rig.hold("held");
  writeTasks(rig, { name: "held", command: held.command });
  const first = startMember(rig, ["--id=same"]);
  await held.started();
  assertEquals(await member(rig, "--id=same"), {
    code: 2,
    stdout: "",
    stderr: "Worker with this identifier already exists\n",
  });
  held.release();
  assertEquals((await first.ended).code, 0);
  assertEquals((await member(rig, "--id=same")).code, 0);
});

rigTest("join refuses what it does not understand, before it does anything", async (rig) => {
  rig.write("tasks.txt", "a: true\n");
  const text = "no database, but long enough to be looked at as one\n".repeat(20);
  rig.write("text.db", text);
  (await openCrew(rig)).close();
  {
    using raw = new RawDatabase(rig.path("crew.sqlite"));
    raw.exec("pragma user_version = 99");
  }
  const refusals: [string[], RegExp][] = [
    [["--jbos=2"], /^Unknown flag '--jbos', did you mean '--jobs'\?\n$/],
    [["--jobs=0"], /^--jobs must be .+, not '0'\n$/],
    [["--max-failed-retries=-1"], /^--max-failed-retries must be .+\n$/],
    [["--max-killed-retries=x"], /^--max-killed-retries must be .+\n$/],
    [["--failure-policy=panic"], /^--failure-policy must be 'continue' or 'stop', not 'panic'\n$/],
    [
      ["--heartbeat-interval=0"],
      /^--heartbeat-interval must be a number of seconds above 0 and up to 86400, not '0'\n$/,
    ],
    [["--quiet", "--verbose"], /^--quiet and --verbose exclude each other\n$/],
    [["more.txt"], /^Unexpected argument 'more.txt'; see troupe join --help\n$/],
    [["--db=text.db"], /^File 'text.db' is not a database\n$/],
    [["--db=no/crew.sqlite"], /^Cannot open database 'no\/crew.sqlite'.*\n$/],
    [[], /^Database 'crew.sqlite' was made by a newer troupe \(version 99, this one knows \d+\)\n$/],
  ];
  for (const [args, message] of refusals) {
    const { code, stdout, stderr } = await rig.ask(["join", "tasks.txt", ...args]);
    assertEquals([code, stdout], [2, ""], args.join(" "));
    assertMatch(stderr, message);
  }
  assertEquals(rig.files(), ["crew.sqlite", "tasks.txt", "text.db"]);
  assertEquals(rig.read("text.db"), text);
});

// S3.16, K89
rigTest("the last member makes the audit trail short, as --keep-statuses says", async (rig) => {
  const lines = async (time: number, keep: number) => {
    writeTasks(rig, { name: "a", content: `${time}` });
    await memberExecutes(rig, `--keep-statuses=${keep}`);
    return trails(rig).a.split(" ").length;
  };
  for (let time = 0; time < 3; time++) assert(await lines(time, 1000) > 2 * time);
  assertEquals(await lines(3, 2), 2);
});

// S1.8
rigTest("a member keeps to what the machine bears, claims no more than that, and always has one task", async (rig) => {
  const alone = "mkdir busy && sleep 0.01 && rmdir busy && echo > $OUT";
  writeTasks(rig, ...["a", "b", "c", "d"].map((name) => ({ name, command: `: ${name}; ${alone}` })));
  const executed = await memberExecutes(rig, "--max-memory=0.1%", "--max-load=99%", "--jobs=4");
  assertEquals(executed.sort(), ["a", "b", "c", "d"]);
  assertDoneOnce(rig, 4);
});

// S6.4
rigTest("a member on a terminal shows what it does, and how far all of the crew are", async (rig) => {
  const held = rig.hold("held");
  writeTasks(rig, { name: "held", command: held.command }, {
    name: "other",
    requirements: ["gpu"],
    content: "made by another",
  });
  const env = { PATH: Deno.env.get("PATH")!, HOME: Deno.env.get("HOME")!, TMPDIR: rig.tmp, NO_COLOR: "1" };
  const command = [Deno.execPath(), "run", "-A", MAIN, "join", "build.json"];
  await using terminal = new Terminal(command, { cwd: rig.folder, env });
  await terminal.shows(/▸ held [^▸]* 0\/2/);
  const other = startMember(rig, ["--label=gpu"]);
  await terminal.shows(/ 1\/2/);
  held.release();
  assertEquals([await terminal.ended, (await other.ended).code], [0, 0]);
  assertMatch(plainText(terminal.shown), /\d': 1 tasks done, 0 cache hits, 0 failed\nCrew: 2 of 2 tasks completed\n/);
});

// S3.36
rigTest("of members that come at once with --force one begins a new run", async (rig) => {
  writeTasks(rig, { name: "a", command: "echo a > $OUT" });
  assertEquals(await memberExecutes(rig), ["a"]);
  for (let round = 0; round < 4; round++) {
    const ended = await Promise.all([1, 2].map(() => member(rig, "--force")));
    assert(ended.flatMap(executed).length > 0, ended.map(({ stdout }) => stdout).join("\n"));
    assertEquals(ended.map(({ code, stderr }) => [code, stderr]), [[0, ""], [0, ""]]);
  }
});

rigTest("members with --force do all again, equal work once, and one that joins them what it is given", async (rig) => {
  const tasks = [
    { name: "a", command: "echo a > $OUT" },
    { name: "duplicate", output: "other/a", command: "echo a > $OUT" },
    { name: "b", dependencies: ["a"] },
  ];
  writeTasks(rig, ...tasks);
  await memberExecutes(rig);
  assertEquals(await memberExecutes(rig), []);
  assertEquals((await memberExecutes(rig, "-f", "--jobs=1")).length, 2, "one of the duplicates, and b");
  const { code, stdout } = await rig.ask(["crew", "2", "build.json", "--force", "--json"]);
  assertEquals([code, JSON.parse(stdout).done_tasks], [0, 3]);
  const once = "running completed", again = " invalidated running completed";
  assertEquals(Object.values(trails(rig)), [0, 1, 2].map(() => `${once}${again}${again}`));
  rig.write("tasks.txt", "x: echo x >> tries\n");
  for (const flags of [[], [], ["--force"]]) await member(rig, "tasks.txt", "--db=tasks.sqlite", ...flags);
  assertEquals(rig.read("tries"), "x\nx\n");
});

rigTest("a transaction is no member's, nor several members'", async (rig) => {
  writeTasks(rig, { name: "a", content: "a" });
  const why = "what one member has done the others go on with at once, so it cannot be taken back";
  for (const command of [["join"], ["crew", "2"]]) {
    const { code, stderr } = await rig.ask([...command, "build.json", "--transaction"]);
    assertEquals([code, stderr], [2, `troupe ${command[0]} has no --transaction: ${why}\n`]);
  }
  assertEquals(rig.files(), ["build.json"]);
});

rigTest("--report writes a member's report to a file, but over none that it needs", async (rig) => {
  writeTasks(rig, { name: "a", content: "a" });
  const { code, stdout } = await member(rig, "--json", "--report=report.json");
  assertEquals([code, JSON.parse(rig.read("report.json"))], [0, JSON.parse(stdout)]);
  const config = rig.read("build.json");
  const refused = await member(rig, "--report=build.json");
  assertEquals([refused.code, rig.read("build.json")], [2, config]);
});

// S2.14
rigTest("--history records what a member does as a run, in which what others have done has passed", async (rig) => {
  const declared = { name: "other", requirements: ["gpu"] };
  writeTasks(rig, { name: "own", command: "echo own > $OUT" }, { ...declared, content: "other" }, {
    name: "bad",
    dependencies: ["own"],
    command: "exit 3",
  });
  rig.write("tasks.txt", "own: true\nother: true [requires:gpu]\nbad: exit 3 [after:own]\n");
  for (const [file, run] of [["build.json", 1], ["tasks.txt", 2]] as const) {
    const db = `--db=${file}.sqlite`;
    await member(rig, file, db, "--label=gpu", "--task=other");
    const { code, stdout } = await member(rig, file, db, "--history=runs.db");
    assertEquals([code, stdout.includes(`Results saved to: runs.db (run #${run})\n`)], [1, true], stdout);
    const { tasks } = JSON.parse((await rig.ask(["show", "last", "--db=runs.db", "--json"])).stdout);
    assertEquals(
      tasks.map(({ name, status, attempts }: Record<string, unknown>) => [name, status, attempts]),
      [["own", "passed", 1], ["other", "passed", 1], ["bad", "failed", 1]],
    );
  }
});
