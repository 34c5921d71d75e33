// Somebody ends the watchdog, which is to end what runs when troupe is killed.
import { assertEquals, assertStringIncludes } from "@std/assert";
import { lives, type Running, said, until } from "./rig.ts";
import { TaskProject } from "./run/rig.ts";

const isLinux = Deno.build.os === "linux";

/** The watchdogs of a project's runs, by the ledgers that they are told of. */
function watchdogs({ temp }: TaskProject): number[] {
  return [...Deno.readDirSync("/proc")].map(({ name }) => Number(name)).filter((pid) => {
    try {
      const words = Deno.readTextFileSync(`/proc/${pid}/cmdline`).split("\0");
      return words.includes("troupe-watchdog") && words.some((word) => word.startsWith(`${temp}/`));
    } catch {
      return false; // no process, or one that has just ended
    }
  });
}

function ledgers({ temp }: TaskProject): string[] {
  return [...Deno.readDirSync(temp)].map(({ name }) => name);
}

/** Starts a run of a command that waits, and answers with its process id as well. */
async function started(project: TaskProject): Promise<{ running: Running; pid: number }> {
  const running = project.startRun();
  await until(() => project.has("pid") && project.read("pid") !== "", "the command runs");
  await until(() => watchdogs(project).length === 1, "so does the watchdog");
  return { running, pid: Number(project.read("pid")) };
}

const WAITING = "a: [ -e go ] || { echo $$ > pid; exec sleep 1000; }\n";

/** Ends the watchdog and waits until there is another one. */
async function replaced(project: TaskProject): Promise<void> {
  const [former] = watchdogs(project);
  Deno.kill(former, "SIGKILL");
  await until(() => watchdogs(project).some((pid) => pid !== former && lives(pid)), "there is another one");
}

// K116
Deno.test({
  name: "a watchdog that is killed is replaced by one that does the same",
  ignore: !isLinux,
  fn: async () => {
    using project = new TaskProject(WAITING);
    const { running, pid } = await started(project);
    await replaced(project);
    running.kill("SIGKILL");
    await running.ended;
    await until(() => !lives(pid) && ledgers(project).length === 0, "all is gone");
    project.write("go", "");
    assertEquals((await project.run()).code, 0);
  },
});

// K116
Deno.test({
  name: "a watchdog that is killed again and again is given up, in words, and the run goes on",
  ignore: !isLinux,
  fn: async () => {
    using project = new TaskProject(WAITING);
    const { running, pid } = await started(project);
    const isTold = () => running.stderr.includes("Cannot watch over commands");
    await until(() => {
      for (const watchdog of watchdogs(project)) if (lives(watchdog)) Deno.kill(watchdog, "SIGKILL");
      return isTold();
    }, "it is told of");
    Deno.kill(pid, "SIGKILL");
    const ended = await running.ended;
    assertEquals([ended.code, ledgers(project)], [1, []], said(ended));
    assertStringIncludes(ended.stderr, "the watchdog was ended again and again; if troupe is killed they may go on\n");
  },
});

// K116
Deno.test({
  name: "what a troupe that was killed with its watchdog leaves is ended and removed by the next one",
  ignore: !isLinux,
  fn: async () => {
    using project = new TaskProject(WAITING);
    const { running, pid } = await started(project);
    try {
      Deno.kill(running.pid, "SIGSTOP");
      for (const watchdog of watchdogs(project)) Deno.kill(watchdog, "SIGKILL");
      running.kill("SIGKILL");
      await running.ended;
      assertEquals([ledgers(project).length, lives(pid)], [1, true]);
      project.remove("pid");
      const second = await started(project);
      await until(() => ledgers(project).length === 1 && !lives(pid), "only its own is there");
      Deno.kill(second.pid, "SIGKILL");
      await second.running.ended;
      assertEquals(ledgers(project), []);
    } finally {
      if (lives(pid)) Deno.kill(pid, "SIGKILL");
    }
  },
});
