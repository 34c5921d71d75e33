// What befalls a store befalls no build.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { canMount, Mount } from "./faults.ts";
import { assertDone, executed, Project, said, until } from "./rig.ts";

const mounts = canMount();

const RECORDS = ".troupe/store/records";

function makeProject(): Project {
  const project = new Project(
    ["a", "b", "c"].map((name) => ({
      name,
      output: `out/${name}`,
      source_files: ["src/text.txt"],
      command: `(echo ${name}; cat $IN) > $OUT`,
    })),
  );
  project.write("src/text.txt", "text\n".repeat(8000)); // 40 KB
  return project;
}

// S5.20: told once, and the build goes on
Deno.test({
  name:
    "a disk without room for the store: one sentence, every artifact is made, and nothing half of it is taken out later",
  ignore: !mounts,
  fn: async () => {
    using project = makeProject();
    using _ = new Mount(project.path(".troupe"), "-t", "tmpfs", "-o", "size=72k", "tmpfs");
    const ended = await project.build();
    assertDone(ended);
    assertMatch(
      ended.stderr,
      /^Cannot put artifacts into store '.+\/\.troupe\/store': No space left on device; the build goes on without\n$/,
      said(ended),
    );
    assertEquals(executed(ended), 3);
    const whole = ["a", "b", "c"].map((name) => project.read(`out/${name}`));
    project.remove("out");
    const again = await project.build();
    assertDone(again);
    assertEquals(["a", "b", "c"].map((name) => project.read(`out/${name}`)), whole);
  },
});

// S5.20: a build that is killed leaves a store that is as good as before
Deno.test("a build that is killed leaves no record without its blobs, and none that is wrong", async () => {
  using project = makeProject();
  const tasks = Array.from({ length: 200 }, (_, i) => ({
    name: `t${i}`,
    output: `out/${i}`,
    command: `echo ${i} > $OUT`,
  }));
  const isAnyFlushed = () => project.has(RECORDS) && project.files(RECORDS).some((path) => project.read(path) !== "");
  // A build that cannot end before it is killed.
  project.configure([...tasks, { name: "held", output: "out/held", command: "sleep 600 > $OUT" }]);
  for (const after of [3, 40, 120]) {
    const running = project.start();
    await running.says(new RegExp(`Completed task 't${after}'`));
    if (after === 120) await until(isAnyFlushed, "a record is in the store");
    running.kill("SIGKILL");
    await running.ended;
    project.remove("out");
    project.remove(".build_cache.json");
    project.remove(".build_cache.jsonl");
  }
  project.configure(tasks);
  const whole = await project.build();
  assertDone(whole);
  for (let i = 0; i < 200; i++) assertEquals(project.read(`out/${i}`), `${i}\n`);
  assert(executed(whole) < 200, "what was flushed before is of use");
});
