// Many troupes on one history, and troupes killed in the middle of a run.
import { assert, assertEquals, assertGreater, assertMatch, assertStringIncludes } from "@std/assert";
import { randomFrom, rounds, seedFor } from "../../random.ts";
import { lives, type Running, said, until } from "../rig.ts";
import { outcomes, TaskProject } from "./rig.ts";

// S2.14, S2.16
Deno.test("four troupes at once record every one of their runs in one history", async () => {
  const names = Array.from({ length: 12 }, (_, i) => `t${i}`);
  using project = new TaskProject(
    names.map((name, i) => `${name}: echo ${name}${i % 4 === 3 ? "; false" : ""}`).join("\n"),
  );
  const troupe = async () => {
    for (let count = 0; count < 3; count++) {
      const ended = await project.run({ args: ["--jobs", "2"] });
      assertEquals([ended.code, ended.stderr.replace(/^t\d+\n/gm, "")], [1, ""], said(ended));
      assertStringIncludes(ended.stdout, "Run completed: 9 passed, 3 failed, 0 skipped\nResults saved to: ");
    }
  };
  await Promise.all([troupe(), troupe(), troupe(), troupe()]);
  assertEquals(
    project.rows("select passed, failed, skipped, finished_at > 0 f, count(*) n from runs group by 1, 2, 3, 4"),
    [
      { passed: 9, failed: 3, skipped: 0, f: 1, n: 12 },
    ],
  );
  const rows = project.rows(
    "select count(*) n, count(distinct run_id) runs from tasks where stdout = name || char(10)",
  );
  assertEquals(rows, [{ n: 144, runs: 12 }]);
  project.assertSound();
});

// S2.17, S2.24
Deno.test("a run that was killed is shown as interrupted, and can be taken up again", async () => {
  using project = new TaskProject(
    `first: echo first >> log
     second: echo second >> log; [ -e go ] || { echo $$ > pid; echo up > up; exec sleep 1000; } [after:first]
     third: echo third >> log [after:second]`,
  );
  const running = project.startRun({ args: ["--jobs", "2"] });
  await until(() => project.has("up"), "the second task runs");
  // rows are written in batches
  await until(() => project.statuses().first === "passed" && "second" in project.statuses(), "the rows are written");
  assertMatch(await project.look("show", "1"), /first \.+ PASSED .*\n.*second \.+ RUNNING\n {2}third \.+ PENDING\n/);
  running.kill("SIGKILL");
  await running.ended;
  const pid = Number(project.read("pid"));
  await until(() => !lives(pid), "its command is gone");
  assertMatch(
    await project.look("history"),
    /^ {2}#1 \| .* \| 1 passed, 0 failed, 2 skipped \(1 cancelled\), interrupted \| unfinished$/m,
  );
  const shown = await project.look("show", "last");
  assertStringIncludes(shown, "Duration: unfinished (interrupted)\n");
  assertMatch(shown, /second \.+ INTERRUPTED\n {2}third \.+ SKIPPED \(interrupted\)\n/);
  project.write("go", "");
  const retried = await project.start(["retry", "last"]).ended;
  assertStringIncludes(retried.stdout, "Retrying 1 interrupted and 1 skipped task from run #1...\n"); // K34
  assertEquals([retried.code, outcomes(retried)], [0, { second: "PASSED", third: "PASSED" }], said(retried));
  assertEquals(project.read("log"), "first\nsecond\nsecond\nthird\n");
  assertEquals(project.rows("select id, retry_of, finished_at is null open from runs"), [
    { id: 1, retry_of: null, open: 1 },
    { id: 2, retry_of: 1, open: 0 },
  ]);
});

const KILLS = rounds(100);
const LIMIT_MS = 45_000;

// S2.14, S2.17
Deno.test("troupes killed at random moments leave a sound history", async () => {
  const random = randomFrom(seedFor("killed runs"));
  const lines = Array.from(
    { length: 40 },
    (_, i) => `t${i}: echo ${i}; head -c ${i * 997} /dev/zero${i < 8 ? "" : ` [after:t${i - 8}]`}`,
  );
  using project = new TaskProject(lines.join("\n"));
  await project.run();
  const deadline = performance.now() + LIMIT_MS;
  let begun = 0, killed = 0;
  const kill = (running: Running) => {
    try {
      running.kill("SIGKILL");
    } catch {
      // it has just ended
    }
  };
  const killer = async () => {
    while (killed < KILLS && performance.now() < deadline) {
      begun++;
      const running = project.startRun({ args: ["--jobs", "4"] });
      const tasks = random.below(42); // so many have ended, or a moment after its start
      const timer = random.chance(0.5) ? setTimeout(() => kill(running), random.below(300)) : undefined;
      running.onOutput = () => {
        if (timer !== undefined || running.stdout.split("\n").length <= tasks) return;
        running.onOutput = undefined;
        kill(running);
      };
      const ended = await running.ended;
      clearTimeout(timer);
      if (ended.signal === "SIGKILL") killed++;
      assert(ended.signal === "SIGKILL" || ended.code === 0, said(ended));
    }
  };
  await Promise.all([killer(), killer(), killer()]);
  console.log(`${killed} of ${begun} runs were killed`);
  assertGreater(killed, 10);
  project.assertSound();
  assertEquals(project.rows("select id from runs where passed + failed + skipped > total_tasks"), []);
  assertEquals(
    project.rows(`select id from runs r where passed <>
      (select count(*) from tasks t where t.run_id = r.id and t.status = 'passed')`),
    [],
  );
  const runs: { interrupted: boolean; finished_at: number | null }[] =
    JSON.parse(await project.look("history", "--json", "--limit", "1000")).runs;
  assert(runs.every((run) => run.interrupted === (run.finished_at === null)));
  const open = runs.filter((run) => run.interrupted).length;
  assert(open > 0 && open <= killed, `${open} interrupted`);
  assertStringIncludes(
    (await project.run()).stdout,
    "Run completed: 40 passed, 0 failed, 0 skipped\nResults saved to: ",
  );
});
