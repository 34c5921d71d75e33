// What `troupe watch` shows from look to look, how it waits for a database, and how it ends.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import type { SnapshotReport } from "../../../graph/crew/overview_report.ts";
import { entries } from "../../actors/crew/rig.ts";
import { rigTest } from "../../rig.ts";
import { hasTmux, Screen } from "../screen.ts";
import { MAIN, openCrew, startTroupe } from "./crew.ts";

// S3.47
rigTest("watch waits for a database, shows it, and waits for another when it is removed", async (rig) => {
  const watch = startTroupe(rig, ["watch", "--interval", "0.1"]);
  await watch.says(/^Waiting for a crew: Database 'crew.sqlite' does not exist$/m);
  {
    using store = await openCrew(rig);
    await watch.says(/^Workflow 'main': no tasks yet$/m);
    await store.register(entries({ a: [], b: [] }));
    await watch.says(/^Workflow 'main': 0 of 2 discovered tasks done/m);
  }
  for (const name of rig.files()) rig.remove(name);
  await watch.says(/Workflow 'main': 0 of 2[^]*Waiting for a crew/);
  (await openCrew(rig)).close();
  await watch.says(/Waiting for a crew[^]*Workflow 'main': 0 of 2[^]*Waiting for a crew[^]*no tasks yet/);
  watch.kill("SIGINT");
  const { code, stdout, stderr } = await watch.ended;
  assertEquals([code, stderr], [0, ""]);
  // between the looks, a line with the time
  const looks = stdout.split(/^--- \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\n/m);
  assert(looks.length >= 5, stdout);
  for (const look of looks) assertMatch(look, /^(Waiting for a crew|Workflow 'main'): .+\n/);
});

// S3.47
rigTest("watch --json shows an object a line", async (rig) => {
  const watch = startTroupe(rig, ["watch", "--interval", "0.1", "--json"]);
  await watch.says(/"waiting":"Database/);
  using store = await openCrew(rig);
  await store.register(entries({ a: [] }));
  await watch.says(/"discovered_tasks":1/);
  watch.kill("SIGTERM");
  const { code, stdout } = await watch.ended;
  assertEquals(code, 143);
  const reports: SnapshotReport[] = stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
  assertEquals(reports[0].waiting, "Database 'crew.sqlite' does not exist");
  assertEquals([reports.at(-1)!.waiting, reports.at(-1)!.counts!.ready], [null, 1]);
  assert(reports.every(({ time }, i) => i === 0 || time >= reports[i - 1].time));
});

// S3.47
rigTest("watch ends when asked, however long the interval, and when nobody reads it", async (rig) => {
  const watch = startTroupe(rig, ["watch", "--interval", "86400"]);
  await watch.says(/Waiting for a crew/);
  watch.kill("SIGINT");
  assertEquals((await watch.ended).code, 0);
  const program = `'${Deno.execPath()}' run -A '${MAIN}' watch --interval 0.1`;
  const piped = await rig.spawn("/bin/sh", ["-c", `{ ${program}; echo "$?" > code; } | head -n 1`]).ended;
  assertEquals([piped.stdout, rig.read("code")], [
    "Waiting for a crew: Database 'crew.sqlite' does not exist\n",
    "0\n",
  ]);
  // K88
  const full = await rig.spawn("/bin/sh", ["-c", `${program} > /dev/full`]).ended;
  assertEquals([full.code, full.stderr], [1, "Cannot write to stdout: No space left on device\n"]);
});

rigTest("watch refuses intervals that are none, and databases that will not become one", async (rig) => {
  for (const interval of ["0", "0.01", "x", "-1", "1e3", "99999"]) {
    const { code, stderr } = await rig.ask(["watch", `--interval=${interval}`]);
    const message = `--interval must be a number of seconds from 0.1 to 86400, not '${interval}'\n`;
    assertEquals([code, stderr], [2, message]);
  }
  rig.write("text.db", "no database, but long enough to be looked at as one".repeat(20));
  const { code, stderr } = await rig.ask(["watch", "--db", "text.db"]);
  assertEquals([code, stderr], [2, "File 'text.db' is not a database\n"]);
  assertMatch((await rig.ask(["watch", "--help"])).stdout, /for a crew also by Ctrl-C/);
});

// S3.47
rigTest("watch on a terminal is redrawn in place, and leaves its last look", async (rig) => {
  using store = await openCrew(rig);
  await store.register(entries({ a: [], b: [] }));
  await using screen = new Screen(rig);
  await screen.run([MAIN, "watch", "--interval", "0.1"], { rows: 24 });
  await screen.shows(/^Workflow 'main': 0 of 2 discovered tasks done/m);
  await store.setTotal(2);
  const shown = await screen.shows(/^Workflow 'main': 0 of 2 tasks done/m);
  assertEquals(shown.match(/Workflow/g)?.length, 1);
  assertMatch(shown, /^━{40}$/m);
  await screen.types("C-c");
  const left = await screen.shows(/^END 0$/m);
  assertEquals(left.match(/Workflow/g)?.length, 1);
  assertStringIncludes(await screen.showsInColour(/END/), "\x1b[");
}, { ignore: !hasTmux });

// K40
rigTest("watch on a terminal is redrawn without colour where that is not wanted", async (rig) => {
  await using screen = new Screen(rig);
  await screen.run([MAIN, "watch", "--interval", "0.1"], { rows: 24, env: { NO_COLOR: "1" } });
  await screen.shows(/Waiting/);
  using store = await openCrew(rig);
  await store.setTotal(2);
  const shown = await screen.shows(/^Workflow 'main': 0 of 2 tasks done/m);
  assert(!shown.includes("Waiting"), shown);
  await screen.types("C-c");
  assert(!(await screen.showsInColour(/^END 0$/m)).includes("\x1b["));
}, { ignore: !hasTmux });
