// Why a task ran, asked of the history.
import { assertEquals, assertMatch } from "@std/assert";
import { rigTest } from "../../rig.ts";
import { rows, troupe } from "./said.ts";
import { RawDatabase } from "../../actors/storage/raw_database.ts";

/** What `troupe why --json` says. */
async function why(rig: Parameters<typeof troupe>[0], ...args: string[]) {
  const { code, stdout, stderr } = await troupe(rig, "why", ...args, "--json");
  assertEquals([code, stderr], [0, ""]);
  return JSON.parse(stdout);
}

// S6.9
rigTest("why says of a task that never passed that it failed", async (rig) => {
  const tasks = [{ name: "a", outputs: [], command: "test -e ok" }, { name: "b", outputs: [], command: "true" }];
  rig.write("build.json", { tasks });
  await rig.build(["a"]);
  assertEquals((await why(rig, "a")).now, { run: true, reason: "failed last" });
  assertMatch((await troupe(rig, "why", "a")).stdout, /^ {2}now +would run: failed last$/m);
  assertEquals((await why(rig, "b")).now, { run: true, reason: "new" });
  // What passed once, and is another one now, runs for that.
  rig.write("ok", "");
  await rig.build(["a"]);
  rig.write("build.json", { tasks: [{ ...tasks[0], command: "exit 1" }] });
  await rig.build(["a"]);
  assertEquals((await why(rig, "a")).now, { run: true, reason: "command changed" });
});

// S6.9
rigTest("why tells of a task of a task file also where there is a config", async (rig) => {
  rig.write("build.json", { tasks: [{ name: "a", outputs: [], command: "true" }] });
  rig.write("tasks.txt", "unit: true\n");
  await troupe(rig, "run", "tasks.txt");
  const { last, now } = await why(rig, "unit");
  assertEquals([last.run, last.outcome, now], [1, "passed", undefined]);
  const { code, stderr } = await troupe(rig, "why", "unti");
  assertEquals([code, stderr], [2, "Unknown task 'unti'\n"]);
});

// S6.3, S6.9
rigTest("build, dry run, list and why give the same reason for what failed and never passed", async (rig) => {
  const checks = ["a", "b"].map((name) => ({ name, outputs: [], command: `test -e ${name}` }));
  rig.write("build.json", { tasks: checks });
  for (const how of [["build"], ["build", "--transaction"], ["join", "build.json"]]) {
    rig.remove(".build_cache.json");
    await troupe(rig, ...how);
    assertMatch((await rig.build(["a", "-v"])).stdout, /^Task 'a' must run: failed last$/m);
    assertMatch((await troupe(rig, "build", "-n")).stdout, /^Task 'a' would run: failed last$/m);
    assertMatch((await troupe(rig, "why", "a")).stdout, /^ {2}because +failed last\n {2}now +would run: failed last$/m);
    const { tasks } = JSON.parse((await troupe(rig, "list", "--json", "--db", "none")).stdout);
    assertEquals([tasks[0].state, tasks[0].reason], ["failed_last", "failed last"]);
  }
  rig.write("a", "");
  await rig.build();
  assertEquals((await why(rig, "a")).now, { run: false });
  assertEquals((await why(rig, "b")).now, { run: true, reason: "failed last" });
});

// S6.3, S6.10, S2.24
rigTest("a project that was moved or copied has its history, and retries itself", async (rig) => {
  rig.write("one/build.json", { tasks: [{ name: "a", outputs: [], command: "pwd; test -e ok" }] });
  rig.write("one/tasks.txt", "t: pwd; test -e ok\n");
  const inFolder = async (folder: string, ...words: string[]) => await rig.ask(words, { cwd: folder });
  await inFolder("one", "run", "tasks.txt");
  await inFolder("one", "build");
  await new Deno.Command("cp", { args: ["-a", "one", "two"], cwd: rig.path(".") }).output();
  rig.write("two/ok", "");
  const listed = JSON.parse((await inFolder("two", "list", "--json")).stdout).tasks[0];
  assertEquals([listed.state, listed.last?.run], ["failed_last", 2]);
  assertMatch((await inFolder("two", "why", "a")).stdout, /^ {2}last ran {2}run #2, /m);
  assertMatch((await inFolder("two")).stdout, /^Last run: #2, /m);
  assertEquals((await inFolder("two", "retry", "1")).code, 0);
  assertEquals((await inFolder("two", "retry", "2")).code, 0);
  const sources = rows(rig, "select source, folder from runs", "two/taskrun.db");
  assertEquals(sources.map(({ source, folder }) => [source, folder]), [
    ...["tasks.txt", "build.json", "tasks.txt", "build.json"].map((name) => [rig.path(`two/${name}`), rig.path("two")]),
  ]);
  Deno.renameSync(rig.path("two"), rig.path("three"));
  assertEquals(JSON.parse((await inFolder("three", "list", "--json")).stdout).tasks[0].last.run, 4);
  assertEquals(JSON.parse((await inFolder("one", "list", "--json")).stdout).tasks[0].last.run, 2);
});

// S6.9, S6.10
rigTest("why tells why a task ran the last time, what that caused, and what would make it run now", async (rig) => {
  rig.write("src/a", "a");
  rig.write("src/b", "b");
  const gen = { name: "gen", output_artifact: "o/gen", command: "cat $IN > $OUT", source_files: ["src/*"] };
  const rest = [
    { name: "use", output_artifact: "o/use", command: "cat $DEPS > $OUT", dependencies: ["gen"] },
    { name: "top", output_artifact: "o/top", command: "cat $DEPS > $OUT", dependencies: ["use"] },
    { name: "other", output_artifact: "o/other", content: "x" },
  ];
  rig.write("build.json", { num_workers: 2, tasks: [gen, ...rest] });
  await rig.build();
  rig.write("src/a", "aa");
  rig.remove("src/b");
  rig.write("src/c", "c");
  await rig.build();
  const { last, now } = await why(rig, "gen");
  assertEquals([last.run, last.outcome, last.attempts, last.compared_with], [2, "passed", 1, 1]);
  assertMatch(last.reason, /^source changed: src\/a; source added: src\/c; source removed: src\/b$/);
  const digest = (text: unknown) => text === null ? null : String(text).length;
  assertEquals(
    last.changes.map((change: Record<string, unknown>) => [
      change.what,
      change.name,
      digest(change.before),
      digest(change.after),
    ]),
    [["source", "src/a", 16, 16], ["source", "src/c", null, 16], ["source", "src/b", 16, null]],
  );
  assertEquals(last.caused, ["use", "top"]);
  assertEquals(now, { run: false });
  assertEquals((await why(rig, "use")).last.reason, "dependency changed: gen");
  assertEquals((await why(rig, "other")).last.run, 1);

  rig.write("src/a", "aaa");
  rig.write("build.json", { num_workers: 2, tasks: [{ ...gen, command: "echo; cat $IN > $OUT" }, ...rest] });
  assertEquals((await why(rig, "gen")).now, { run: true, reason: "command changed; source changed: src/a" });
  await rig.build();
  const { stdout } = await troupe(rig, "why", "gen", "--runs", "1", "3");
  assertMatch(
    stdout,
    /^gen: run #1 and run #3 differ\n +~ command\n +- cat \$IN > \$OUT\n +\+ echo; cat .*\n +~ source src\/a {2}\w{8} → \w{8}\n +\+ source src\/c .*\n +- source src\/b .*\n$/,
  );
  assertEquals(
    (await troupe(rig, "why", "gen", "--runs", "3", "3")).stdout,
    "gen: run #3 and run #3 were made of the same\n",
  );
  const wrong = await troupe(rig, "why", "gne");
  assertEquals([wrong.code, wrong.stderr], [2, "Unknown task 'gne', did you mean 'gen'?\n"]);
  assertEquals((await troupe(rig, "why", "gen", "--runs", "1", "9")).stderr, "Run #9 not found in 'taskrun.db'\n");
  assertEquals(
    (await troupe(rig, "why", "gen", "--runs", "1")).stderr,
    "--runs needs the numbers of two runs, as in --runs 5 8\n",
  );
  // A manifest that is told by another outlives the run that this one was made in.
  assertEquals((await troupe(rig, "history", "--prune", "1")).code, 0);
  assertEquals((await why(rig, "gen")).last.run, 3);
  using database = new RawDatabase(rig.path("taskrun.db"));
  const left = database.prepare("select count(*) count from manifests").get()!.count;
  assertEquals(left, 9, "gen, use and top, each told by way of two; but not other");
});

// S6.9
rigTest("an attempt is recorded with what names its work and what it took of the machine", async (rig) => {
  rig.write("tasks.txt", "a: i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done\nb: echo b\nc: echo b\n");
  await troupe(rig, "run", "tasks.txt", "-j1");
  const attempt = async (name: string) =>
    JSON.parse((await troupe(rig, "show", "1", "--task", name, "--json")).stdout).attempt_records[0];
  const [a, b, c] = [await attempt("a"), await attempt("b"), await attempt("c")];
  assertMatch(a.fingerprint, /^[0-9a-f]{16}$/);
  assertEquals([b.fingerprint === c.fingerprint, a.fingerprint === b.fingerprint], [true, false]);
  if (Deno.build.os !== "linux") return;
  assertEquals([a.cpu_us > b.cpu_us, b.cpu_us > 0], [true, true], `${a.cpu_us} ${b.cpu_us}`);
}, { ignore: Deno.build.os === "windows" });

// S5.22, S6.10
rigTest("why tells that the last time a task was restored or copied, and not run", async (rig) => {
  const one = { name: "one", output_artifact: "o/one", command: 'cat src > "$OUT"', source_files: ["src"] };
  rig.write("build.json", { tasks: [one, { ...one, name: "two", output_artifact: "o/two" }] });
  rig.write("src", "a");
  await rig.build(["build.json", "--jobs=1"]);
  assertMatch(
    (await troupe(rig, "why", "two")).stdout,
    /^ {2}copied {4}run #1, .*: passed in .*\n +because +a task that/m,
  );
  rig.remove("o");
  await rig.build(["build.json", "--jobs=1"]);
  assertMatch(
    (await troupe(rig, "why", "one")).stdout,
    /^ {2}restored {2}run #2, .*: passed in .*\n +because +the same had been made before, and came out of the store\n/m,
  );
  assertEquals((await why(rig, "one")).last.how, "restored");
});

// S6.10
rigTest("why is of one task, that a pattern may mean, and needs no history where a config is", async (rig) => {
  const tasks = ["a:1", "a:2", "b:1"].map((name) => ({ name, tags: [name[0]], outputs: [], command: `echo ${name}` }));
  rig.write("build.json", { tasks });
  assertEquals(await why(rig, "b*"), { task: "b:1", last: null, now: { run: true, reason: "new" } });
  assertEquals(await why(rig, "#b"), await why(rig, "b:1"));
  const refusal = "'a:*' means 2 tasks, and one is to be named: a:1, a:2\n";
  assertEquals(await troupe(rig, "why", "a:*"), { code: 2, stdout: "", stderr: refusal });
  assertEquals((await troupe(rig, "graph", "path", "a:*", "b:1")).stderr, refusal);
  assertEquals((await troupe(rig, "why", "b*", "--db", "h.db")).stderr, "Database 'h.db' does not exist\n");
  await rig.build();
  assertEquals((await why(rig, "b*")).last.run, 1);
});
