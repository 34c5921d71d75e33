// Processes that leave the group of their command, as daemons do: they end with it, however it ends.
import { assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { lives, said, until } from "./rig.ts";
import { outcomes, TaskProject } from "./run/rig.ts";

const REPOSITORY = fromFileUrl(new URL("../..", import.meta.url));
const isLinux = Deno.build.os === "linux";

/** Starts a daemon with a child, the ids of both noted in a file of that name, and goes on when they are. */
function leave(name: string, { how = "", streams = ">/dev/null 2>&1" } = {}): string {
  const daemon = `${how} sleep 1000 & echo $$ $! > ${name}.pids; wait; wait`;
  return `setsid sh -c '${daemon}' ${streams} & until [ -s ${name}.pids ]; do sleep 0.01; done`;
}

function pidsOf(project: TaskProject, ...names: string[]): number[] {
  return names.flatMap((name) => project.read(`${name}.pids`).trim().split(" ").map(Number));
}

async function noted(project: TaskProject, ...names: string[]): Promise<number[]> {
  await until(
    () => names.every((name) => project.has(`${name}.pids`) && project.read(`${name}.pids`) !== ""),
    "all run",
  );
  return pidsOf(project, ...names);
}

// K115, S2.7
for (const spawn of ["posix", "portable"]) {
  Deno.test({
    name: `what has left its group ends with its command, whether that passes, fails or runs out of time (${spawn})`,
    ignore: !isLinux,
    fn: async () => {
      using project = new TaskProject(`
        good: ${leave("good")}
        open: ${leave("open", { streams: "" })}
        bad: ${leave("bad")}; exit 3
        killed: ${leave("killed")}; kill -9 $$
        slow: ${leave("slow")}; sleep 1000 [timeout:1]
        deaf: ${leave("deaf", { how: 'trap "" TERM;' })} [grace:0.1]
      `);
      const ended = await project.run({ args: ["--jobs", "2", "--grace", "1"], env: { TROUPE_SPAWN: spawn } });
      const pids = pidsOf(project, "good", "open", "bad", "killed", "slow", "deaf");
      assertEquals([pids.length, pids.filter(lives)], [12, []], said(ended));
      assertEquals(outcomes(ended), {
        good: "PASSED",
        open: "PASSED",
        bad: "FAILED",
        killed: "FAILED",
        slow: "TIMEOUT",
        deaf: "PASSED",
      });
    },
  });
}

// K115
Deno.test({
  name: "what has left its group is gone before anything that needs the task is started",
  ignore: !isLinux,
  fn: async () => {
    using project = new TaskProject(
      `a: ${leave("a")}\nb: for p in $(cat a.pids); do [ ! -e /proc/$p ]; done [after:a]\n`,
    );
    const ended = await project.run({ args: ["--jobs", "1"] });
    assertEquals(outcomes(ended), { a: "PASSED", b: "PASSED" }, said(ended));
  },
});

// K115, S2.8
for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
  Deno.test({
    name: `${signal} is passed on to what has left its group as well`,
    ignore: !isLinux,
    fn: async () => {
      const how = `trap "echo ${signal} >> got; exit" ${signal.slice(3)};`;
      using project = new TaskProject(
        `a: ${leave("a", { how })}; exec sleep 1000\nb: ${leave("b")}; exec sleep 1000\n`,
      );
      const running = project.startRun({ args: ["--jobs", "2"] });
      const pids = await noted(project, "a", "b");
      running.kill(signal);
      const ended = await running.ended;
      assertEquals([ended.code, pids.filter(lives)], [code, []], said(ended));
      // what a shell starts by & ignores SIGINT
      if (signal === "SIGTERM") assertEquals(project.read("got"), "SIGTERM\n");
    },
  });
}

// K115, S2.8
Deno.test({
  name: "a second signal kills at once what has left its group and ignores the first",
  ignore: !isLinux,
  fn: async () => {
    const daemon = `trap ": > got" TERM; echo $$ > a.pids; while :; do sleep 1000 & wait; done`;
    using project = new TaskProject(`a: setsid sh -c '${daemon}' & sleep 1000\n`);
    const running = project.startRun({ args: ["--grace", "3600"] });
    const pids = await noted(project, "a");
    running.kill("SIGTERM");
    await until(() => project.has("got"), "it has heard the first");
    running.kill("SIGINT");
    const ended = await running.ended;
    assertEquals([ended.code, pids.filter(lives)], [143, []], said(ended));
  },
});

// K115
Deno.test({
  name: "what has shed its mark and left its group lives on",
  ignore: !isLinux,
  fn: async () => {
    using project = new TaskProject(`a: env -u TROUPE_RUN ${leave("a")}\n`);
    const ended = await project.run();
    const pids = pidsOf(project, "a");
    const living = pids.filter(lives);
    for (const pid of living) Deno.kill(pid, "SIGKILL");
    assertEquals([pids.length, living], [2, pids], said(ended));
  },
});

// K115
Deno.test({
  name: "a program that runs tasks is left with none of their processes, and with all of its own",
  ignore: !isLinux,
  fn: async () => {
    using project = new TaskProject(`a: ${leave("a")}\nb: ${leave("b", { streams: "" })}\n`);
    project.write(
      "program.ts",
      `import { run } from "${REPOSITORY}/mod.ts";
       const own = new Deno.Command("setsid", { args: ["sleep", "1000"] }).spawn();
       await new Deno.Command("sh", { args: ["-c", "setsid sleep 1000 > /dev/null 2>&1 & echo $! > orphan.pids"] }).output();
       const { passed } = await run("tasks.txt");
       console.log(passed, own.pid, Deno.readTextFileSync("/proc/self/task/" + Deno.pid + "/children").trim());
       own.kill("SIGKILL");
       await own.status;`,
    );
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--config", `${REPOSITORY}/deno.json`, project.path("program.ts")],
      cwd: project.folder,
    }).output();
    const said = new TextDecoder().decode(stdout);
    const [orphan] = pidsOf(project, "orphan");
    const isLiving = lives(orphan);
    Deno.kill(orphan, "SIGKILL");
    const [passed, own, ...children] = said.trim().split(" ");
    assertEquals([passed, children, isLiving], ["2", [own], true], new TextDecoder().decode(stderr));
    assertEquals(pidsOf(project, "a", "b").filter(lives), []);
  },
});
