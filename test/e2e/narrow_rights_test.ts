// Builds with less than all rights, and with a temporary folder that troupe cannot tidy.
import { assertEquals, assertMatch } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { lives } from "../faults/rig.ts";
import { rigTest } from "../rig.ts";

const BUILD = fromFileUrl(new URL("../../build.ts", import.meta.url));
const CONFIG = { tasks: [{ name: "a", output: "o", command: 'echo 1 > "$OUT"' }] };

// K58
rigTest(
  "a build that may write in its own folder alone builds, keeps its cache and says what it goes without",
  async (rig) => {
    rig.write("build.json", CONFIG);
    const deno = ["run", "--allow-read", "--allow-write=.", "--allow-run", "--allow-env", BUILD];
    const watch = "Cannot watch over commands: [^\\n]*; if troupe is killed they may go on\\n";
    const unsaved = "Cannot write database 'taskrun.db': [^\\n]*; this run is not saved\\n";
    for (const [history, said] of [[["--no-history"], watch], [[], watch + unsaved]] as const) {
      const first = await rig.build(["build.json", ...history], { deno });
      assertEquals([first.code, rig.read("o")], [0, "1\n"]);
      assertMatch(first.stderr, new RegExp(`^${said}$`));
      const again = await rig.build(["build.json", ...history], { deno });
      assertEquals([again.code, again.stderr], [0, ""]);
      assertMatch(again.stdout, /^Task 'a' skipped: cache hit \(artifact: o\)\n/);
      rig.remove(".build_cache.json");
      rig.remove("o");
    }
  },
);

// K58, K115
rigTest("what leaves its group is ended at the end of a build that may not look at processes", async (rig) => {
  const command =
    `setsid sh -c 'echo $$ > pid; exec sleep 1000' > log 2>&1 & until [ -s pid ]; do sleep 0.01; done; : > "$OUT"`;
  rig.write("build.json", { tasks: [{ name: "a", output: "o", command }] });
  const deno = ["run", "--allow-read", "--allow-write", "--allow-run", "--allow-env", "--allow-ffi", "--allow-sys"];
  const { code, stderr } = await rig.build(["build.json"], { deno: [...deno, BUILD] });
  assertEquals([code, stderr, lives(Number(rig.read("pid")))], [0, "", false]);
}, { ignore: Deno.build.os !== "linux" });

// K58
rigTest("a build that may write nothing says what it goes without, and is not ended by that", async (rig) => {
  rig.write("build.json", CONFIG);
  const { code, stderr } = await rig.build(["build.json"], {
    deno: ["run", "--allow-read", "--allow-run", "--allow-env", "--allow-sys", BUILD],
  });
  assertEquals([code, rig.has("o")], [1, false]);
  assertMatch(stderr, /^Cannot write database 'taskrun.db': Requires write access [^\n]*; this run is not saved$/m);
  assertEquals(stderr.split("\n").filter((line) => line !== "" && !line.startsWith("Cannot ")), []);
});

// K58
rigTest("what a build goes without for two reasons is said once", async (rig) => {
  rig.write("build.json", { tasks: [{ name: "a", output: "o", content: "text" }] });
  const { code, stderr } = await rig.build(["build.json", "--no-history"], {
    deno: ["run", "--allow-read", "--allow-write=.", "--allow-env", BUILD],
  });
  assertEquals([code, rig.read("o")], [0, "text"]);
  assertMatch(stderr, /^Cannot watch over commands: [^\n]*; if troupe is killed they may go on\n$/);
});

// K120
rigTest("what troupe cannot remove of its own in the temporary folder is told, and fails nothing", async (rig) => {
  const spoil = 'for file in "$TMPDIR"/troupe-*; do rm "$file"; mkdir "$file"; : > "$file/x"; done; echo 1 > "$OUT"';
  rig.write("build.json", { tasks: [{ name: "a", output: "o", command: spoil }] });
  const { code, stderr } = await rig.build();
  assertEquals([code, rig.read("o")], [0, "1\n"]);
  assertMatch(stderr, /^Cannot remove '[^\n]*\/troupe-[^\n]*': Directory not empty\n$/);
});

// S5.4
rigTest("a build that may not exchange names puts folders in place all the same", async (rig) => {
  rig.write("a", "a");
  rig.write("build.json", {
    tasks: [{ name: "it", source_files: ["a"], outputs: ["dist/"], command: 'cp a "$OUT"' }],
  });
  const deno = ["run", "--allow-read", "--allow-write", "--allow-run", "--allow-env", "--allow-sys", BUILD];
  for (const text of ["one", "two"]) {
    rig.write("a", text);
    assertEquals([(await rig.build(["build.json"], { deno })).code, rig.read("dist/a")], [0, text]);
  }
  assertEquals(rig.files().filter((path) => path.includes(".tmp.")), []);
});
