// `troupe watch` over a config that is expanded: what comes of it changes with other files than the config itself.
import { assertEquals, assertStringIncludes } from "@std/assert";
import { rigTest } from "../rig.ts";
import { COPY, started, Watch } from "./watching.ts";

// S5.13, S6.14
rigTest("watch makes tasks of files and configs that come, and lets go of those that are gone", async (rig) => {
  rig.write("build.json", {
    include: "packages/*/build.json",
    tasks: [
      { name: "c:{stem}", for_each: "src/**/*.c", source_files: ["{path}"], output: "out/{stem}.o", command: COPY },
      { name: "all", dependencies: ["c:*"], output: "out/all" },
    ],
  });
  const inner = (content: string) => ({ tasks: [{ name: "make", output: "made", content }] });
  rig.write("packages/a/build.json", inner("1"));
  rig.write("src/a.c", "a");
  const watch = new Watch(rig);
  assertEquals(started(await watch.rests()).sort(), ["a:make", "all", "c:a"]);
  // An edit of a file is one of its task alone.
  rig.write("src/a.c", "A");
  assertEquals(started(await watch.rests()), ["c:a", "all"]);
  rig.write("src/deep/b.c", "b");
  const said = await watch.rests();
  assertEquals([started(said), rig.read("out/all")], [["c:b", "all"], "Ab"]);
  assertStringIncludes(said, "src/deep/b.c changed\n");
  rig.write("packages/a/build.json", inner("2"));
  assertEquals([started(await watch.rests()), rig.read("packages/a/made")], [["a:make"], "2"]);
  rig.write("packages/b/build.json", inner("b"));
  assertEquals([started(await watch.rests()), rig.read("packages/b/made")], [["b:make"], "b"]);
  // What is wrong leaves the last one in force.
  rig.write("packages/b/build.json", "{");
  await watch.running.says(/--> packages\/b\/build.json:1:2/, "stderr");
  await watch.rests();
  rig.write("packages/b/build.json", inner("B"));
  assertEquals(started(await watch.rests()), ["b:make"]);
  rig.remove("src/a.c");
  assertEquals([started(await watch.rests()), rig.read("out/all")], [["all"], "b"]);
  await watch.running.says(/1 artifact belongs to no task of 'build.json' any more: out\/a.o/, "stderr");
  rig.remove("packages/b");
  assertEquals(started(await watch.rests()), []);
  await watch.running.says(
    /1 artifact belongs to no task of 'build.json' any more: packages\/b\/made|packages\/b/,
    "stderr",
  );
  assertEquals(await watch.end(), 130);
});
