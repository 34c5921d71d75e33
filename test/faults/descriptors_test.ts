// Few open files: fewer workers, and a sentence; never a panic. K42
import { assertEquals, assertMatch } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { rigTest } from "../rig.ts";
import { ownDenoCaches } from "./faults.ts";
import { Project } from "./rig.ts";

const env = ownDenoCaches();

function limited(files: number): string[] {
  return ["sh", "-c", `ulimit -n ${files}; exec "$@"`, "sh"];
}

Deno.test({
  name: "a build whose files are few has fewer workers, or says that it can have none",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    using project = new Project();
    project.write("m.js", "export default ({ task }) => task;");
    project.write("n.js", "export default ({ task }) => task;");
    const outputs = Array.from({ length: 8 }, (_, i) => ({ name: `t${i}`, output: `out/${i}` }));
    const actions = [{ command: 'echo > "$OUT"' }, { command: 'echo | cat > "$OUT"' }, { module: "m.js" }, {
      module: "n.js",
    }];
    const tasks = outputs.map((task, i) => ({ ...task, ...actions[i % actions.length] }));
    project.write("build.json", JSON.stringify({ num_workers: 200, tasks }));
    const few = await project.build({ through: limited(40), env });
    assertEquals(few.code, 1);
    assertEquals(few.stderr, "Cannot start a worker: too few open files are allowed (40); see ulimit -n\n");
    const some = await project.build({ through: limited(64), env });
    assertEquals(some.code, 0, some.stderr + some.stdout);
    assertMatch(some.stderr, /^Using 1 of 200 workers: too few open files are allowed \(64\); see ulimit -n\n$/);
    assertMatch(some.stdout, /: 8 succeeded, 0 failed, 0 skipped\n$/);
  },
});

// K120
rigTest("what needs a thread where there are no files left for it says so, and Deno does not panic", async (rig) => {
  const main = fromFileUrl(new URL("../../main.ts", import.meta.url));
  rig.write("tasks.txt", "a: echo a\n");
  rig.write("build.json", { tasks: [{ name: "a", output: "out", source_files: ["big"] }] });
  using big = Deno.openSync(rig.path("big"), { write: true, create: true });
  big.truncateSync(300 * 2 ** 20);
  // With some less Deno itself panics before anything of troupe's is run.
  for (const files of [26, 28, 32]) {
    for (
      const args of [["join", "tasks.txt", "--db", `${files}.sqlite`], ["run", "tasks.txt"], ["build", "--no-history"]]
    ) {
      const deno = [Deno.execPath(), "run", "-A", main, ...args];
      const ended = await rig.spawn("sh", [...limited(files).slice(1), ...deno], { env }).ended;
      assertEquals([ended.code === 1 || ended.code === 2, /panic|bug|\n +at /i.test(ended.stderr)], [true, false]);
      assertMatch(ended.stdout + ended.stderr, /too (few|many) open files/i);
    }
  }
}, { ignore: Deno.build.os !== "linux" });

rigTest("a program whose files are few has fewer threads for modules, one after another's end", async (rig) => {
  const root = fromFileUrl(new URL("../..", import.meta.url));
  rig.write(
    "program.ts",
    `import { DependencyAwareScheduler, moduleExecutor } from ${JSON.stringify(`${root}mod.ts`)};
const scheduler = new DependencyAwareScheduler({ maxConcurrent: 50 });
for (let at = 0; at < 5; at++) {
  scheduler.addTask("t" + at, moduleExecutor("data:text/javascript,export default () => " + at % 3));
}
const { taskResults, taskErrors } = await scheduler.execute();
console.log(JSON.stringify([Object.values(taskResults), Object.values(taskErrors).map(({ message }) => message)]));
`,
  );
  const deno = [Deno.execPath(), "run", "-A", "--config", `${root}deno.json`, "program.ts"];
  const run = async (files: number) => await rig.spawn("sh", [...limited(files).slice(1), ...deno], { env }).ended;
  const some = await run(64);
  assertMatch(
    some.stderr,
    /^Using [1-4] of 5 threads for modules: too few open files are allowed \(64\); see ulimit -n\n$/,
  );
  assertEquals([some.code, some.stdout], [0, "[[0,1,2,0,1],[]]\n"]);
  const none = await run(26);
  const sentence = "Cannot start a thread for a module: too few open files are allowed (26); see ulimit -n";
  assertEquals([none.code, none.stdout], [0, JSON.stringify([[], Array(5).fill(sentence)]) + "\n"], none.stderr);
}, { ignore: Deno.build.os !== "linux" });
