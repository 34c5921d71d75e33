// Tasks that run out of time, and troupe told to stop while they run.
import { assert, assertEquals, assertLess, assertStringIncludes } from "@std/assert";
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
  using project = new TaskProject(`stubborn: ${STUBBORN} [timeout:2]\nnext: true [after:stubborn]\nother: true\n`);
  project.fifo("hold");
  const running = project.startRun({ args: ["--jobs", "2"] });
  await until(() => running.soFar.stdout.includes("stubborn:"), "it has timed out");
  assertEquals(pids(project).filter(lives), []); // at the latest when it is told
  const ended = await running.ended;
  assertEquals(ended.code, 1, said(ended));
  assertEquals(pids(project).length, STUBBORN_PIDS);
  assertEquals(outcomes(ended), { other: "PASSED", stubborn: "TIMEOUT", next: "SKIPPED" });
  const [{ duration_ms, exit_code, error }] = project.rows("select * from tasks where name = 'stubborn'");
  assertEquals([exit_code, error], [null, "Timed out after 2s"]);
  assert(Number(duration_ms) >= 2000, `${duration_ms}`);
  assertLess(Number(duration_ms), 2000 + 1000 + 1000, "TERM, half a second, KILL, and a loaded machine");
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
    assertEquals(outcomes(ended), { done: "PASSED", noting: "FAILED", after_noting: "SKIPPED", waiting: "SKIPPED" });
    assertEquals(ended.stdout.match(/SKIPPED \(interrupted\)/g)?.length, 2, said(ended));
    assertStringIncludes(ended.stdout, "Run completed: 1 passed, 1 failed, 2 skipped\nResults saved to: ");
    const [{ finished_at, interrupted, ...counts }] = project.rows(
      "select finished_at, interrupted, total_tasks, passed, failed, skipped from runs",
    );
    assertEquals([interrupted, counts], [signal, { total_tasks: 4, passed: 1, failed: 1, skipped: 2 }]);
    assert(Number(finished_at) > 0);
    assertEquals(project.statuses(), { after_noting: "skipped", done: "passed", noting: "failed", waiting: "skipped" });
    assertStringIncludes(await project.look("history"), "| 1 passed, 1 failed, 2 skipped, interrupted |");
    assertStringIncludes(await project.look("show", "1"), "(interrupted)\n");
    // what was stopped can be taken up again
    project.write("go", "");
    const retried = await project.start(["retry", "last"]).ended;
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
  const running = project.startRun({ args: ["--jobs", "2"] });
  await started(project, 2);
  running.kill("SIGTERM");
  const ended = await running.ended;
  assertEquals(ended.code, 143, said(ended));
  assertEquals(pids(project).filter(lives), []);
  assertEquals(project.statuses(), { a: "failed", b: "failed", c: "skipped" });
});

// S2.8, S2.17
Deno.test("a second SIGINT kills at once", async () => {
  using project = new TaskProject(
    `a: trap 'echo got >> got' INT TERM; echo up > up; while :; do sleep 1000 & wait; done\nb: true [after:a]\n`,
  );
  const running = project.startRun();
  await until(() => project.has("up"), "the command runs");
  running.kill("SIGINT");
  await until(() => project.has("got"), "the first signal arrived");
  const begun = performance.now();
  running.kill("SIGINT");
  const ended = await running.ended;
  assertEquals([ended.code, ended.stderr], [130, "Stopped by SIGINT\n"], said(ended));
  assertLess(performance.now() - begun, 5000);
  assertEquals(project.statuses(), { a: "failed", b: "skipped" });
  assertEquals(project.rows("select finished_at is null n, interrupted from runs"), [{ n: 0, interrupted: "SIGINT" }]);
});

// S2.8
Deno.test("a signal while nothing needs it ends the run all the same", async () => {
  using project = new TaskProject("a: echo up > up; exec sleep 1000\n");
  const running = project.startRun({ args: ["--json"] });
  await until(() => project.has("up"), "the command runs");
  running.kill("SIGTERM");
  const ended = await running.ended;
  const { interrupted, failed, tasks } = JSON.parse(ended.stdout);
  assertEquals([ended.code, interrupted, failed, tasks[0].status], [143, true, 1, "failed"], said(ended));
});
