// What `troupe status` shows of a crew's database, and of one that is not there or cannot be used.
import { assert, assertEquals, assertMatch } from "@std/assert";
import type { SnapshotReport } from "../../../graph/crew/overview_report.ts";
import { entries, Mate, NO_RETRIES } from "../../actors/crew/rig.ts";
import { RawDatabase } from "../../actors/storage/raw_database.ts";
import { rigTest } from "../../rig.ts";
import { hasTmux, Screen } from "../screen.ts";
import { MAIN, openCrew, troupe } from "./crew.ts";

// S3.47
rigTest("status shows progress, states, members, what runs and what failed", async (rig) => {
  using store = await openCrew(rig);
  await store.register(entries({ a: [], b: [], c: ["a"], d: ["b"] }));
  await store.setTotal(8);
  const heartbeat = { heartbeatIntervalMs: 30_000, heartbeatTimeoutMs: 60_000 };
  const join = async (identifier: string, labels: string[]) => {
    const joined = await store.join({ identifier, labels, ...heartbeat, isRegistering: false }, NO_RETRIES);
    assert("worker" in joined);
    const { worker } = joined;
    return new Mate(store, { worker, labels: new Set(labels), enableFingerprints: false, ...NO_RETRIES }, identifier);
  };
  const ann = await join("ann", ["gpu", "linux"]), bob = await join("bob", []);
  await ann.ends(await ann.takes("a"));
  await bob.ends(await bob.takes("b"), "failed", "Command failed with exit code 1");
  await ann.takes("c");
  using raw = new RawDatabase(rig.path("crew.sqlite"));
  raw.exec("update workers set last_heartbeat = last_heartbeat - 3600000 where identifier = 'bob'");
  const { code, stdout, stderr } = await troupe(rig, "status");
  const shown = stdout.replaceAll(Deno.hostname(), "HOST").replaceAll(String(Deno.pid), "PID").replace(/ +/g, " ")
    .replace(/\d+ s\b/g, "# s");
  assertEquals([code, stderr, shown.split("\n")], [0, "", [
    "Workflow 'main': 2 of 8 tasks done (25.0%)",
    " completed 1 12.5%",
    " running 1 12.5%",
    " blocked 1 12.5%",
    " failed 1 12.5%",
    " unknown yet 4 50.0%",
    "",
    "Members: 2 at work",
    " member status heartbeat tasks host pid labels",
    " ann busy # s ago 1 HOST PID gpu, linux",
    " bob idle (stale) 60 min ago 1 HOST PID",
    "",
    "Running",
    " c ann for # s",
    "",
    "Failed",
    " b failed: Command failed with exit code 1",
    "",
  ]]);
  const json = await troupe(rig, "status", "--json");
  const report: SnapshotReport = JSON.parse(json.stdout);
  assertEquals([json.code, report.total_tasks, report.done_tasks, report.waiting], [0, 8, 2, null]);
  assertEquals(report.workers!.map(({ id, stale }) => [id, stale]), [["ann", false], ["bob", true]]);
  assertEquals(report.failed, [{ task: "b", state: "failed", detail: "Command failed with exit code 1" }]);
});

// S3.47
rigTest("status says that there is no database or workflow yet, and makes none", async (rig) => {
  assertEquals(await troupe(rig, "status"), {
    code: 1,
    stdout: "Waiting for a crew: Database 'crew.sqlite' does not exist\n",
    stderr: "",
  });
  const json = await troupe(rig, "status", "--json", "--db", "no/x.db", "--lock");
  const { time: _, ...report } = JSON.parse(json.stdout);
  assertEquals([json.code, report], [1, {
    database: "no/x.db",
    workflow: "main",
    waiting: "Database 'no/x.db' does not exist",
  }]);
  assertEquals(rig.files(), []);
  (await openCrew(rig)).close();
  const other = await troupe(rig, "status", "--workflow", "other");
  assertEquals([other.code, other.stdout], [
    1,
    "Waiting for a crew: Database 'crew.sqlite' has no workflow 'other'\n",
  ]);
  assertEquals(await troupe(rig, "status", "--workflow", "main"), {
    code: 0,
    stdout: "Workflow 'main': no tasks yet\n",
    stderr: "",
  });
});

// S3.24, S3.47
rigTest(
  "status looks at a database on a network file system under its lock, by either name of the flag",
  async (rig) => {
    (await openCrew(rig, { sharedFs: true })).close();
    for (const flag of ["--shared-fs", "--lock"]) {
      const { code, stdout } = await troupe(rig, "status", flag);
      assertEquals([code, stdout], [0, "Workflow 'main': no tasks yet\n"]);
    }
    assertEquals(rig.files(), ["crew.sqlite"]);
  },
);

// S3.47
rigTest("status refuses what is no crew's database, and what it does not know", async (rig) => {
  rig.write("text.db", "no database, but long enough to be looked at as one".repeat(20));
  rig.write("tasks.txt", "a: true\n");
  await troupe(rig, "run", "tasks.txt", "--db", "history.db");
  (await openCrew(rig)).close();
  {
    using raw = new RawDatabase(rig.path("crew.sqlite"));
    raw.exec("pragma user_version = 99");
  }
  const history = await troupe(rig, "history", "--db", "crew.sqlite");
  assertEquals(history.stderr, "Database 'crew.sqlite' is a crew's database, not a history of runs\n");
  const refusals: [string[], RegExp][] = [
    [["--db", "text.db"], /^File 'text.db' is not a database\n$/],
    [["--db", "history.db"], /^Database 'history.db' is a history of runs, not a crew's database\n$/],
    [[], /^Database 'crew.sqlite' was made by a newer troupe \(version 99, this one knows \d+\)\n$/],
    [["--workflo", "x"], /^Unknown flag '--workflo', did you mean '--workflow'\?\n$/],
    [["--db", ""], /^--db needs a value; see troupe status --help\n$/],
    [["x"], /^Unexpected argument 'x'; see troupe status --help\n$/],
  ];
  for (const [args, message] of refusals) {
    const { code, stdout, stderr } = await troupe(rig, "status", ...args);
    assertEquals([code, stdout], [2, ""], args.join(" "));
    assertMatch(stderr, message);
  }
});

const screens: [string, Record<string, string>, boolean][] = [
  ["shows a bar in colour on a terminal", {}, true],
  ["shows a bar without colour with NO_COLOR", { NO_COLOR: "1" }, false], // K40
];
for (const [name, env, hasColor] of screens) {
  // S3.47
  rigTest(`status ${name}`, async (rig) => {
    using store = await openCrew(rig);
    await store.register(entries({ a: [] }));
    await using screen = new Screen(rig);
    await screen.run([MAIN, "status"], { rows: 24, env });
    const shown = await screen.showsInColour(/^END 0$/m);
    assertEquals([shown.includes("━"), shown.includes("\x1b[")], [true, hasColor], shown);
  }, { ignore: !hasTmux });
}

rigTest("status explains itself", async (rig) => {
  const { code, stdout } = await troupe(rig, "status", "--help");
  assertEquals(code, 0);
  for (const flag of ["--db", "--workflow", "--shared-fs", "--lock", "--json"]) assert(stdout.includes(flag), flag);
});
