// `troupe watch` and the ways in which files change: by editors, by git, by the thousand, and more than the system tells.
import { assertEquals, assertMatch } from "@std/assert";
import { MAIN } from "./crew/crew.ts";
import { type Rig, rigTest } from "../rig.ts";
import { COPY, started, Watch } from "./watching.ts";

/** Longer than a busy machine takes from one change to the next, so that many are one. */
const PATIENT = ["--debounce", "2000"];

function writeGlob(rig: Rig): void {
  rig.write("build.json", {
    tasks: [{ name: "all", source_files: ["src/**/*.txt"], output_artifact: "out/all", command: COPY }],
  });
  rig.write("src/a.txt", "a\n");
}

// S6.14
rigTest("watch takes a hundred saves for one change, however they are made", async (rig) => {
  writeGlob(rig);
  const watch = new Watch(rig, PATIENT);
  await watch.rests();
  for (let i = 0; i < 100; i++) {
    // as an editor that keeps a copy and renames: the name is gone for a moment
    if (i % 2 === 0) {
      Deno.renameSync(rig.path("src/a.txt"), rig.path("src/a.txt~"));
      rig.write("src/4913", "");
      rig.remove("src/4913");
      rig.write("src/a.txt.new", `${i}\n`);
      Deno.renameSync(rig.path("src/a.txt.new"), rig.path("src/a.txt"));
      rig.remove("src/a.txt~");
    } else rig.write("src/a.txt", `${i}\n`);
  }
  const said = await watch.rests();
  assertMatch(said, /^src\/a\.txt changed\n/);
  assertEquals([started(said), rig.read("out/all"), watch.builds], [["all"], "99\n", 2]);
  assertEquals(await watch.end(), 130);
});

// S6.14
rigTest("watch takes a checkout of thousands of files for one change", async (rig) => {
  writeGlob(rig);
  const git = async (...args: string[]) => {
    const identity = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "core.fsync=none"];
    const { code, stderr } = await rig.spawn("git", [...identity, ...args]).ended;
    assertEquals([code, code === 0 ? "" : stderr], [0, ""]);
  };
  await git("init", "-q");
  await git("add", "src");
  await git("commit", "-qm", "few");
  await git("checkout", "-qb", "many");
  for (let folder = 0; folder < 50; folder++) {
    rig.write(`src/d${folder}/f0.txt`, "x\n");
    for (let file = 1; file < 100; file++) Deno.writeTextFileSync(rig.path(`src/d${folder}/f${file}.txt`), "x\n");
  }
  await git("add", "src");
  await git("commit", "-qm", "many");
  await git("checkout", "-q", "-");
  const watch = new Watch(rig);
  await watch.rests();
  await git("checkout", "-q", "many");
  assertMatch(await watch.rests(), /^src\/d0\/f0\.txt, .* and 4997 more changed\n[^]*: 1 succeeded/);
  assertEquals(rig.read("out/all").length, 2 * 5001);
  await git("checkout", "-q", "-");
  assertMatch(await watch.rests(), /changed\n[^]*: 1 succeeded/);
  assertEquals([rig.read("out/all"), watch.builds], ["a\n", 3]);
  assertEquals(await watch.end(), 130);
});

// S6.14
rigTest("watch follows folders that come, move, go and come back", async (rig) => {
  writeGlob(rig);
  const watch = new Watch(rig);
  await watch.rests();
  rig.write("else/x/b.txt", "b\n");
  Deno.renameSync(rig.path("else"), rig.path("src/new"));
  await watch.rests();
  assertEquals(rig.read("out/all"), "a\nb\n");
  rig.write("src/new/x/b.txt", "new\n");
  await watch.rests();
  assertEquals(rig.read("out/all"), "a\nnew\n");
  rig.remove("src");
  await watch.running.says(/matches no file/, "stderr");
  await watch.rests();
  rig.write("src/deep/er/c.txt", "c\n");
  await watch.rests();
  assertEquals(rig.read("out/all"), "c\n");
  rig.write("src/deep/er/c.txt", "d\n");
  await watch.rests();
  assertEquals([rig.read("out/all"), await watch.end()], ["d\n", 130]);
});

// S6.14
rigTest("watch goes on when the config's folder is removed and made again", async (rig) => {
  writeGlob(rig);
  const watch = new Watch(rig, PATIENT);
  await watch.rests();
  Deno.removeSync(rig.folder, { recursive: true });
  await watch.rests();
  await watch.running.says(/^Build configuration not found at path: build\.json$/m, "stderr");
  Deno.mkdirSync(rig.folder);
  rig.write("src/b.txt", "b\n");
  writeGlob(rig);
  assertMatch(await watch.rests(), /: 1 succeeded/);
  rig.write("src/a.txt", "new\n");
  assertMatch(await watch.rests(), /^src\/a\.txt changed\n[^]*: 1 succeeded/);
  assertEquals([rig.read("out/all"), await watch.end()], ["new\nb\n", 130]);
});

// S6.14
rigTest("watch looks at everything when more has changed than the system tells", async (rig) => {
  writeGlob(rig);
  const watch = new Watch(rig);
  await watch.rests();
  const most = Number(Deno.readTextFileSync("/proc/sys/fs/inotify/max_queued_events"));
  watch.running.kill("SIGSTOP");
  for (let i = 0; i <= most; i++) Deno.utimeSync(rig.path(i % 2 === 0 ? "src/a.txt" : "build.json"), i, i);
  rig.write("src/b.txt", "b\n");
  watch.running.kill("SIGCONT");
  assertMatch(await watch.rests(), /^Too much has changed to tell what: looking at everything$/m);
  assertEquals(rig.read("out/all"), "a\nb\n");
  rig.write("src/b.txt", "new\n");
  assertMatch(await watch.rests(), /^src\/b\.txt changed\n/);
  assertEquals([rig.read("out/all"), await watch.end()], ["a\nnew\n", 130]);
}, { ignore: Deno.build.os !== "linux" });

// S6.14
for (const what of ["watches", "instances"]) {
  rigTest(`watch looks for changes by itself where the system lacks inotify ${what}, and says so once`, async (rig) => {
    writeGlob(rig);
    for (const name of ["b", "c", "d"]) rig.write(`src/${name}/${name}.txt`, `${name}\n`);
    const most = what === "watches" ? 2 : 0;
    const limit = `echo ${most} > /proc/sys/user/max_inotify_${what} 2> /dev/null || { echo no limits here; exit 0; }`;
    const script = `${limit}; exec '${Deno.execPath()}' run -A '${MAIN}' watch --jobs 2`;
    if (!new Deno.Command("sh", { args: ["-c", "command -v unshare"], stdout: "null" }).outputSync().success) {
      return console.log("what lacks watches is not tested: no unshare");
    }
    const running = rig.spawn("unshare", ["-Ur", "sh", "-c", script]);
    const first = await running.says(/^Watching|^no limits here/m).catch(() => ["no limits here"]);
    if (first[0] !== "Watching") return console.log("what lacks watches is not tested: no user namespaces");
    rig.write("src/d/d.txt", "new\n");
    await running.says(/^src\/d\/d\.txt changed$[^]*^Watching/m);
    assertEquals(rig.read("out/all"), "a\nb\nc\nnew\n");
    running.kill("SIGINT");
    const { code, stderr } = await running.ended;
    const lack = what === "watches" ? "inotify watches" : "inotify";
    const sentence = `Cannot be told of changes: the system has no ${lack} left; looking for them every second\n`;
    assertEquals([code, stderr], [130, sentence]);
  }, { ignore: Deno.build.os !== "linux" });
}

// S6.14
rigTest("watch without FFI looks for changes by itself, and says so", async (rig) => {
  writeGlob(rig);
  const rights = ["--allow-read", "--allow-write", "--allow-run", "--allow-env", "--allow-sys", "--no-prompt"];
  const watch = new Watch(rig, [], { deno: ["run", ...rights, MAIN] });
  await watch.rests();
  rig.write("src/a.txt", "new\n");
  await watch.rests();
  assertEquals(rig.read("out/all"), "new\n");
  await watch.running.says(/Cannot be told of changes: Linux is asked by FFI, which is not allowed; looking/, "stderr");
  assertEquals(await watch.end(), 130);
}, { ignore: Deno.build.os !== "linux" });

// S6.14
rigTest("watch builds what came back as it was while a build went on that had not found it", async (rig) => {
  const held = rig.hold("held");
  writeGlob(rig);
  rig.write("src/b.txt", "b\n");
  rig.write("build.json", {
    tasks: [{
      ...{ name: "all", source_files: ["src/*.txt"], output_artifact: "out/all" },
      command: `cat $IN > all; if [ -e hold ]; then ${held.command}; fi; cat all > "$OUT"`,
    }],
  });
  const watch = new Watch(rig, ["--grace", "0"]);
  await watch.rests();
  rig.write("hold", "");
  Deno.renameSync(rig.path("src/b.txt"), rig.path("b.txt"));
  await held.started();
  rig.remove("hold");
  const said = watch.running.stdout.length;
  Deno.renameSync(rig.path("b.txt"), rig.path("src/b.txt"));
  await watch.saysMore(said);
  held.release();
  await watch.rests();
  assertEquals(rig.read("out/all"), "a\nb\n");
  assertEquals(await watch.end(), 130);
});
