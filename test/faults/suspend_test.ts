// Ctrl-Z, fg, and Ctrl-S on a terminal.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { entryOf } from "../../actors/machine/process_table.ts";
import { KEY, Terminal } from "../pty.ts";
import { type Rig, rigTest } from "../rig.ts";
import { lives, until } from "./rig.ts";

const options = { ignore: Deno.build.os !== "linux" };

/**
 * A command that waits, and a child of it that has left its group and waits as well, for the test to write to two FIFOs.
 * Neither starts anything: who waits for a stopped child to become another program cannot be stopped himself.
 */
const WAITING = `setsid sh -c 'echo $$ > stray; read -r _ < there' & echo $$ > pid; read -r _ < here; wait`;

async function makeFifos(rig: Rig): Promise<void> {
  const { success } = await new Deno.Command("mkfifo", { args: [rig.path("here"), rig.path("there")] }).output();
  assert(success);
}

function letGo(rig: Rig): void {
  rig.write("here", "\n");
  rig.write("there", "\n");
}

/** A shell with job control that runs troupe, tells what it sees of it, and brings it back when there is `back`. */
const SHELL =
  `set -m; "$@"; echo "stopped with $?"; while [ ! -e back ]; do sleep 0.02; done; fg; echo "ended with $?"`;

function troupe(rig: Rig, ...args: string[]): string[] {
  return [Deno.execPath(), "run", "-A", rig.program.replace(/build\.ts$/, "main.ts"), ...args];
}

function terminal(rig: Rig, argv: readonly string[]): Terminal {
  const env = Object.fromEntries(["PATH", "HOME", "DENO_DIR"].map((name) => [name, Deno.env.get(name) ?? ""]));
  return new Terminal(argv, { cwd: rig.folder, env: { ...env, TMPDIR: rig.tmp } });
}

async function pidIn(rig: Rig, file: string): Promise<number> {
  await until(() => rig.has(file) && rig.read(file).endsWith("\n"), `${file} is there`);
  return Number(rig.read(file));
}

const stateOf = (pid: number) => entryOf(pid)?.state;

// K30
for (const command of [["run", "tasks.txt"], ["join", "tasks.txt"], ["crew", "1", "tasks.txt"]]) {
  rigTest(`Ctrl-Z stops what troupe ${command[0]} runs with it, and fg continues both`, async (rig) => {
    await makeFifos(rig);
    rig.write("tasks.txt", `a: ${WAITING}\n`);
    await using shell = terminal(rig, ["/bin/sh", "-c", SHELL, "sh", ...troupe(rig, ...command)]);
    const pid = await pidIn(rig, "pid"), stray = await pidIn(rig, "stray");
    await shell.press(KEY.suspend);
    await shell.shows(/stopped with 14[78]/);
    await until(() => stateOf(pid) === "T" && stateOf(stray) === "T", "what runs is stopped");
    const { length } = shell.shown;
    rig.write("back", "");
    await until(() => stateOf(pid) !== "T" && stateOf(stray) !== "T", "it goes on");
    letGo(rig);
    await shell.shows(/ended with 0/, length);
    assert(!lives(pid) && !lives(stray));
  }, options);
}

// K30
for (const spawn of ["posix", "portable"]) {
  rigTest(
    `Ctrl-Z stops what a troupe runs that is itself a command of one, and fg continues all (${spawn})`,
    async (rig) => {
      await makeFifos(rig);
      rig.write("inner.txt", `a: ${WAITING}\n`);
      // The shell around it hears nothing of it.
      const argv = troupe(rig, "run", "inner.txt", "--db", "inner.sqlite").map((word) => `'${word}'`).join(" ");
      rig.write("tasks.txt", `inner: ${argv}; code=$?; echo $code > code; exit $code\n`);
      const env = ["env", `TROUPE_SPAWN=${spawn}`];
      await using shell = terminal(rig, ["/bin/sh", "-c", SHELL, "sh", ...env, ...troupe(rig, "run", "tasks.txt")]);
      const pid = await pidIn(rig, "pid"), stray = await pidIn(rig, "stray");
      await shell.press(KEY.suspend);
      await shell.shows(/stopped with 14[78]/);
      assertEquals([stateOf(pid), stateOf(stray)], ["T", "T"]);
      const { length } = shell.shown;
      rig.write("back", "");
      await until(() => stateOf(pid) !== "T" && stateOf(stray) !== "T", "it goes on");
      letGo(rig);
      await shell.shows(/ended with 0/, length);
      assertEquals(rig.read("code"), "0\n");
      assert(!lives(pid) && !lives(stray));
    },
    options,
  );
}

// K30
rigTest("what stands still by itself only when troupe has gone on is continued all the same", async (rig) => {
  await makeFifos(rig);
  const late = `echo > asked; read -r _ < here; : > heard; kill -STOP $$`;
  // It waits for a child that runs for long, and so, as above, starts nothing while it is being stopped.
  rig.write("tasks.txt", `a: trap '${late}' TSTP; sleep 1000 & echo $$ > pid; wait; [ -e heard ]\n`);
  await using shell = terminal(rig, ["/bin/sh", "-c", SHELL, "sh", ...troupe(rig, "run", "tasks.txt")]);
  const pid = await pidIn(rig, "pid");
  await shell.press(KEY.suspend);
  await shell.shows(/stopped with 14[78]/);
  assert(rig.has("asked"));
  await until(() => stateOf(pid) === "T", "it is made to stand still");
  const { length } = shell.shown;
  rig.write("back", "");
  await until(() => stateOf(pid) !== "T", "it goes on");
  rig.write("here", "\n");
  await shell.shows(/ended with 0/, length);
}, options);

// K30
rigTest("Ctrl-Z stops a module that has a process of its own, and fg continues it", async (rig) => {
  rig.write(
    "tasks.js",
    `export default async () => {
      Deno.writeTextFileSync("pid", Deno.pid + "\\n");
      for (;;) {
        try { return Deno.readTextFileSync("go"); } catch { await new Promise((resolve) => setTimeout(resolve, 5)); }
      }
    };`,
  );
  const permissions = { read: ["go"], write: ["pid"] };
  const task = { name: "t", output: "out", module: "tasks.js", isolate: "process", permissions };
  rig.write("build.json", { tasks: [task] });
  await using shell = terminal(rig, ["/bin/sh", "-c", SHELL, "sh", ...troupe(rig, "build")]);
  const pid = await pidIn(rig, "pid");
  await shell.press(KEY.suspend);
  await shell.shows(/stopped with 14[78]/);
  await until(() => stateOf(pid) === "T", "it is stopped");
  rig.write("go", "made");
  const { length } = shell.shown;
  rig.write("back", "");
  await shell.shows(/ended with 0/, length);
  assertEquals(rig.read("out"), "made");
}, options);

// K30
rigTest("what is stopped ends when troupe is ended, by a signal or by kill -9", async (rig) => {
  await makeFifos(rig);
  rig.write("tasks.txt", `a: ${WAITING}\n`);
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    for (const file of ["pid", "stray"]) if (rig.has(file)) rig.remove(file);
    const script = `set -m; "$@" & echo $! > troupe; wait $!; sleep 1000`;
    await using _ = terminal(rig, ["/bin/sh", "-c", script, "sh", ...troupe(rig, "run", "tasks.txt")]);
    const pid = await pidIn(rig, "pid"), stray = await pidIn(rig, "stray"), main = await pidIn(rig, "troupe");
    Deno.kill(main, "SIGTSTP");
    await until(() => stateOf(main) === "T", "troupe is stopped");
    await until(() => stateOf(pid) === "T" && stateOf(stray) === "T", "what runs is stopped");
    Deno.kill(main, signal);
    if (signal === "SIGTERM") Deno.kill(main, "SIGCONT");
    await until(() => !lives(main) && !lives(pid) && !lives(stray), "all has ended");
    rig.remove("troupe");
  }
}, options);

// K30
rigTest("a function in a process of its own is stopped as well, and its time with it", async (rig) => {
  rig.write(
    "m.ts",
    `export default async () => {
      Deno.writeTextFileSync("pid", Deno.pid + "\\n");
      while (true) {
        try {
          return Deno.readTextFileSync("go");
        } catch {
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
      }
    };`,
  );
  const permissions = { read: ["go"], write: ["pid"] };
  rig.write("build.json", { tasks: [{ name: "m", output: "o", module: "m.ts", isolate: "process", permissions }] });
  await using shell = terminal(rig, ["/bin/sh", "-c", SHELL, "sh", ...troupe(rig, "build")]);
  const pid = await pidIn(rig, "pid");
  await shell.press(KEY.suspend);
  await shell.shows(/stopped with 14[78]/);
  await until(() => stateOf(pid) === "T", "it is stopped");
  const { length } = shell.shown;
  rig.write("go", "gone");
  rig.write("back", "");
  await shell.shows(/ended with 0/, length);
  assertEquals(rig.read("o"), "gone");
}, options);

// K30
rigTest("Ctrl-Z where nobody would continue it changes nothing", async (rig) => {
  rig.write("tasks.txt", "a: echo $$ > pid; while [ ! -e go ]; do echo >> count; sleep 0.02; done\n");
  await using alone = terminal(rig, troupe(rig, "run", "tasks.txt"));
  await until(() => rig.has("count"), "it runs");
  await alone.press(KEY.suspend);
  await alone.shows(/\^Z/);
  const { length } = rig.read("count");
  await until(() => rig.read("count").length > length, "it goes on");
  rig.write("go", "");
  assertEquals(await alone.ended, 0);
}, options);

/** Ctrl-S and Ctrl-Q. */
const STOP = "\x13", START = "\x11";

const IGNORING = "trap ': > heard' INT; echo $$ > pid; while :; do sleep 0.02; done";
/** More than any terminal takes that nobody reads. */
const LOUD = "echo $$ > other; until [ -e loud ]; do sleep 0.02; done; yes | head -c 300000; : > said; exec sleep 1000";

// K21
rigTest(
  "Ctrl-C is heard on a terminal that is stopped by Ctrl-S, and a second one ends what ignores it",
  async (rig) => {
    rig.write("tasks.txt", `a: ${IGNORING}\nloud: ${LOUD}\n`);
    await using stopped = terminal(rig, troupe(rig, "run", "tasks.txt", "-v", "-j2", "--grace", "3600"));
    const pid = await pidIn(rig, "pid");
    // What is still to be started may wait for a line that the terminal does not take.
    await pidIn(rig, "other");
    await stopped.press(STOP);
    rig.write("loud", "");
    await until(() => rig.has("said"), "there is much to be shown");
    await stopped.press(KEY.interrupt);
    await until(() => rig.has("heard"), "the first is heard");
    await stopped.press(STOP);
    await stopped.press(KEY.interrupt);
    await until(() => !lives(pid), "the second ends it");
    await stopped.press(START);
    assertEquals(await stopped.ended, 130);
  },
  options,
);

// K21
rigTest("signals are heard while nobody reads the terminal, and a second one ends troupe", async (rig) => {
  rig.write("tasks.txt", `a: ${IGNORING}\nloud: ${LOUD}\n`);
  const script = 'echo $$ > troupe; exec "$@"';
  const argv = troupe(rig, "run", "tasks.txt", "-v", "-j2", "--grace", "3600");
  await using unread = terminal(rig, ["/bin/sh", "-c", script, "sh", ...argv]);
  const pid = await pidIn(rig, "pid"), main = await pidIn(rig, "troupe");
  await pidIn(rig, "other");
  const screen = entryOf(main)!.parentId;
  assertMatch(Deno.readTextFileSync(`/proc/${screen}/comm`), /^script/);
  Deno.kill(screen, "SIGSTOP");
  try {
    rig.write("loud", "");
    await until(() => rig.has("said"), "there is much to be shown");
    Deno.kill(main, "SIGINT");
    await until(() => rig.has("heard"), "the first is heard");
    Deno.kill(main, "SIGINT");
    await until(() => !lives(main) && !lives(pid), "the second ends all");
  } finally {
    Deno.kill(screen, "SIGCONT");
  }
  assertEquals(await unread.ended, 130);
}, options);
