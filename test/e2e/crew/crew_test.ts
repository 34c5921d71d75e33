// `troupe crew`: several members as processes, however they and it end.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { lives, until } from "../../faults/rig.ts";
import { query } from "../../actors/storage/raw_database.ts";
import { type Rig, rigTest } from "../../rig.ts";
import { startTroupe, troupe } from "./crew.ts";

interface MemberRow {
  readonly identifier: string;
  readonly status: string;
  readonly pid: number;
}

function memberRows(rig: Rig): MemberRow[] {
  if (!rig.has("crew.sqlite")) return [];
  return query<MemberRow>(rig.path("crew.sqlite"), "select identifier, status, pid from workers order by identifier");
}

/** What becomes of a task, by its audit trail. */
function trail(rig: Rig, task: string): string[] {
  const sql =
    `select s.status from task_statuses s join tasks t on t.id = s.task_id where t.name = '${task}' order by s.id`;
  return query<{ status: string }>(rig.path("crew.sqlite"), sql).map(({ status }) => status);
}

/** The task in a member's hands. */
function claimed(rig: Rig, member: string): string {
  const sql = `select t.name from claims c join tasks t on t.id = c.task_id join workers w on w.id = c.worker_id
    where w.identifier = '${member}'`;
  return query<{ name: string }>(rig.path("crew.sqlite"), sql)[0].name;
}

/** Two tasks that the test holds, each in the hands of one of two members. */
async function twoBusyMembers(rig: Rig, ...options: string[]) {
  const held = [rig.hold("one"), rig.hold("two")];
  const tasks = held.map(({ name, command }) => ({ name, output: `out/${name}`, command }));
  rig.write("build.json", { tasks: [...tasks, { name: "sum", dependencies: ["one", "two"], output: "out/sum" }] });
  const crew = startTroupe(rig, ["crew", "2", "build.json", "--id", "m", "--jobs", "1", ...options]);
  await Promise.all(held.map((task) => task.started()));
  return { crew, held };
}

rigTest("crew works through a config with several members, and says who did what", async (rig) => {
  const { crew, held } = await twoBusyMembers(rig);
  assertEquals(memberRows(rig).map(({ identifier, status }) => [identifier, status]), [["m-1", "busy"], [
    "m-2",
    "busy",
  ]]);
  for (const task of held) task.release();
  const { code, stdout, stderr } = await crew.ended;
  assertEquals([code, stderr], [0, ""], stdout);
  assertEquals(rig.files("out"), ["out/one", "out/sum", "out/two"]);
  const lines = stdout.trimEnd().split("\n");
  assertMatch(lines.pop()!, /^Crew of 2 members ended after \d+\.\d\ds: 3 of 3 tasks completed$/);
  assert(lines.every((line) => /^\[[12]\] /.test(line)), stdout);
  for (const number of [1, 2]) {
    assertMatch(stdout, new RegExp(`^\\[${number}\\] Worker 1: Started task '(one|two)' `, "m"));
    assertMatch(stdout, new RegExp(`^\\[${number}\\] Member 'm-${number}': \\d tasks done, `, "m"));
  }
  const report = JSON.parse((await troupe(rig, "crew", "2", "build.json", "--json")).stdout);
  assertEquals([report.counts.completed, report.total_tasks], [3, 3]);
  assertEquals(report.members.map(({ number, code }: { number: number; code: number }) => [number, code]), [[1, 0], [
    2,
    0,
  ]]);
});

rigTest("crew works through a task file; what failed is tried once a run, and again in the next", async (rig) => {
  rig.write("tasks.txt", "bad: echo x >> tries; exit 3\nafterwards: true [after:bad]\ngood: true\n");
  for (const tries of ["x\n", "x\nx\n"]) {
    const { code, stdout } = await troupe(rig, "crew", "3", "tasks.txt");
    assertEquals(code, 1);
    assertMatch(stdout, /^Crew of 3 members ended after .*: 1 of 3 tasks completed, 1 blocked, 1 failed$/m);
    assertEquals(rig.read("tries"), tries);
  }
  const quiet = await troupe(rig, "crew", "2", "tasks.txt", "-q", "--db", "other.sqlite", "--workflow", "w");
  assertEquals([quiet.code, /Crew of|good/.test(quiet.stdout)], [1, false]);
});

rigTest("crew tells of a member that is killed, and the others do its tasks", async (rig) => {
  const { crew, held } = await twoBusyMembers(rig);
  const [first] = memberRows(rig);
  const had = held.find(({ name }) => name === claimed(rig, first.identifier))!;
  Deno.kill(first.pid, "SIGKILL");
  await crew.says(new RegExp(`^Member 1 \\(pid ${first.pid}\\) was ended by SIGKILL$`, "m"), "stderr");
  for (const task of held) task.release();
  await had.started();
  had.release(); // once more, should the dead member's command have taken the first
  const { code, stdout } = await crew.ended;
  assertEquals(code, 0, stdout);
  assertStringIncludes(stdout, "3 of 3 tasks completed");
  assertEquals(memberRows(rig).map(({ status }) => status), ["killed", "offline"]);
  assertEquals(trail(rig, had.name), ["running", "killed", "running", "completed"]);
});

for (const [signal, exit] of [["SIGINT", 130], ["SIGTERM", 143], ["SIGHUP", 129]] as const) {
  rigTest(`crew passes ${signal} on, waits for its members, and ends with ${exit}`, async (rig) => {
    const { crew } = await twoBusyMembers(rig);
    crew.kill(signal);
    const { code, stdout, stderr } = await crew.ended;
    assertEquals(code, exit);
    for (const who of ["[1] ", "[2] ", ""]) {
      assertMatch(stderr, new RegExp(`^${who.replace(/\W/g, "\\$&")}Stopped by ${signal}$`, "m"));
    }
    assertMatch(stdout, /^Crew of 2 members ended after .*: 0 of 3 tasks completed, /m);
    assertEquals(memberRows(rig).map(({ status }) => status), ["offline", "offline"]);
    assertEquals(trail(rig, "one"), ["running", "cancelled"]);
  });
}

rigTest("crew kills a member that does not end when asked a third time", async (rig) => {
  const { crew } = await twoBusyMembers(rig);
  const [{ pid }] = memberRows(rig);
  Deno.kill(pid, "SIGSTOP");
  let isOver = false;
  crew.ended.then(() => isOver = true);
  await until(() => {
    crew.kill("SIGINT");
    return isOver;
  }, "it ends");
  const { code, stderr } = await crew.ended;
  assertEquals(code, 130);
  assertMatch(stderr, new RegExp(`^Member 1 \\(pid ${pid}\\) was ended by SIGKILL$`, "m"));
});

rigTest("crew leaves no member and no command behind when it is killed itself", async (rig) => {
  const { crew } = await twoBusyMembers(rig);
  const pids = memberRows(rig).map(({ pid }) => pid);
  assertEquals(pids.map(lives), [true, true]);
  crew.kill("SIGKILL");
  await until(() => !pids.some(lives), "the members end");
  await crew.ended; // which needs the last holder of its output to be gone
  assertEquals(memberRows(rig).map(({ status }) => status), ["offline", "offline"]);
  assertEquals(trail(rig, "two"), ["running", "cancelled"]);
});

rigTest("crew ends when its database is gone, and says so", async (rig) => {
  const { crew, held } = await twoBusyMembers(rig);
  for (const name of rig.files().filter((file) => file.startsWith("crew.sqlite"))) rig.remove(name);
  for (const task of held) task.release();
  const { code, stderr } = await crew.ended;
  assertEquals(code, 2);
  for (const who of ["[1]", "[2]"]) {
    assertStringIncludes(stderr, `${who} Database 'crew.sqlite' was removed or replaced`);
  }
  assertMatch(stderr, /^Database 'crew.sqlite' does not exist$/m);
  assert(!rig.has("crew.sqlite"));
});

rigTest("crew tells once what is wrong, and starts nobody", async (rig) => {
  rig.write("build.json", { tasks: [{ name: "a", output: "a", content: "a" }] });
  rig.write("bad.json", { tasks: [{ name: "a", output: "a", dependencies: ["b"] }] });
  rig.write("text.db", "no database, but long enough to be looked at as one".repeat(20));
  const refusals: [string[], RegExp][] = [
    [[], /^troupe crew needs a number and a config or a task file; see troupe crew --help\n$/],
    [["0", "build.json"], /^The number of members must be a whole number from 1 to 256, not '0'\n$/],
    [["build.json", "2"], /^The number of members must be a whole number from 1 to 256, not 'build.json'\n$/],
    [["2", "none.json"], /^Build configuration not found at path: none.json\n$/],
    [["2", "bad.json"], /^Task 'a' depends on unknown task 'b'\n[^]*$/],
    [["2", "build.json", "--db", "text.db"], /^File 'text.db' is not a database\n$/],
    [["2", "build.json", "--db", "no/x.db"], /^Cannot open database 'no\/x.db': folder 'no' does not exist\n$/],
    [["2", "build.json", "-j", "x"], /^--jobs must be a whole number/],
    [["2", "build.json", "--lable", "x"], /^Unknown flag '--lable', did you mean '--label'\?\n$/],
  ];
  for (const [args, message] of refusals) {
    const { code, stdout, stderr } = await rig.ask(["crew", ...args]);
    assertEquals([code, stdout], [2, ""], args.join(" "));
    assertMatch(stderr, message);
    assertEquals(stderr.match(/depends on unknown/g)?.length ?? 1, 1);
  }
  assertEquals(memberRows(rig), []);
  assertMatch((await rig.ask(["crew", "--help"])).stdout, /^Usage: troupe crew N \[FILE\]/m);
});
