import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { canMount, failio, Mount, succeeds, suffer } from "./faults.ts";
import { artifacts, assertDone, assertOrderly, assertSettled, executed, Project, said, type TaskSpec } from "./rig.ts";

const library = failio();
const mounts = canMount();

const TASKS: readonly TaskSpec[] = [
  { name: "small", output: "out/small.txt", content: "small\n" },
  { name: "copy", output: "out/copy.txt", source_files: ["src/text.txt"] },
  { name: "command", output: "out/command.txt", source_files: ["src/text.txt"], command: 'cat $IN > "$OUT"' },
  { name: "place", output: "out/place.txt", source_files: ["src/text.txt"], command: "cat $IN > out/place.txt" },
  { name: "after", output: "out/after.txt", dependencies: ["copy"] },
];

function makeProject(): Project {
  const project = new Project(TASKS);
  project.write("src/text.txt", "text\n".repeat(20_000)); // 100 KB
  return project;
}

/** Builds with the fault, then without it. */
async function assertToldAndHealed(project: Project, struck: () => Promise<void>): Promise<void> {
  await struck();
  const rerun = await project.build();
  assertDone(rerun);
  await assertSettled(project, artifacts(project, TASKS), said(rerun));
  assertEquals(project.read("out/after.txt"), project.read("src/text.txt"));
}

/** What is in place is whole. */
function assertNothingPartial(project: Project, context: string): void {
  for (const { name, output } of TASKS) {
    if (!project.has(output)) continue;
    const whole = name === "small" ? "small\n" : project.read("src/text.txt");
    assertEquals(project.read(output) === whole, true, `'${output}' is partial\n${context}`);
  }
  assertEquals(project.temporaries(), [], context);
}

// S0.34, S0.39
for (const [what, options] of [["bytes", "size=160k"], ["inodes", "nr_inodes=3"]]) {
  Deno.test({
    name: `a disk without ${what} for the artifacts: told, nothing partial, and the next build is right`,
    ignore: !mounts,
    fn: async () => {
      using project = makeProject();
      await assertToldAndHealed(project, async () => {
        using _ = new Mount(project.path("out"), "-t", "tmpfs", "-o", options, "tmpfs");
        const ended = await project.build();
        assertEquals(ended.code, 1, said(ended));
        assertOrderly(ended);
        assertMatch(ended.stdout, /No space left on device/);
        assertNothingPartial(project, said(ended));
      });
    },
  });
}

// S0.48
Deno.test({
  name: "a disk without room for the cache: one sentence, exit 0, and the next build repeats the work",
  ignore: !mounts,
  fn: async () => {
    using project = makeProject();
    using _ = new Mount(project.path("."), "-t", "tmpfs", "-o", "size=64k", "tmpfs");
    using out = new Project();
    project.configure([{ name: "small", output: "out/small.txt", content: "small\n" }]);
    using _room = new Mount(project.path("out"), "--bind", out.folder);
    succeeds("sh", "-c", `cat /dev/zero > ${project.path("filling")}`);
    for (let times = 0; times < 2; times++) {
      const ended = await project.build({ args: ["--no-store"] });
      assertDone(ended);
      assertEquals(executed(ended), times === 0 ? 1 : executed(ended));
      assertEquals(
        ended.stderr,
        "Cannot write build cache '.build_cache.json': No space left on device; the next build will repeat work\n",
      );
      assertEquals([project.read("out/small.txt"), project.temporaries()], ["small\n", []]);
    }
    project.remove("filling");
    assertDone(await project.build({ args: ["--no-store"] }));
    assertEquals(executed(await project.build({ args: ["--no-store"] })), 0);
  },
});

// S0.36
Deno.test({
  name: "an fsync that fails: no artifact is published by it, every task says so, and the next build is right",
  ignore: library === undefined,
  fn: async () => {
    using project = makeProject();
    await assertToldAndHealed(project, async () => {
      const ended = await project.build({
        env: suffer({ library: library!, path: ".tmp.", at: "1+", calls: "fsync,fdatasync" }),
      });
      assertEquals(ended.code, 1, said(ended));
      assertOrderly(ended);
      assertEquals(
        ended.stdout.match(/\(error: Cannot \w+ artifact 'out\/\w+\.txt': Input\/output error\)/g)?.length,
        3,
      );
      assertStringIncludes(ended.stderr, "Cannot write build cache '.build_cache.json': Input/output error");
      // place.txt is synced where it lies, which worked
      assertEquals(project.files().filter((name) => name.startsWith("out/")), ["out/place.txt"]);
      assertNothingPartial(project, said(ended));
    });
  },
});

// S0.36
Deno.test({
  name:
    "a folder that cannot be synced: what was made there is not remembered, all else is, and the next build is right",
  ignore: library === undefined,
  fn: async () => {
    using project = new Project([
      { name: "a", output: "made/a", content: "a" },
      { name: "b", output: "kept/b", content: "b", dependencies: ["a"] },
    ]);
    // The first is that of the artifact itself.
    const fault = { library: library!, path: project.path("made"), at: "2", deed: "EIO", calls: "fsync" } as const;
    const ended = await project.build({ env: suffer(fault) });
    assertEquals(ended.code, 0, said(ended));
    const told = "Cannot sync folder 'made': Input/output error; the next build will repeat what was made there\n";
    assertEquals(ended.stderr, told);
    const again = await project.build({ args: ["--no-store"] });
    assertDone(again);
    assertEquals([executed(again), again.stdout.includes("Started task 'a'")], [1, true], said(again));
    assertEquals(executed(await project.build({ args: ["--no-store"] })), 0);
  },
});

Deno.test({
  name: "a source without permission to read: the tasks that need it say so, the others are built",
  ignore: library === undefined,
  fn: async () => {
    using project = makeProject();
    const source = project.path("src/text.txt");
    await assertToldAndHealed(project, async () => {
      const fault = { library: library!, path: source, at: "1+", deed: "EACCES", calls: "openread" } as const;
      const ended = await project.build({ env: suffer(fault) });
      assertEquals(ended.code, 1, said(ended));
      assertOrderly(ended);
      assertStringIncludes(ended.stdout, "(error: Cannot read source 'src/text.txt': Permission denied");
      assertStringIncludes(ended.stdout, "1 succeeded, 3 failed, 1 skipped");
      assertEquals(project.has("out/small.txt"), true);
    });
  },
});

Deno.test("a folder in place of a source is told before anything is built, and the next build is right", async () => {
  using project = makeProject();
  const text = project.read("src/text.txt");
  await assertToldAndHealed(project, async () => {
    project.remove("src/text.txt");
    project.write("src/text.txt/deep", "");
    const ended = await project.build();
    assertEquals([ended.code, ended.stdout], [2, ""], said(ended));
    assertStringIncludes(ended.stderr, "needs source file 'src/text.txt', which is a folder");
    project.remove("src/text.txt");
    project.write("src/text.txt", text);
  });
});

Deno.test({
  name: "a read-only output folder: every task says so, and the next build is right",
  ignore: !mounts,
  fn: async () => {
    using project = makeProject();
    Deno.mkdirSync(project.path("out"));
    await assertToldAndHealed(project, async () => {
      using mount = new Mount(project.path("out"), "--bind", project.path("out"));
      assert(succeeds("mount", "-o", "remount,ro,bind", mount.folder));
      const ended = await project.build();
      assertEquals(ended.code, 1, said(ended));
      assertOrderly(ended);
      assertStringIncludes(ended.stdout, "Read-only file system");
      assertStringIncludes(ended.stdout, "0 succeeded, 4 failed, 1 skipped");
    });
  },
});

Deno.test({
  name: "a project that is read-only as a whole: what is up to date is found so, what is not says why",
  ignore: !mounts,
  fn: async () => {
    using project = makeProject();
    await assertToldAndHealed(project, async () => {
      assertDone(await project.build());
      project.write("build.json", project.read("build.json").replace("small\\n", "other\\n"));
      using mount = new Mount(project.folder, "--bind", project.folder);
      assert(succeeds("mount", "-o", "remount,ro,bind", mount.folder));
      const ended = await project.build();
      assertEquals(ended.code, 1, said(ended));
      assertMatch(ended.stderr, /^Cannot lock '.*': Read-only file system; building without a lock\n/);
      assertMatch(ended.stdout, /Failed task 'small' .*\(error: Cannot write artifact .*: Read-only file system\)/);
      assertStringIncludes(ended.stdout, "4 succeeded, 1 failed, 0 skipped");
      const all = await project.build({ args: ["--transaction"] });
      assertEquals([all.code, all.stdout], [1, ""], said(all));
      assertEquals(
        all.stderr,
        `Cannot lock '${project.folder}': Read-only file system; a transaction needs a lock, so that nobody else builds here meanwhile\n`,
      );
    });
    project.write(".troupe-transaction/journal", "");
    using mount = new Mount(project.folder, "--bind", project.folder);
    assert(succeeds("mount", "-o", "remount,ro,bind", mount.folder));
    const ended = await project.build();
    assertEquals([ended.code, ended.stdout], [1, ""], said(ended));
    assertMatch(
      ended.stderr,
      /^Cannot lock '.*': Read-only file system; the unfinished transaction in it cannot be undone without a lock\n$/,
    );
  },
});
