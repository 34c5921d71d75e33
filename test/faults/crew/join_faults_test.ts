// What becomes of the tasks when processes that work through a config together are killed, stopped, or out of disk.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { query, RawDatabase } from "../../actors/storage/raw_database.ts";
import { MAIN, openCrew, startTroupe } from "../../e2e/crew/crew.ts";
import { crewReportOf, HEARTBEAT, memberAtWork, startMember, trails } from "../../e2e/crew/members.ts";
import { executed } from "../../e2e/said.ts";
import { randomFrom, seedFor } from "../../random.ts";
import { type Rig, rigTest, type Running } from "../../rig.ts";
import { canMount, Mount, succeeds } from "../faults.ts";
import { lives, until } from "../rig.ts";
import { stopBetweenWrites } from "../stopped.ts";

const mounts = canMount();

/** Deno before 2.5 leaves the tidying to the next build; see build_lock.ts. */
const CAN_BE_ALONE = "tryLockSync" in Deno.FsFile.prototype;

const LAYER = 8;
const MANY = 48;

/** Layers of tasks, each of which says what it needs and who it is. */
function writeLayers(rig: Rig): void {
  const name = (i: number) => `t${i}`;
  const tasks = Array.from({ length: MANY }, (_, i) => ({
    name: name(i),
    dependencies: i < LAYER ? [] : [name(i - LAYER), name(i - LAYER + (i % LAYER === 0 ? 1 : -1))],
    output: `out/${name(i)}`,
    command: `sleep 0.0${i % 5}; { cat $DEPS /dev/null; echo ${name(i)}; } | sort > $OUT`,
  }));
  rig.write("build.json", { tasks });
}

function temporaries(rig: Rig): string[] {
  return rig.files().filter((path) => /\.tmp\.\d+\.\d+$/.test(path));
}

/** Whether a process has its working folder in the project. */
function hasProcesses(rig: Rig): boolean {
  return [...Deno.readDirSync("/proc")].some(({ name }) => {
    try {
      return /^\d+$/.test(name) && Deno.readLinkSync(`/proc/${name}/cwd`).startsWith(rig.folder);
    } catch {
      return false; // it has just ended
    }
  });
}

/** Whether a process has a handler for a signal, by its number. */
function hears(pid: number, signal: number): boolean {
  const mask = /^SigCgt:\s*([0-9a-f]+)$/m.exec(Deno.readTextFileSync(`/proc/${pid}/status`))![1];
  return (BigInt(`0x${mask}`) >> BigInt(signal - 1) & 1n) === 1n;
}

/** Nothing is wrong with the database, nothing runs, and a build finds nothing to do and leaves nothing lying about. */
async function assertSettled(rig: Rig): Promise<void> {
  await until(() => !hasProcesses(rig), "no process is left");
  assertEquals(query(rig.path("crew.sqlite"), "pragma integrity_check"), [{ integrity_check: "ok" }]);
  assertEquals(query(rig.path("crew.sqlite"), "select * from claims"), []);
  const { code, stdout, stderr } = await rig.build(["build.json"]);
  assertEquals([code, stderr, executed({ stdout })], [0, "", []]);
  assertEquals([temporaries(rig), rig.has(".build_cache.lock")], [[], false]);
}

// S3.30, S3.31, S3.36, S3.39
rigTest("members killed at random moments: each task is completed once, and all artifacts are right", async (rig) => {
  const random = randomFrom(seedFor("killed members of a build"));
  writeLayers(rig);
  let started = 0;
  const start = () => startMember(rig, ["--quiet", "--jobs=2", "--max-killed-retries=1000", `--id=m${started++}`]);
  const members = [start(), start(), start()];
  for (let kills = 0; kills < 8; kills++) {
    await new Promise((resolve) => setTimeout(resolve, 100 + random.below(250))); // the random moment, not an order
    const victim = random.below(members.length);
    members[victim].kill("SIGKILL");
    await members[victim].ended;
    members[victim] = start();
  }
  for (const { code, stderr } of await Promise.all(members.map(({ ended }) => ended))) assertEquals(code, 0, stderr);
  for (const [name, words] of Object.entries(trails(rig))) {
    assertMatch(words, /^(running killed )*running completed$/, name);
  }
  assertEquals(Object.keys(trails(rig)).length, MANY);
  // K91, K121
  if (CAN_BE_ALONE) assertEquals([temporaries(rig), rig.has(".build_cache.lock")], [[], false]);
  await assertSettled(rig);
  const made = rig.files("out").map((path) => rig.read(path));
  for (const path of rig.files("out")) rig.remove(path);
  assertEquals((await rig.build(["build.json", "--force"])).code, 0);
  assertEquals(rig.files("out").map((path) => rig.read(path)), made);
});

// S3.30
rigTest("all members killed, one comes and ends their work", async (rig) => {
  const held = ["x", "y"].map((name) => rig.hold(name));
  rig.write("build.json", {
    tasks: held.map(({ name, command }) => ({ name, output: name, command: `echo begun > $OUT; ${command}` })),
  });
  const members = held.map((_, i) => startMember(rig, [`--id=m${i}`, "--jobs=1"]));
  await Promise.all(held.map((one) => one.started()));
  assertEquals(temporaries(rig).length, 2);
  for (const running of members) running.kill("SIGKILL");
  await Promise.all(members.map(({ ended }) => ended));
  const last = startMember(rig, ["--id=last"]);
  // K85: one after the other, as one of them may be what the members died of
  await Promise.all(held.map(async (one) => {
    await one.started();
    one.release();
  }));
  const { code, stderr } = await last.ended;
  assertEquals([code, stderr], [0, ""]);
  if (CAN_BE_ALONE) assertEquals(temporaries(rig), []);
  const words = "running killed running completed";
  assertEquals(trails(rig), { x: words, y: words });
  assertEquals([rig.read("x"), rig.read("y")], ["x\n", "y\n"]);
  await assertSettled(rig);
});

// K31
rigTest(
  "a task that a signal of somebody else ends is given back where the member is to end, and is killed elsewhere",
  async (rig) => {
    const noted = "echo $$ > pid; while :; do sleep 0.02; done";
    rig.write("tasks.txt", `a: [ -e go ] || { ${noted}; }\n`);
    const kill = async (member: Running) => {
      await until(() => rig.has("pid") && rig.read("pid") !== "", "it runs");
      const pid = Number(rig.read("pid"));
      rig.remove("pid");
      rig.write("go", "");
      Deno.kill(pid, "SIGTERM");
      await until(() => !lives(pid), "it has ended");
      return member;
    };
    const first = await kill(startMember(rig, ["tasks.txt", "--id=first"]));
    first.kill("SIGTERM");
    assertEquals((await first.ended).code, 143);
    assertEquals(trails(rig), { a: "running cancelled" });
    rig.remove("go");
    const second = await kill(startMember(rig, ["tasks.txt", "--id=second"]));
    assertEquals((await second.ended).code, 0);
    assertEquals(trails(rig), { a: "running cancelled running killed running completed" });
  },
);

// K31
rigTest("a task that is killed each time is one that did not make it, and why is told", async (rig) => {
  rig.write("tasks.txt", "a: echo said >&2; kill -KILL $$ [retries:5]\n");
  const { code, stderr } = await startMember(rig, ["tasks.txt", "--max-killed-retries=0"]).ended;
  assertEquals(code, 1, stderr);
  assertEquals(trails(rig), { a: "running killed" });
  const [{ detail }] = query<{ detail: string }>(
    rig.path("crew.sqlite"),
    "select detail from task_statuses where status = 'killed'",
  );
  assertEquals(detail, "Command was ended by signal SIGKILL");
});

/** A task that only the test lets go, and in which a gate waits for each of two members. */
function writeContested(rig: Rig): { sleeper: ReturnType<Rig["hold"]>; heir: ReturnType<Rig["hold"]> } {
  const sleeper = rig.hold("sleeper"), heir = rig.hold("heir");
  // in a file of its own: a variable that the command's text names would be part of what the task is
  rig.write("contested.sh", `if [ "$WHO" = sleeper ]; then ${sleeper.command}; else ${heir.command}; fi\n`);
  rig.write("build.json", { tasks: [{ name: "contested", output: "made", command: "sh contested.sh" }] });
  return { sleeper, heir };
}

function startAs(rig: Rig, name: string) {
  return startMember(rig, ["--verbose", `--id=${name}`, "--heartbeat-timeout=1.2"], { env: { WHO: name } });
}

// S3.30
for (
  const [how, code] of [
    ["has ended well", 0],
    ["has failed", 1],
    ["still runs", undefined],
  ] as const
) {
  rigTest(
    `a member stopped for too long, whose command ${how} when it goes on, publishes nothing and joins again`,
    async (rig) => {
      const { sleeper, heir } = writeContested(rig);
      const first = startAs(rig, "sleeper");
      await sleeper.started();
      await stopBetweenWrites(first.pid, rig.path("crew.sqlite"));
      const second = startAs(rig, "heir");
      await heir.started();
      heir.release({ text: "by the heir" });
      assertEquals((await second.ended).code, 0);
      assertEquals(rig.read("made"), "by the heir\n");
      if (code !== undefined) sleeper.release({ text: "by the sleeper", code });
      first.kill("SIGCONT");
      const ended = await first.ended;
      assertEquals([ended.code, rig.read("made")], [0, "by the heir\n"], ended.stderr);
      assertEquals(ended.stderr, "The others had given member 'sleeper' up for dead; it joins again\n");
      assertEquals([trails(rig), sleeper.starts], [{ contested: "running killed running completed" }, 1]);
      using store = await openCrew(rig);
      assertEquals((await store.workers()).map(({ id, status }) => `${id} ${status}`), [
        "sleeper killed",
        "heir offline",
        "sleeper offline",
      ]);
      await assertSettled(rig);
    },
  );
}

// K35
rigTest("a member that is interrupted gives back what it has, and another does it", async (rig) => {
  const held = rig.hold("held");
  rig.write("build.json", { tasks: [{ name: "held", output: "held", command: held.command }] });
  const first = startMember(rig, ["--id=first"]);
  await held.started();
  const second = startMember(rig, ["--id=second"]);
  await until(() => query(rig.path("crew.sqlite"), "select 1 from workers").length === 2, "the second has joined");
  first.kill("SIGINT");
  const { code, stderr, stdout } = await first.ended;
  assertEquals([code, stderr], [130, "Stopped by SIGINT\n"]);
  assertMatch(stdout, /^Worker \d+: Cancelled task 'held' after /m);
  assertEquals(stdout.includes("Failed"), false);
  await held.started();
  held.release();
  assertEquals((await second.ended).code, 0);
  assertEquals(trails(rig), { held: "running cancelled running completed" });
  await assertSettled(rig);
});

// K73
for (
  const [what, files] of [
    ["database", ["crew.sqlite"]],
    ["journal of the database", ["crew.sqlite-wal", "crew.sqlite-shm"]],
  ] as const
) {
  rigTest(`the ${what} is removed beside a crew: members at work and idle ones say so and end`, async (rig) => {
    const held = rig.hold("held");
    rig.write("build.json", {
      tasks: [{ name: "held", output: "held", command: held.command }, {
        name: "after",
        output: "after",
        dependencies: ["held"],
      }],
    });
    const busy = startMember(rig, ["--id=busy", "--jobs=1"]);
    await held.started();
    const idle = startMember(rig, ["--id=idle"]);
    await until(
      () => query(rig.path("crew.sqlite"), "select 1 from workers where not is_registering").length === 2,
      "both know all tasks",
    );
    for (const file of files) rig.remove(file);
    const sentence = "Database 'crew.sqlite' was removed or replaced while it was in use\n";
    for (const { code, stderr } of await Promise.all([busy.ended, idle.ended])) {
      assertEquals([code, stderr], [2, sentence]);
    }
    await until(() => !hasProcesses(rig), "no process is left");
    const next = startMember(rig, ["--id=next"]);
    await held.started();
    held.release();
    const { code, stderr } = await next.ended;
    assertEquals([code, stderr, rig.read("after")], [0, "", "held\n"]);
    assertEquals([held.starts, temporaries(rig)], [2, []]);
  });
}

// K82
rigTest(
  "Ctrl-C is heard while the database hangs, by whoever has an artifact to put in place and by whoever comes",
  async (rig) => {
    const held = rig.hold("held");
    rig.write("build.json", { tasks: [{ name: "held", output: "held", command: held.command }] });
    const first = startMember(rig);
    await held.started();
    using raw = new RawDatabase(rig.path("crew.sqlite"));
    raw.exec("begin immediate");
    held.release();
    await until(() => temporaries(rig).some((path) => rig.read(path) === "held\n"), "its command has ended");
    const others = [startMember(rig), startTroupe(rig, ["crew", "2", "build.json"])];
    await until(() => others.every(({ pid }) => hears(pid, 2)), "the others have begun");
    for (const running of [first, ...others]) running.kill("SIGINT");
    const ends = await Promise.all([first.ended, ...others.map(({ ended }) => ended)]);
    const sentence =
      "Database 'crew.sqlite' is locked by another process: what this member had is given to others once";
    assertEquals(ends[0].stderr, `${sentence} its heartbeat is missed\nStopped by SIGINT\n`);
    assertEquals([ends.map(({ code }) => code), rig.has("held"), temporaries(rig)], [[130, 130, 130], false, []]);
    raw.exec("rollback");
    const third = startMember(rig, ["--max-killed-retries=1"]);
    await held.started();
    held.release();
    assertEquals((await third.ended).code, 0);
    assertEquals(rig.read("held"), "held\n");
    await assertSettled(rig);
  },
);

// K81, K91
rigTest(
  "who shares a database, but not the build's lock, spares what belongs to a claim, and removes the rest",
  async (rig) => {
    const [one, two] = [rig.hold("one"), rig.hold("two")];
    const task = (name: string, command: string) => ({ name, output: name, command });
    rig.write("build.json", { tasks: [task("one", `echo begun > $OUT; ${one.command}`), task("two", two.command)] });
    const args = ["build.json", "--shared-fs", "--jobs=1"];
    const first = startMember(rig, args);
    await one.started();
    const [mine] = temporaries(rig);
    const nobodys = "two.tmp.4503599627370495.1";
    rig.write(nobodys, "of a claim that nobody has");
    rig.write("elsewhere", "crew\n999999\n"); // the lock as another host has it
    const there = `mount --bind elsewhere .build_cache.lock && exec "$@"`;
    const join = [Deno.execPath(), "run", "-A", MAIN, "join", ...HEARTBEAT, ...args];
    const second = rig.spawn("unshare", ["--mount", "sh", "-c", there, "sh", ...join]);
    await two.started();
    assertEquals(temporaries(rig), [mine]);
    rig.write(nobodys, "");
    second.kill("SIGKILL");
    await second.ended;
    one.release();
    await two.started();
    two.release();
    const { code, stderr } = await first.ended;
    assertEquals([code, stderr, temporaries(rig)], [0, "", []]);
    assertEquals([rig.read("one"), rig.read("two")], ["one\n", "two\n"]);
    await assertSettled(rig);
  },
  { ignore: !mounts },
);

rigTest("a database on a read-only disk is told of, and nothing is done", async (rig) => {
  rig.write("build.json", { tasks: [{ name: "a", output: "a", content: "a" }] });
  assertEquals((await memberAtWork(rig, ["--db=data/../crew.sqlite"]).ended).code, 0);
  rig.remove("a");
  Deno.mkdirSync(rig.path("data"));
  for (const name of ["crew.sqlite"]) Deno.copyFileSync(rig.path(name), rig.path(`data/${name}`));
  using mount = new Mount(rig.path("data"), "--bind", rig.path("data"));
  assert(succeeds("mount", "-o", "remount,ro,bind", mount.folder));
  for (const path of ["data/crew.sqlite", "data/new.sqlite"]) {
    const { code, stdout, stderr } = await memberAtWork(rig, [`--db=${path}`]).ended;
    assertEquals([code, stdout, rig.has("a")], [2, "", false], path);
    assertMatch(stderr, /^(Cannot (open|write)|Database) .*'data\/\w+\.sqlite'.*\n$/);
  }
}, { ignore: !mounts });

rigTest("a full disk under the database ends the members, and nothing is lost for the next", async (rig) => {
  const held = rig.hold("held");
  const task = (name: string, command: string, dependencies: string[] = []) => ({
    name,
    output: name,
    command,
    dependencies,
  });
  rig.write("build.json", {
    tasks: [task("early", "echo early > $OUT"), task("held", held.command, ["early"]), {
      ...task("late", "", ["held"]),
      command: undefined,
    }],
  });
  Deno.mkdirSync(rig.path("data"));
  using _ = new Mount(rig.path("data"), "-t", "tmpfs", "-o", "size=1m", "tmpfs");
  const args = ["--db=data/crew.sqlite", "--max-killed-retries=9"];
  const first = startMember(rig, args);
  await held.started();
  succeeds("sh", "-c", `cat /dev/zero > ${rig.path("data/filling")}`);
  held.release();
  const { code, stderr } = await first.ended;
  assertEquals(code, 2, stderr);
  assertMatch(stderr, /^Cannot write database 'data\/crew.sqlite': no space left on the disk\n$/);
  await until(() => !hasProcesses(rig), "no process is left");
  rig.remove("data/filling");
  const ended = await memberAtWork(rig, [...args, "--json"]).ended;
  const { tasks, executed, cache_hits } = crewReportOf(ended);
  assertEquals([ended.code, tasks.completed], [0, 3], ended.stderr);
  // What was in place when the disk was full is known, though not to the database.
  assertEquals([executed, cache_hits], [1, 1], ended.stderr);
  assertEquals(query(rig.path("data/crew.sqlite"), "pragma integrity_check"), [{ integrity_check: "ok" }]);
  assertEquals([rig.read("late"), CAN_BE_ALONE ? temporaries(rig) : []], ["held\n", []]);
}, { ignore: !mounts });
