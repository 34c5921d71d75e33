// S5.10: a command's own folder. What it is told of files is right there, and it is part of what names the work.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { type Rig, rigTest } from "../rig.ts";

const SEEN = 'printf "%s|" "$IN" "$DEPS" "$PWD" > "$OUT"; pwd >> "$OUT"; cat $IN $DEPS > /dev/null';

function project(rig: Rig, fields: Record<string, unknown> = {}): void {
  rig.write("build.json", {
    tasks: [
      { name: "gen", source_files: ["top.txt"], output: "packages/gen.txt" },
      {
        name: "seen",
        dependencies: ["gen"],
        source_files: ["top.txt", "packages/web/own.txt", "packages/web/deep/own.txt", "packages/api/a.txt"],
        output: "out/seen",
        command: SEEN,
        cwd: "packages/web",
        ...fields,
      },
    ],
  });
  for (const path of ["top.txt", "packages/web/own.txt", "packages/web/deep/own.txt", "packages/api/a.txt"]) {
    rig.write(path, path);
  }
}

// S5.10
rigTest("IN, DEPS and OUT are right in a command's own folder", async (rig) => {
  project(rig);
  assertEquals((await rig.ask(["build"])).code, 0);
  const folder = rig.path("packages/web");
  const seen = (at: string) => `../../top.txt own.txt deep/own.txt ../api/a.txt|../gen.txt|${at}|${at}\n`;
  assertEquals(rig.read("out/seen"), seen(folder));
  assertStringIncludes((await rig.ask(["build"])).stdout, "Task 'seen' skipped: cache hit");
  // Another folder is other work, and back again the same as before.
  project(rig, { cwd: "packages/web/../api/" });
  const { stdout } = await rig.ask(["build", "--dry-run"]);
  assertStringIncludes(stdout, "Task 'seen' would run: cwd changed");
  assertEquals((await rig.ask(["build"])).code, 0);
  assertEquals(
    rig.read("out/seen"),
    `../../top.txt ../web/own.txt ../web/deep/own.txt a.txt|../gen.txt|${rig.path("packages/api")}|${
      rig.path("packages/api")
    }\n`,
  );
  // The config's own folder is no folder of its own.
  project(rig, { cwd: "./packages/.." });
  assertEquals((await rig.ask(["build"])).code, 0);
  assert(rig.read("out/seen").startsWith("top.txt packages/web/own.txt"));
});

// S5.10
rigTest("a program that takes no shell runs in its folder as well", async (rig) => {
  project(rig, { command: "cat own.txt > $OUT" });
  assertEquals((await rig.ask(["build"])).code, 0);
  assertEquals(rig.read("out/seen"), "packages/web/own.txt");
});

// S5.10
rigTest("a folder that is reached by a link within is seen from where it lies, one outside is refused", async (rig) => {
  project(rig, { cwd: "link" });
  rig.write("a/b/c/keep", "");
  Deno.symlinkSync("a/b/c", rig.path("link"));
  assertEquals((await rig.ask(["build"])).code, 0);
  assert(rig.read("out/seen").startsWith("../../../top.txt "));
  Deno.removeSync(rig.path("link"));
  const outside = Deno.makeTempDirSync({ dir: rig.tmp });
  Deno.symlinkSync(outside, rig.path("link"));
  const { code, stderr } = await rig.ask(["build"]);
  assertEquals(code, 2);
  assertStringIncludes(
    stderr,
    `Task 'seen' cannot run there: 'link' leads out of the config's folder, to '${outside}'\n  --> build.json:`,
  );
});

// S5.10
rigTest("a folder that a dependency makes is looked at when its turn comes", async (rig) => {
  const tasks = (command: string, dependencies: string[]) => ({
    tasks: [
      { name: "make", output: "out/made", command },
      { name: "use", dependencies, output: "out/used", command: "pwd > $OUT", cwd: "new" },
    ],
  });
  rig.write("build.json", tasks("true", []));
  const missing = await rig.ask(["build"]);
  assertEquals([missing.code, missing.stdout], [2, ""]);
  assertStringIncludes(missing.stderr, "Task 'use' runs in folder 'new', which does not exist\n  --> build.json:");
  rig.write("build.json", tasks("mkdir -p new; echo > $OUT", ["make"]));
  assertEquals((await rig.ask(["build"])).code, 0);
  assertEquals(rig.read("out/used"), `${rig.path("new")}\n`);
  rig.remove("new");
  rig.write("build.json", tasks("ln -s /tmp new; echo 2 > $OUT", ["make"]));
  const out = await rig.ask(["build"]);
  assertEquals(out.code, 1);
  assertStringIncludes(out.stdout, "error: Cannot start command: 'new' leads out of the config's folder, to '/tmp')");
});

// S5.10
rigTest("what no folder can be is told where it stands", async (rig) => {
  const task = (name: string, fields: Record<string, unknown>) => ({ name, output: `out/${name}`, ...fields });
  rig.write("build.json", {
    tasks: [
      task("up", { command: "true", cwd: "a/../.." }),
      task("root", { command: "true", cwd: "/tmp" }),
      task("none", { content: "", cwd: "a" }),
      task("word", { command: "true", workdir: "a" }),
    ],
  });
  const { code, stderr } = await rig.ask(["build"]);
  assertEquals(code, 2);
  for (
    const sentence of [
      "'cwd' of task 'up' must lie inside the config's folder\n  --> build.json:7:14",
      "'cwd' of task 'root' must be relative to the config's folder\n",
      "Task 'none' specifies 'cwd' but no 'command'\n",
      "^^^^^^^^^ did you mean 'cwd'?",
    ]
  ) assertStringIncludes(stderr, sentence);
});
