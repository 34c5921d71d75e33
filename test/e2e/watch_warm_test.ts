// What `troupe watch` keeps from build to build is never taken for what is there: artifacts, links, files that commands write
// and other builds count as they do for a first build.
import { assertEquals } from "@std/assert";
import { rigTest } from "../rig.ts";
import { COPY, started, Watch } from "./watching.ts";

// S6.14
rigTest("watch makes an artifact again that was deleted or edited by hand, with the next build", async (rig) => {
  rig.write("build.json", {
    tasks: ["a", "b", "c"].map((name) => ({
      name,
      source_files: [`src/${name}/*.txt`],
      output_artifact: `out/${name}`,
      command: COPY,
    })),
  });
  for (const name of ["a", "b", "c"]) rig.write(`src/${name}/x.txt`, `${name}\n`);
  const watch = new Watch(rig, ["--no-store"]);
  await watch.rests();
  rig.remove("out/a");
  rig.write("out/b", "edited\n");
  rig.write("src/c/x.txt", "new\n");
  assertEquals(started(await watch.rests()).sort(), ["a", "b", "c"]);
  assertEquals(["a", "b", "c"].map((name) => rig.read(`out/${name}`)), ["a\n", "b\n", "new\n"]);
  assertEquals(await watch.end(), 130);
});

// S6.14
rigTest("watch reads in the same build what a command has written beside its artifact", async (rig) => {
  rig.write("build.json", {
    tasks: [
      {
        name: "gen",
        source_files: ["src/in.txt"],
        output_artifact: "out/gen",
        command: 'cat $IN > src/gen.txt; echo same > "$OUT"',
      },
      { name: "use", dependencies: ["gen"], source_files: ["src/g*.txt"], output_artifact: "out/use", command: COPY },
    ],
  });
  rig.write("src/in.txt", "1\n");
  rig.write("src/gen.txt", "0\n");
  const watch = new Watch(rig, ["--debounce", "2000"]);
  await watch.rests();
  await watch.rests(); // what has changed in the first build
  rig.write("src/in.txt", "2\n");
  assertEquals(started((await watch.rests()).split(/^Build completed/m)[0]), ["gen", "use"]);
  assertEquals([rig.read("out/use"), await watch.end()], ["2\n", 130]);
});

// S6.14
rigTest(
  "watch looks behind links and at files with several names each time, whoever changes them where",
  async (rig) => {
    rig.write("build.json", {
      tasks: [
        { name: "behind", source_files: ["far/**/*.txt"], output_artifact: "out/behind", command: COPY },
        { name: "twice", source_files: ["twice.txt"], output_artifact: "out/twice", command: COPY },
        { name: "edited", source_files: ["edited.txt"], output_artifact: "out/edited", command: COPY },
      ],
    });
    const elsewhere = Deno.makeTempDirSync({ prefix: "troupe-test-" });
    try {
      for (const name of ["one", "two"]) {
        Deno.mkdirSync(`${elsewhere}/${name}`);
        Deno.writeTextFileSync(`${elsewhere}/${name}/x.txt`, `${name}\n`);
      }
      Deno.symlinkSync("one", `${elsewhere}/which`);
      Deno.symlinkSync(`${elsewhere}/which`, rig.path("far"));
      rig.write("twice.txt", "old\n");
      Deno.linkSync(rig.path("twice.txt"), `${elsewhere}/twice.txt`);
      rig.write("edited.txt", "1\n");
      const watch = new Watch(rig);
      await watch.rests();
      // of neither anything is told
      Deno.removeSync(`${elsewhere}/which`);
      Deno.symlinkSync("two", `${elsewhere}/which`);
      Deno.writeTextFileSync(`${elsewhere}/twice.txt`, "new\n");
      rig.write("edited.txt", "2\n");
      assertEquals(started(await watch.rests()).sort(), ["behind", "edited", "twice"]);
      assertEquals([rig.read("out/behind"), rig.read("out/twice"), await watch.end()], ["two\n", "new\n", 130]);
    } finally {
      Deno.removeSync(elsewhere, { recursive: true });
    }
  },
);

// S6.14
rigTest("watch goes on from what another build has done meanwhile, and leaves one cache to the next", async (rig) => {
  const tasks = ["a", "b"].map((name) => ({
    name,
    source_files: [`${name}.txt`],
    output_artifact: `out/${name}`,
    command: COPY,
  }));
  rig.write("build.json", { tasks });
  for (const name of ["a", "b"]) rig.write(`${name}.txt`, `${name}\n`);
  const watch = new Watch(rig);
  await watch.rests();
  // the first time it is written as a whole, with what is new of the config
  for (const text of ["1\n", "2\n"]) {
    rig.write("a.txt", text);
    await watch.rests();
  }
  assertEquals(rig.has(".build_cache.jsonl"), true);
  // which folds in what the watch has done, that stands still meanwhile so as not to come first
  watch.running.kill("SIGSTOP");
  rig.write("b.txt", "new\n");
  assertEquals(started((await rig.build(["build.json"])).stdout), ["b"]);
  assertEquals(rig.has(".build_cache.jsonl"), false);
  watch.running.kill("SIGCONT");
  assertEquals(started(await watch.rests()), []);
  rig.write("a.txt", "newer\n");
  assertEquals(started(await watch.rests()), ["a"]);
  assertEquals(rig.has(".build_cache.json"), true);
  watch.running.kill("SIGKILL");
  await watch.running.ended;
  assertEquals(started((await rig.build(["build.json"])).stdout), []);
});
