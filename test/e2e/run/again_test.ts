// What is tried again, what is flaky, and which runs are listed.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { rigTest } from "../../rig.ts";
import { troupe } from "./said.ts";

/** Fails at every other attempt, the first one first. */
const MOODY = "test -e mood && rm mood || { touch mood; exit 1; }";

// S6.19
rigTest("a flaky task is told of with its rate, and with retries 'flaky' tried again only then", async (rig) => {
  rig.write("tasks.txt", `moody: ${MOODY} [retries:flaky]\nbroken: exit 1 [retries:flaky]\n`);
  const first = await troupe(rig, "run", "tasks.txt", "-j1");
  assertStringIncludes(first.stdout, "\n  moody    exit 1\n");
  const second = await troupe(rig, "run", "tasks.txt", "-j1");
  assertEquals(second.stdout.match(/PASSED/g)?.length, 1);
  // Now it is known to be: it fails again, and passes at its second attempt.
  const third = await troupe(rig, "run", "tasks.txt", "-j1");
  assertMatch(third.stdout, /moody: .*PASSED \(attempt 2 of 3/);
  assertMatch(third.stdout, /broken: .*FAILED \(\d/);
  assertStringIncludes(
    third.stdout,
    "  flaky    moody passed at attempt 2 (flaky: failed 2 of the last 4 times, 50 %)\n",
  );
  rig.write("build.json", {
    tasks: [{ name: "b", output_artifact: "b", command: `${MOODY} && echo b > $OUT`, retries: "flaky" }],
  });
  await rig.build();
  await rig.build();
  rig.remove("b");
  const { stdout, code } = await rig.build(["--no-store"]);
  assertEquals(code, 0, stdout);
  assertStringIncludes(stdout, "  flaky  b passed at attempt 2 (flaky: failed 2 of the last 4 times, 50 %)\n");
});

// S6.19
rigTest("a task that was flaky and is broken now is not told of as flaky", async (rig) => {
  const task = { name: "a", outputs: [], retries: 1 };
  rig.write("build.json", { tasks: [{ ...task, command: MOODY }] });
  assertStringIncludes((await rig.build()).stdout, "passed at attempt 2 (flaky: failed 1 of the last 2 times, 50 %)\n");
  rig.write("build.json", { tasks: [{ ...task, command: "exit 1" }] });
  for (const { stdout } of [await rig.build(), await rig.build(), await troupe(rig, "list")]) {
    assert(!stdout.includes("flaky"), stdout);
  }
  // Mended, it is what it was.
  rig.write("build.json", { tasks: [{ ...task, command: MOODY }] });
  const { stdout } = await rig.build(["--force"]);
  assertStringIncludes(stdout, "passed at attempt 2 (flaky: failed 6 of the last 8 times, 75 %)\n");
});

// S6.19
rigTest("a shell task that edits break and mend is not told of as flaky", async (rig) => {
  rig.write("tasks.txt", "test: [ -e good ]\n");
  for (const isGood of [false, true, false]) {
    if (isGood) rig.write("good", "");
    else if (rig.has("good")) rig.remove("good");
    assertEquals((await troupe(rig, "run", "tasks.txt")).code, isGood ? 0 : 1);
  }
  for (const args of [["run", "tasks.txt"], ["list", "tasks.txt"]]) {
    const { stdout } = await troupe(rig, ...args);
    assertMatch(stdout, /test .*exit 1|test .*exit code 1/);
    assert(!stdout.includes("flaky"), stdout);
  }
});

// S6.18
rigTest("run starts nothing more after a failure with --fail-fast, and only tells with --dry-run", async (rig) => {
  rig.write("tasks.txt", "a: exit 1\nx: true [after:a]\ny: true [after:x]\nb: echo b > b\nc: true [after:b]\n");
  const dry = await troupe(rig, "run", "tasks.txt", "--dry-run", "c");
  assertEquals([dry.code, dry.stdout], [0, "Task 'b' would run\nTask 'c' would run after b\nDry run: 2 would run\n"]);
  assertEquals([rig.has("b"), rig.has("taskrun.db")], [false, false]);
  const { code, stdout } = await troupe(rig, "run", "tasks.txt", "-j1", "--fail-fast", "--report", "r.json");
  assertEquals([code, rig.has("b")], [1, false], stdout);
  assertEquals(JSON.parse(rig.read("r.json")).skipped, 4);
  assertMatch(stdout, /b: echo b > b \.+ SKIPPED \(after a failure\)/);
  assertMatch(stdout, /y: true \.+ SKIPPED \(dependency failed\)/);
  assertStringIncludes(
    stdout,
    "\n  not run  x, y (need a)\n  not run  b, c (nothing more was started after a failure)\n",
  );
  // S2.22, K34
  const shown = await troupe(rig, "show", "last");
  assertMatch(shown.stdout, / b \.+ SKIPPED \(after a failure\)\n/);
  assertMatch(shown.stdout, / y \.+ SKIPPED \(dependency failed\)\n/);
  const onto = await troupe(rig, "run", "tasks.txt", "--report", "tasks.txt");
  assertEquals([onto.code, onto.stderr], [
    2,
    "The report 'tasks.txt' would replace the task file: name another file\n",
  ]);
  // S6.18: what did not pass, once more.
  const again = await troupe(rig, "run", "--since-failed", "-j1");
  assertMatch(again.stdout, /^Retrying 1 failed and 4 skipped tasks from run #1\.\.\./);
  const wrong = await troupe(rig, "run", "--since-failed", "--fail-fast");
  assertEquals(wrong.code, 2);
  assertStringIncludes(wrong.stderr, "--fail-fast has no place there");
});

// S6.18
rigTest("--since-failed does the same without the word build, also where there is only a task file", async (rig) => {
  rig.write("tasks.txt", "a: exit 1\nb: true\n");
  await troupe(rig, "run", "tasks.txt");
  assertMatch((await troupe(rig, "--since-failed")).stdout, /^Retrying 1 failed task from run #1\.\.\./);
  rig.write("build.json", {
    tasks: ["exit 1", "true"].map((command, at) => ({ name: `t${at}`, outputs: [], command })),
  });
  await rig.build();
  for (const [at, words] of [["--since-failed"], ["-j1", "--since-failed"]].entries()) {
    assertStringIncludes((await troupe(rig, ...words)).stdout, `Retrying 1 failed task from run #${3 + at}...`);
  }
  const named = await troupe(rig, "t1", "--since-failed");
  assertEquals([named.code, named.stderr], [
    2,
    "--since-failed does again what the last run was, so 't1' has no place there\n",
  ]);
});

// S6.9
rigTest("history finds runs by what failed, by a task and by time, and tells what each was", async (rig) => {
  rig.write("tasks.txt", "good: true\nbad: exit 1\n");
  rig.write("build.json", { tasks: [{ name: "web:a", output_artifact: "a", content: "a" }] });
  await troupe(rig, "run", "tasks.txt");
  await troupe(rig, "run", "tasks.txt", "good");
  await troupe(rig, "build", "web:*");
  const ids = async (...args: string[]) =>
    JSON.parse((await troupe(rig, "history", "--json", ...args)).stdout).runs.map(({ id }: { id: number }) => id);
  assertEquals(await ids(), [3, 2, 1]);
  assertEquals(await ids("--failed"), [1]);
  assertEquals(await ids("--task", "good"), [2, 1]);
  assertEquals(await ids("--task", "good", "--failed", "--since", "2d"), [1]);
  assertEquals([await ids("--since", "1h"), await ids("--since", "2999-01-01")], [[3, 2, 1], []]);
  const { stdout } = await troupe(rig, "history", "--long");
  assertEquals(stdout.match(/[^|]+$/gm)?.map((text) => text.trim()).slice(1), [
    "build web:*",
    "tasks.txt good",
    "tasks.txt",
  ]);
  assert(!(await troupe(rig, "history")).stdout.includes("web:*"));
  const { code, stdout: none, stderr } = await troupe(rig, "history", "--task", "wbe:a");
  assertEquals([code, none, stderr], [
    2,
    "",
    "Task 'wbe:a' not found in any run of 'taskrun.db', did you mean 'web:a'?\n",
  ]);
  assertEquals(
    (await troupe(rig, "history", "--task", "good", "--since", "2999-01-01")).stdout,
    "No such runs recorded\n",
  );
  for (const since of ["soon", "2026-02-30", "2026-02-29T10:00"]) {
    assertEquals((await troupe(rig, "history", "--since", since)).code, 2, since);
  }
  // What is narrowed down is looked for; what is deleted is not.
  for (const [flag, ...value] of [["--failed"], ["--task", "bad"], ["--since", "1h"]]) {
    const refused = await troupe(rig, "history", "--prune", "0", flag, ...value);
    const said = `--prune deletes all runs but the newest, so ${flag} has no place there\n`;
    assertEquals([refused.code, refused.stderr], [2, said]);
  }
  assertEquals(await ids(), [3, 2, 1]);
});

// S6.19
rigTest("a task whose artifact could not be written is not told of as flaky", async (rig) => {
  rig.write("build.json", { tasks: [{ name: "a", output: "out/a", command: "echo a > $OUT" }] });
  for (const isInTheWay of [true, false, true, false]) {
    rig.remove("out");
    rig.remove(".build_cache.json");
    if (isInTheWay) rig.write("out", "");
    const { code, stdout } = await rig.build(["--no-store"]);
    assertEquals(code, isInTheWay ? 1 : 0);
    assert(!stdout.includes("flaky"), stdout);
    if (isInTheWay) assertMatch(stdout, /error: Cannot \w+ artifact 'out\/a'/);
  }
  const { tasks } = JSON.parse((await troupe(rig, "list", "--json")).stdout);
  assertEquals([tasks[0].last.outcome, tasks[0].flaky], ["passed", null]);
});
