// Histories that cannot be written: one line says so, and the tasks' outcome and exit code stay what they are.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { HISTORY_SCHEMA } from "../../../actors/history/schema.ts";
import { RawDatabase } from "../../actors/storage/raw_database.ts";
import { TempFolder } from "../../actors/temp_folder.ts";
import { withoutRoot } from "../faults.ts";
import { said, start, type StartOptions, until } from "../rig.ts";
import { outcomes, TaskProject, TROUPE } from "./rig.ts";

const TASKS = "good: echo good\nbad: exit 3\nafter_bad: true [after:bad]\n";

/** Runs, and checks that nothing but the one line differs from any other run. */
async function assertToldOnce(project: TaskProject, line: string, options: StartOptions = {}): Promise<void> {
  const ended = await project.run(options);
  assertEquals([ended.code, ended.stderr], [1, `${line}\n`], said(ended));
  assertEquals(outcomes(ended), { good: "PASSED", bad: "FAILED", after_bad: "SKIPPED" });
  assertMatch(
    ended.stdout,
    /\nRun completed: 1 passed, 1 failed, 1 skipped\n {2}bad {6}exit 3\n {2}not run {2}after_bad \(needs bad\)\n$/,
  ); // and not where it is saved
}

/** Commands that only look say the same, and that is all they do. */
async function assertRefused(project: TaskProject, line: string, options: StartOptions = {}): Promise<void> {
  for (const command of [["history"], ["show", "1"], ["retry", "last"]]) {
    const ended = await project.start(command, options).ended;
    assertEquals([ended.code, ended.stdout, ended.stderr], [2, "", `${line}\n`], said(ended));
  }
}

// S2.16
Deno.test("a history in a folder that is not there, or that is a folder", async () => {
  using project = new TaskProject(TASKS);
  project.database = project.path("none/taskrun.db");
  const why = `Cannot open database '${project.database}': folder '${project.path("none")}' does not exist`;
  await assertToldOnce(project, `${why}; this run is not saved`);
  assertEquals(project.has("none"), false);
  project.write("folder/file", "");
  project.database = project.path("folder");
  await assertToldOnce(project, `Cannot open database '${project.database}': it is a folder; this run is not saved`);
});

// S2.16
Deno.test("a history whose path leads below a file, in a circle, to too long a name, or where one may not look", async () => {
  using project = new TaskProject(TASKS);
  project.write("file", "");
  Deno.symlinkSync("circle.db", project.path("circle.db"));
  project.write("closed/x", "");
  Deno.chmodSync(project.path("closed"), 0);
  Deno.symlinkSync("closed/y.db", project.path("link.db"));
  const places: [string, string, (readonly string[])?][] = [
    ["file/x.db", `'${project.path("file")}' is not a folder`],
    ["circle.db", "Too many levels of symbolic links"],
    [`${"n".repeat(300)}.db`, "File name too long"],
  ];
  const through = withoutRoot();
  if (through !== undefined) {
    places.push(["closed/x.db", "Permission denied", through], ["link.db", "Permission denied", through]);
  }
  for (const [name, why, through = []] of places) {
    project.database = project.path(name);
    const line = `Cannot open database '${project.database}': ${why}`;
    await assertToldOnce(project, `${line}; this run is not saved`, { through });
    await assertRefused(project, line, { through });
  }
  Deno.chmodSync(project.path("closed"), 0o700);
});

// S2.16
Deno.test("a history that is no database, of another program, or of a later troupe", async () => {
  using project = new TaskProject(TASKS);
  project.write("taskrun.db", "This is a text and no database, however long one reads it.\n".repeat(100));
  const text = project.read("taskrun.db");
  await assertToldOnce(project, `File '${project.database}' is not a database; this run is not saved`);
  await assertRefused(project, `File '${project.database}' is not a database`);
  assertEquals(project.read("taskrun.db"), text);

  project.remove("taskrun.db");
  {
    using other = new RawDatabase(project.database);
    other.exec("create table notes (text)");
  }
  await assertToldOnce(project, `Database '${project.database}' belongs to another program; this run is not saved`);

  project.remove("taskrun.db");
  {
    using later = new RawDatabase(project.database);
    later.exec(`pragma application_id=${HISTORY_SCHEMA.applicationId}; pragma user_version=99`);
  }
  const newer = `was made by a newer troupe (version 99, this one knows ${HISTORY_SCHEMA.steps.length})`;
  await assertToldOnce(project, `Database '${project.database}' ${newer}; this run is not saved`);
  await assertRefused(project, `Database '${project.database}' ${newer}`);
});

// S2.16
Deno.test("a history whose pages are damaged", async () => {
  using project = new TaskProject(TASKS);
  for (let count = 0; count < 2; count++) await project.run();
  const bytes = Deno.readFileSync(project.database);
  bytes.fill(0x5a, 4096, bytes.length); // all but the page with the schema
  Deno.writeFileSync(project.database, bytes);
  const ended = await project.run();
  assertEquals([ended.code, outcomes(ended).good], [1, "PASSED"], said(ended));
  assertMatch(ended.stderr, /^Database '.*' is damaged: .*; this run is not saved\n$/);
  const looked = await project.start(["history"]).ended;
  assertEquals([looked.code, looked.stdout], [2, ""], said(looked));
  assertMatch(looked.stderr, /^Database '.*' is damaged: .*\n$/);
});

// S2.16
Deno.test("a history that another process has locked", async () => {
  using project = new TaskProject(TASKS);
  await project.run();
  using holder = new RawDatabase(project.database);
  holder.exec("begin immediate");
  await assertToldOnce(project, `Database '${project.database}' is locked by another process; this run is not saved`);
  await project.look("history"); // readers are not in the way
  holder.exec("rollback");
  assertEquals((await project.run()).stdout.includes("Results saved"), true);
  assertEquals(project.rows("select count(*) n from runs where finished_at is not null"), [{ n: 2 }]);
});

// S2.16
Deno.test("a history that is locked while tasks run is written when it is free", async () => {
  using project = new TaskProject("a: echo up > up; while [ ! -e go ]; do sleep 0.05; done\nb: true [after:a]\n");
  const running = project.startRun();
  await until(() => project.has("up"), "the first task runs");
  const holder = new RawDatabase(project.database);
  holder.exec("begin immediate");
  project.write("go", "");
  await until(() => running.stdout.includes("[2/2]"), "all tasks are done");
  holder.exec("rollback");
  holder.close();
  const ended = await running.ended;
  assertEquals([ended.code, ended.stderr], [0, ""], said(ended));
  assertEquals(project.statuses(), { a: "passed", b: "passed" });
});

// S2.16
Deno.test("a history that is removed while tasks run", async () => {
  using project = new TaskProject("a: rm -f taskrun.db*; sleep 0.2\nb: exit 4 [after:a]\n");
  const ended = await project.run();
  const line = `Database '${project.database}' was removed or replaced while it was in use; this run is not saved\n`;
  assertEquals([ended.code, ended.stderr, outcomes(ended)], [1, line, { a: "PASSED", b: "FAILED" }], said(ended));
});

// S2.16
Deno.test("a history on a read-only disk can be looked at and not written", async () => {
  using project = new TaskProject(TASKS);
  using temp = new TempFolder();
  const folder = temp.folder("data");
  project.database = `${folder}/taskrun.db`;
  await project.run();
  const readOnly = temp.readOnly("readonly", folder);
  if (readOnly === undefined) return;
  project.database = `${readOnly}/taskrun.db`;
  const line = `Cannot open database '${project.database}': Read-only file system; this run is not saved`;
  await assertToldOnce(project, line);
  assertMatch(await project.look("history"), /^Recent runs:\n {2}#1 \|/);
  assertMatch(await project.look("show", "last"), /^Run #1 /);
});

// S2.16
Deno.test("a history without room on its disk", async () => {
  using project = new TaskProject(`${TASKS}large: yes | head -c 1000000 [after:good]\n`);
  using temp = new TempFolder();
  const folder = temp.small("disk", "600k");
  if (folder === undefined) return;
  project.database = `${folder}/taskrun.db`;
  const ended = await project.run();
  const line = `Cannot write database '${project.database}': no space left on the disk; this run is not saved\n`;
  assertEquals([ended.code, ended.stderr], [1, line], said(ended));
  assertEquals(outcomes(ended), { good: "PASSED", bad: "FAILED", after_bad: "SKIPPED", large: "PASSED" });
  project.database = `${folder}/other.db`;
  new Deno.Command("sh", { args: ["-c", 'cat /dev/zero > "$0"', `${folder}/filling`], stderr: "null" }).outputSync();
  const again = await project.run();
  assertEquals([again.code, again.stderr.split("\n").length], [1, 2], said(again));
  assert(/no space left on the disk|No space left on device/.test(again.stderr), again.stderr);
});

// S2.16
Deno.test("a build whose history cannot be written builds all the same", async () => {
  using project = new TaskProject("");
  project.write("build.json", JSON.stringify({ tasks: [{ name: "a", output: "out", content: "text" }] }));
  project.database = project.path("none/taskrun.db");
  const ended = await project.start(["run", project.path("build.json")]).ended;
  assertEquals([ended.code, project.read("out")], [0, "text"], said(ended));
  assertMatch(ended.stderr, /^Cannot open database '.*': folder '.*' does not exist; this run is not saved\n$/);
  assertEquals(ended.stdout.includes("Results saved"), false);
});

// S2.16
Deno.test("a build whose history's path cannot be resolved, or whose modules cannot be read, builds to its end", async () => {
  using project = new TaskProject("");
  project.write("build.json", JSON.stringify({ tasks: [{ name: "a", output: "out", content: "text" }] }));
  project.database = project.path("build.json/x.db");
  const ended = await project.start(["run", project.path("build.json")]).ended;
  assertEquals([ended.code, project.read("out"), project.has(".build_cache.lock")], [0, "text", false], said(ended));
  assertMatch(ended.stderr, /^Cannot open database '.*': '.*' is not a folder; this run is not saved\n$/);
  project.remove("out");

  const root = new URL("../../../", import.meta.url);
  const { imports } = JSON.parse(Deno.readTextFileSync(new URL("deno.json", root)));
  const recorder = new URL("actors/history/run_recorder.ts", root).href;
  project.write("map.json", JSON.stringify({ imports: { ...imports, [recorder]: "./none.ts" } }));
  const [deno, run, all, main] = TROUPE;
  const argv = [deno, run, all, "--import-map", project.path("map.json"), main, "build", project.path("build.json")];
  const without = await start([...argv, "--force"]).ended;
  assertEquals(
    [without.code, project.read("out"), project.has(".build_cache.lock")],
    [0, "text", false],
    said(without),
  );
  assertMatch(without.stderr, /^Cannot load the history: .*; this run is not saved\n$/);
});
