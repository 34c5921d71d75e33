import { assert, assertEquals, assertMatch } from "@std/assert";
import { executed, lives, Project, said, type TaskSpec, until } from "./rig.ts";

const QUICK = ["q1", "q2", "q3", "q4"];
const SLOW = ["s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8"];
/** One that ignores what asks it to end, and one that hears it. */
const PAIR = SLOW.slice(0, 2);

/** Notes a process id, then does as told; with `go` there, the command is done at once. */
function slow(name: string, index: number): TaskSpec {
  const stubborn = index % 2 === 0 ? "trap '' TERM INT;" : "trap ': > termed; exit 1' TERM INT;";
  // a grandchild that dies of TERM, one that ignores it
  const body = `if [ -e go ]; then echo ${name} > "$OUT"; exit; fi
    echo half > "$OUT"
    sleep 1000 & echo $! >> pids
    (trap '' TERM INT HUP; sleep 1000 & echo $! >> pids; wait) & echo $! >> pids
    if [ -e leave ]; then setsid sleep 1000 & echo $! >> pids; fi
    ${stubborn} echo $$ >> pids; echo up >> up; wait; wait; read -r _ < hold`;
  return { name, output: `out/${name}`, dependencies: QUICK, command: body };
}

/** Eight commands, where that is what is tested. */
function makeProject(names = SLOW): Project {
  const project = new Project([
    ...QUICK.map((name) => ({ name, output: `out/${name}`, content: name })),
    ...names.map(slow),
    { name: "last", output: "out/last", dependencies: names },
  ]);
  project.fifo("hold");
  return project;
}

/** Starts a build and answers when all its slow commands run, with the ids of their processes. */
async function startHeld(project: Project, { grace = "0.1", names = SLOW } = {}) {
  const running = project.start({ args: ["--jobs", `${names.length}`, "--grace", grace] });
  const lines = (name: string) => project.has(name) ? project.read(name).trim().split("\n") : [];
  const expected = (project.has("leave") ? 5 : 4) * names.length;
  await until(() => lines("up").length === names.length && lines("pids").length === expected, "all commands run");
  const pids = lines("pids").map(Number);
  return { running, pids };
}

async function assertNextRunIsRight(project: Project, names = SLOW): Promise<void> {
  project.write("go", "");
  const next = await project.build();
  assertEquals([next.code, next.stderr], [0, ""], said(next));
  assertEquals(executed(next), names.length + 1, said(next));
  assertEquals(project.read("out/last"), names.map((name) => `${name}\n`).join(""));
  assertEquals(project.temporaries(), []);
  assertEquals([...Deno.readDirSync(project.temp)].map(({ name }) => name), [], "the temp folder");
}

const ENDS = [["SIGINT", 130], ["SIGTERM", 143], ["SIGHUP", 129]] as const;

// S0.39, S0.48
for (const [signal, code] of ENDS) {
  Deno.test(`${signal} ends eight commands with all their children, keeps what is done, and exits ${code}`, async () => {
    using project = makeProject();
    const { running, pids } = await startHeld(project);
    running.kill(signal);
    const ended = await running.ended;
    assertEquals(ended.code, code, said(ended));
    assertEquals(pids.filter(lives), [], said(ended));
    assertEquals(project.temporaries(), []);
    // K35
    assertEquals(ended.stdout.match(/Cancelled task/g)?.length, SLOW.length, said(ended));
    assert(!ended.stdout.includes("Failed"), said(ended));
    assertMatch(ended.stdout, /: 4 succeeded, 0 failed, 9 skipped \(8 cancelled\)\n {2}not run /);
    assertEquals(Object.keys(JSON.parse(project.read(".build_cache.json")).entries).length, QUICK.length);
    await assertNextRunIsRight(project);
  });
}

Deno.test("a second SIGINT ends at once what ignored the first", async () => {
  using project = makeProject(PAIR);
  const { running, pids } = await startHeld(project, { grace: "3600", names: PAIR });
  running.kill("SIGINT");
  await until(() => project.has("termed"), "the first signal arrived");
  running.kill("SIGINT");
  const ended = await running.ended;
  assertEquals(ended.code, 130, said(ended));
  assertEquals(pids.filter(lives), [], said(ended));
  assertEquals(project.temporaries(), []);
  await assertNextRunIsRight(project, PAIR);
});

Deno.test("SIGINT while a build waits for its turn ends it with exit code 130, and the other one goes on", async () => {
  using project = makeProject(PAIR);
  const { running } = await startHeld(project, { names: PAIR });
  const second = project.start();
  await until(() => second.stderr.includes("Waiting for another build"), "the second waits");
  second.kill("SIGINT");
  const ended = await second.ended;
  assertEquals([ended.code, executed(ended)], [130, 0], said(ended));
  running.kill("SIGTERM");
  assertEquals((await running.ended).code, 143);
  await assertNextRunIsRight(project, PAIR);
});

// S0.39
Deno.test({
  name: "kill -9 ends eight commands with all their children, even those that have left their group",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    using project = makeProject();
    project.write("leave", "");
    const { running, pids } = await startHeld(project);
    running.kill("SIGKILL");
    assertEquals((await running.ended).signal, "SIGKILL");
    await until(() => !pids.some(lives), "the commands are gone");
    assert(project.temporaries().length > 0, "it was killed midway");
    await until(() => [...Deno.readDirSync(project.temp)].length === 0, "the ledger is gone");
    // whether the quick ones are in the cache is up to its timer
    project.write("go", "");
    const next = await project.build();
    assertEquals([next.code, next.stderr, project.temporaries()], [0, "", []], said(next));
    assertEquals(project.read("out/last"), SLOW.map((name) => `${name}\n`).join(""));
  },
});

// S0.39
Deno.test({
  name: "a build right after a kill -9 waits for the commands of the killed one, which would write where it writes",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    const command = `trap '' TERM; if [ -e go ]; then echo right > "$OUT"; exit; fi
      echo $$ > pid; while :; do echo wrong > "$OUT"; echo wrong > out/place; done`;
    using project = new Project([
      { name: "a", output: "out/a", command },
      { name: "place", output: "out/place", command: "[ ! -e go ] || echo right > out/place; echo" },
    ]);
    const running = project.start();
    await until(() => project.has("pid") && project.temporaries().length > 0, "the command writes");
    running.kill("SIGKILL");
    await running.ended;
    project.write("go", "");
    const next = await project.build();
    assertEquals([next.code, next.stderr], [0, ""], said(next));
    assertEquals(lives(Number(project.read("pid"))), false);
    assertEquals([project.read("out/a"), project.read("out/place")], ["right\n", "right\n"]);
    assertEquals(project.temporaries(), []);
  },
});
