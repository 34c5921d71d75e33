// How a command that a program calls speaks, what ends it, and that nothing of it is left.
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { build, FileLockManager } from "../../../mod.ts";
import { type Rig, rigTest, type Running } from "../../rig.ts";
import { holding, masked } from "../run/said.ts";

const ROOT = fromFileUrl(new URL("../../..", import.meta.url)).replace(/\/$/, "");

/** Starts a program that uses the library. */
function startProgram(rig: Rig, code: string): Running {
  rig.write("program.ts", `import * as troupe from "file://${ROOT}/mod.ts";\n${code}`);
  return rig.start([], { deno: ["run", "-A", "--config", `${ROOT}/deno.json`, rig.path("program.ts")] });
}

const CALLS = `
  await troupe.build("build.json", { db: "taskrun.db", validate: true });
  await troupe.build("wrong.json", { transaction: { fallback: "sequential" } });
  await troupe.dryRun("wrong.json", { force: true });
  await troupe.run("tasks.txt", { workers: 2 });
  await troupe.retry("last");
  await troupe.history({ prune: 1 });
  await troupe.show("last");
  await troupe.check("build.json");
  await troupe.batches("build.json");
  await troupe.locks();
  await troupe.join("tasks.txt");
  await troupe.status();
  await troupe.build("build.json", { db: "not/there.db", force: true });
`;

function writeProject(rig: Rig): void {
  rig.write("build.json", {
    num_workers: 2,
    tasks: [{ name: "a", output: "a", command: 'echo seen; echo a > "$OUT"' }],
  });
  rig.write("wrong.json", { num_workers: 2, tasks: [{ name: "b", output: "b", command: "echo seen; exit 1" }] });
  rig.write("tasks.txt", "a: echo seen\nb: echo seen >&2; exit 1\n");
}

// S4.19
rigTest("the functions write nothing to the terminal, and leave nothing that keeps the program alive", async (rig) => {
  writeProject(rig);
  const { code, stdout, stderr } = await startProgram(rig, `${CALLS}console.log("over");`).ended;
  assertEquals([code, stdout, stderr], [0, "over\n", ""]);
});

// S4.19
rigTest("with `log` they write the lines of the command", async (rig) => {
  writeProject(rig);
  for (const [log, flags] of [["quiet", ["--quiet"]], ["normal", []], ["verbose", ["--verbose"]]] as const) {
    const called = await startProgram(rig, `await troupe.build("wrong.json", { log: "${log}" });`).ended;
    const typed = await rig.build(["wrong.json", "--no-history", ...flags]);
    const said = ({ stdout }: { stdout: string }) => masked(stdout).replace(/Worker \d/g, "Worker _");
    assertEquals([said(called), called.stderr], [said(typed), typed.stderr], log);
  }
  const run = await startProgram(rig, `await troupe.run("tasks.txt", { log: "normal" });`).ended;
  assertMatch(run.stdout, /b: echo seen .*FAILED.*\n/);
  assertMatch(
    run.stdout,
    /\nRun completed: 1 passed, 1 failed, 0 skipped\nResults saved to: taskrun\.db \(run #1\)\n/,
  );
  assertEquals(run.stderr, "seen\n");
});

// S4.19
rigTest("an aborted signal ends a build as Ctrl-C does, and the report tells", async (rig) => {
  const held = rig.hold("held");
  rig.write("build.json", {
    num_workers: 2,
    tasks: [
      { name: "first", output: "first", content: "1" },
      { name: "held", output: "held", dependencies: ["first"], command: held.command },
      { name: "last", output: "last", dependencies: ["held"], content: "2" },
    ],
  });
  const program = startProgram(
    rig,
    `
      const stop = new AbortController();
      Deno.addSignalListener("SIGUSR2", () => stop.abort());
      const report = await troupe.build("build.json", { signal: stop.signal, db: "taskrun.db" });
      const { runs: [run] } = await troupe.history();
      console.log(report.completed, report.failed, report.skipped, run.interrupted);
      Deno.exit();
    `,
  );
  await held.started();
  program.kill("SIGUSR2");
  const { code, stdout, stderr } = await program.ended;
  assertEquals([code, stdout, stderr], [0, "1 0 2 true\n", ""]);
  assert(!rig.has("held") && !rig.has(".build_cache.lock"));
});

// S4.19
rigTest("an aborted signal ends a run, and a membership in a crew, and the reports tell", async (rig) => {
  const held = rig.hold("held");
  rig.write("tasks.txt", `first: true\nheld: ${holding(held)} [after:first]\nlast: true [after:held]\n`);
  const program = startProgram(
    rig,
    `
      let stop = new AbortController();
      Deno.addSignalListener("SIGUSR2", () => stop.abort());
      const ran = await troupe.run("tasks.txt", { signal: stop.signal });
      console.log(ran.interrupted, ran.passed, ran.failed + ran.skipped);
      stop = new AbortController();
      const joined = await troupe.join("tasks.txt", { signal: stop.signal });
      console.log(joined.executed, joined.remaining);
      Deno.exit();
    `,
  );
  for (let round = 0; round < 2; round++) {
    await held.started();
    program.kill("SIGUSR2");
  }
  const { code, stdout, stderr } = await program.ended;
  assertEquals([code, stdout, stderr], [0, "true 1 2\n1 2\n", ""]);
});

// S4.19
rigTest("a signal that is aborted before anything starts rejects with its reason", async (rig) => {
  const held = rig.hold("held");
  rig.write("build.json", { num_workers: 1, tasks: [{ name: "held", output: "held", command: held.command }] });
  const why = `.catch((reason) => console.log(reason.message))`;
  const { stdout } = await startProgram(
    rig,
    `
      const signal = AbortSignal.abort(new Error("not now"));
      await troupe.build("build.json", { signal })${why};
      await troupe.run("tasks.txt", { signal })${why};
      await troupe.join("tasks.txt", { signal })${why};
    `,
  ).ended;
  assertEquals(stdout, "not now\nnot now\nnot now\n");

  const first = rig.start(["--no-history"]);
  await held.started();
  const waiting = startProgram(
    rig,
    `
      const stop = new AbortController();
      Deno.addSignalListener("SIGUSR2", () => stop.abort(new Error("no longer")));
      await troupe.build("build.json", { signal: stop.signal, log: "normal" })${why};
      const { tasks } = await troupe.dryRun("build.json");
      console.log(tasks.held.run);
      Deno.exit();
    `,
  );
  await waiting.says(/Waiting for another build/, "stderr");
  waiting.kill("SIGUSR2");
  assertEquals((await waiting.ended).stdout, "no longer\ntrue\n");
  held.release();
  assertEquals((await first.ended).code, 0);
  assertEquals(held.starts, 1);
});

// S4.19
rigTest("a program's own signals stay its own", async (rig) => {
  const held = rig.hold("held");
  rig.write("build.json", { num_workers: 1, tasks: [{ name: "held", output: "held", command: held.command }] });
  const ours = startProgram(rig, `await troupe.build("build.json", { log: "normal" }); console.log("over");`);
  await held.started();
  ours.kill("SIGINT");
  const { code, stdout, stderr } = await ours.ended;
  assertEquals([code, stderr], [130, ""]);
  assert(!stdout.includes("over") && !stdout.includes("Stopped"), stdout);
});

// S4.19, S1.4
rigTest("a build that waits for a file lock is ended by a signal, and on the command line by Ctrl-C", async (rig) => {
  rig.write("build.json", { num_workers: 1, tasks: [{ name: "a", output: "a", content: "a", writes: ["log"] }] });
  using _lock = await new FileLockManager(rig.folder).acquire("log", "exclusive", { task: "other" });
  const stop = new AbortController();
  const waiting = build(rig.path("build.json"), { validate: true, signal: stop.signal });
  stop.abort(new Error("no longer"));
  await assertRejects(() => waiting, Error, "no longer");

  const typed = rig.start(["--no-history", "--validate"]);
  await typed.says(/may not run together|Recommendations/);
  typed.kill("SIGINT");
  const { code, stderr } = await typed.ended;
  assertEquals([code, stderr], [130, "Stopped by SIGINT\n"]);
  assert(!rig.has("a"));
});
