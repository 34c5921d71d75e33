// Tasks that run out of time, and troupe told to stop while they run.
import { assert, assertEquals, assertLess, assertMatch, assertStringIncludes } from "@std/assert";
import { lives, said, until } from "../rig.ts";
import { outcomes, TaskProject } from "./rig.ts";

/** Starts children and grandchildren that ignore what asks them to end, notes all their ids, and waits. */
const STUBBORN = [
  "sleep 1000 & echo $! >> pids",
  "(trap '' TERM INT HUP; sleep 1000 & echo $! >> pids; wait; wait) & echo $! >> pids",
  'sh -c \'trap "" TERM INT; sh -c "sleep 1000; sleep 1000" & echo $! >> pids; echo $$ >> pids; wait\' & :',
  "trap '' TERM INT HUP; echo $$ >> pids; echo up >> up; wait; wait; read -r _ < hold",
].join("; ");
const STUBBORN_PIDS = 6;

/** Ids of processes that were noted. */
function pids(project: TaskProject): number[] {
  return project.has("pids") ? project.read("pids").trim().split("\n").map(Number) : [];
}

function started(project: TaskProject, count: number): Promise<void> {
  const isUp = () => project.has("up") && project.read("up").split("\n").length > count;
  return until(() => isUp() && pids(project).length === count * STUBBORN_PIDS, "all commands run");
}

// S2.7
Deno.test("a task that runs out of time leaves nothing of its group, whatever it ignores", async () => {
  using project = new TaskProject(
    `stubborn: ${STUBBORN} [timeout:2] [grace:0.5]\nnext: true [after:stubborn]\nother: true\n`,
  );
  project.fifo("hold");
  const running = project.startRun({ args: ["--jobs", "2"] });
  await until(() => running.stdout.includes("stubborn:"), "it has timed out");
  assertEquals(pids(project).filter(lives), []); // at the latest when it is told
  const ended = await running.ended;
  assertEquals(ended.code, 1, said(ended));
  assertEquals(pids(project).length, STUBBORN_PIDS);
  assertEquals(outcomes(ended), { other: "PASSED", stubborn: "TIMEOUT", next: "SKIPPED" });
  const [{ duration_ms, exit_code, error }] = project.rows("select * from tasks where name = 'stubborn'");
  assertEquals([exit_code, error], [null, "Timed out after 2s"]);
  assert(Number(duration_ms) >= 2000, `${duration_ms}`);
  assertLess(Number(duration_ms), 2000 + 1000 + 1000, "TERM, its grace, KILL, and a loaded machine");
});

/** A task that writes down which signal it got, with one that waits for it and one that is independent. */
const NOTING = `
done: true
noting: trap 'echo INT >> got; exit 3' INT; trap 'echo TERM >> got; exit 4' TERM; [ -e go ] || { echo up > up; sleep 1000 & wait; } [after:done]
after_noting: true [after:noting]
waiting: true [after:done,noting]
`;

for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
  // S2.8, S2.17
  Deno.test(`${signal} is passed on to what runs, which is waited for, and the run is recorded`, async () => {
    using project = new TaskProject(NOTING);
    const running = project.startRun({ args: ["--jobs", "1"] });
    await until(() => project.has("up"), "the command runs");
    running.kill(signal);
    const ended = await running.ended;
    assertEquals([ended.code, ended.stderr], [code, `Stopped by ${signal}\n`], said(ended));
    assertEquals(project.read("got"), `${signal.slice(3)}\n`);
    assertEquals(outcomes(ended), { done: "PASSED", noting: "CANCELLED", after_noting: "SKIPPED", waiting: "SKIPPED" });
    assertEquals(ended.stdout.match(/SKIPPED \(interrupted\)/g)?.length, 2, said(ended));
    assertStringIncludes(
      ended.stdout,
      "Run completed: 1 passed, 0 failed, 3 skipped (1 cancelled)\nResults saved to: ",
    );
    const [{ finished_at, interrupted, ...counts }] = project.rows(
      "select finished_at, interrupted, total_tasks, passed, failed, skipped from runs",
    );
    assertEquals([interrupted, counts], [signal, { total_tasks: 4, passed: 1, failed: 0, skipped: 3 }]);
    assert(Number(finished_at) > 0);
    assertEquals(project.statuses(), {
      after_noting: "skipped",
      done: "passed",
      noting: "skipped",
      waiting: "skipped",
    });
    assertEquals(project.rows("select name from tasks where cancelled = 1"), [{ name: "noting" }]); // K35
    assertStringIncludes(await project.look("history"), "| 1 passed, 0 failed, 3 skipped (1 cancelled), interrupted |");
    const shown = await project.look("show", "1");
    assertStringIncludes(shown, "(interrupted)\n");
    assertMatch(shown, / noting \.+ CANCELLED \(/);
    assertMatch(shown, / waiting \.+ SKIPPED \(interrupted\)\n/);
    // what was stopped can be taken up again
    project.write("go", "");
    const retried = await project.start(["retry", "last"]).ended;
    assertStringIncludes(retried.stdout, "Retrying 1 cancelled and 2 skipped tasks from run #1...\n"); // K34
    assertEquals([retried.code, outcomes(retried)], [0, {
      noting: "PASSED",
      after_noting: "PASSED",
      waiting: "PASSED",
    }]);
  });
}

// S2.8
Deno.test("what ignores the first signal is killed after a grace, all of it", async () => {
  using project = new TaskProject(`a: ${STUBBORN}\nb: ${STUBBORN}\nc: true [after:a]\n`);
  project.fifo("hold");
  const running = project.startRun({ args: ["--jobs", "2", "--grace", "0.1"] });
  await started(project, 2);
  running.kill("SIGTERM");
  const ended = await running.ended;
  assertEquals(ended.code, 143, said(ended));
  assertEquals(pids(project).filter(lives), []);
  assertEquals(outcomes(ended), { a: "CANCELLED", b: "CANCELLED", c: "SKIPPED" });
});

// S2.8, S2.17
Deno.test("a second SIGINT kills at once", async () => {
  using project = new TaskProject(
    `a: trap 'echo got >> got' INT TERM; echo up > up; while :; do sleep 1000 & wait; done\nb: true [after:a]\n`,
  );
  const running = project.startRun({ args: ["--grace", "3600"] });
  await until(() => project.has("up"), "the command runs");
  running.kill("SIGINT");
  await until(() => project.has("got"), "the first signal arrived");
  const begun = performance.now();
  running.kill("SIGINT");
  const ended = await running.ended;
  assertEquals([ended.code, ended.stderr], [130, "Stopped by SIGINT\n"], said(ended));
  assertLess(performance.now() - begun, 5000);
  assertEquals(outcomes(ended), { a: "CANCELLED", b: "SKIPPED" });
  assertEquals(project.rows("select finished_at is null n, interrupted from runs"), [{ n: 0, interrupted: "SIGINT" }]);
});

/** Notes its id, and waits. */
const NOTED = "echo $$ > pid; while :; do sleep 0.02; done";

// K31, S2.8
for (const how of ["", "trap 'exit 143' TERM; "]) {
  Deno.test(`who signals all processes, and troupe last, stops the run; nothing has failed${how && " (by exit code)"}`, async () => {
    using project = new TaskProject(`a: ${how}${NOTED}\n`);
    const running = project.startRun();
    await until(() => project.has("pid") && project.read("pid") !== "", "the command runs");
    const pid = Number(project.read("pid"));
    Deno.kill(pid, "SIGTERM");
    await until(() => !lives(pid), "the command has ended");
    running.kill("SIGTERM");
    const ended = await running.ended;
    assertEquals([ended.code, outcomes(ended)], [143, { a: "CANCELLED" }], said(ended));
  });
}

// K31
Deno.test("a signal that is the command's alone fails it", async () => {
  using project = new TaskProject("a: kill -TERM $$\nb: exit 143\n");
  const ended = await project.run({ args: ["--jobs", "2"] });
  assertEquals([ended.code, outcomes(ended)], [1, { a: "FAILED", b: "FAILED" }], said(ended));
  assertStringIncludes(ended.stderr, "a: Command was ended by signal SIGTERM\n");
});

// S2.8
Deno.test("a signal while nothing needs it ends the run all the same", async () => {
  using project = new TaskProject("a: echo up > up; exec sleep 1000\n");
  const running = project.startRun({ args: ["--json"] });
  await until(() => project.has("up"), "the command runs");
  running.kill("SIGTERM");
  const ended = await running.ended;
  const { interrupted, failed, skipped, cancelled, tasks } = JSON.parse(ended.stdout);
  assertEquals([ended.code, interrupted, failed, skipped, cancelled], [143, true, 0, 1, 1], said(ended));
  assertEquals([tasks[0].status, tasks[0].error], ["cancelled", "Cancelled"]);
});
