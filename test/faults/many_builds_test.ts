import { assertEquals, assertStringIncludes } from "@std/assert";
import { assertDone, executed, lives, Project, said, type TaskSpec, until } from "./rig.ts";

/** Ten commands that log their name, the last of which is held until somebody writes to `hold`. */
function tasks(held: boolean): TaskSpec[] {
  return Array.from({ length: 10 }, (_, i) => ({
    name: `t${i}`,
    output: `out/t${i}`,
    dependencies: i < 5 ? [] : [`t${i - 5}`],
    command: held && i === 9
      ? 'echo $$ > pid; read -r _ < hold; echo "$TASK" >> log; echo "$TASK" > "$OUT"'
      : 'echo "$TASK" >> log; echo "$TASK" > "$OUT"',
  }));
}

const EACH_ONCE = tasks(false).map(({ name }) => name);

function logged(project: Project): string[] {
  return project.read("log").trim().split("\n").sort();
}

async function startTwo(project: Project) {
  project.fifo("hold");
  const first = project.start();
  await until(() => project.has("pid") && project.read("pid") !== "", "the first build is held");
  const second = project.start();
  await until(() => second.stderr.includes("\n"), "the second waits");
  return { first, second };
}

/** Lets the held command go; settles when it has been heard. */
function letGo(project: Project): Promise<void> {
  return Deno.writeTextFile(project.path("hold"), "go\n");
}

// S0.14, S0.49
Deno.test("two builds at once: the second says for whom it waits and then finds the work done", async () => {
  using project = new Project(tasks(true));
  const { first, second } = await startTwo(project);
  assertEquals(second.stderr, `Waiting for another build in this folder (process ${first.pid})\n`);
  await letGo(project);
  const [one, two] = await Promise.all([first.ended, second.ended]);
  assertDone(one);
  assertDone(two);
  assertEquals([executed(one), executed(two)], [10, 0], said(two));
  assertEquals(logged(project), EACH_ONCE);
  assertEquals([project.has(".build_cache.lock"), project.temporaries()], [false, []]);
});

Deno.test("four builds at once execute each task once in all", async () => {
  using project = new Project(tasks(false));
  const ended = await Promise.all([1, 2, 3, 4].map(() => project.start().ended));
  for (const each of ended) assertDone(each);
  assertEquals(ended.reduce((sum, each) => sum + executed(each), 0), 10);
  assertEquals(logged(project), EACH_ONCE);
  assertEquals([project.has(".build_cache.lock"), project.temporaries()], [false, []]);
  assertEquals(executed(await project.build()), 0);
});

// S0.39
Deno.test("when the first of two builds is killed, the second tidies up after it and completes", async () => {
  using project = new Project(tasks(true));
  const { first, second } = await startTwo(project);
  const held = Number(project.read("pid"));
  const stray = `out/t9.tmp.${first.pid}.1`;
  project.write(stray, "half");
  first.kill("SIGKILL");
  await first.ended;
  await until(() => !lives(held), "the held command is ended");
  await letGo(project);
  const two = await second.ended;
  assertDone(two);
  assertStringIncludes(two.stdout, "10 succeeded, 0 failed");
  assertEquals([project.temporaries(), project.has(".build_cache.lock")], [[], false]);
  for (const name of EACH_ONCE) assertEquals(project.read(`out/${name}`), `${name}\n`);
  assertEquals(executed(await project.build()), 0);
});
