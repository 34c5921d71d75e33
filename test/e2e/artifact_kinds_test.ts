// What an artifact is beside its content, its mode and its kind; and what is noticed of changes that try not to show.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { copySync } from "@std/fs";
import { build, type BuildResult } from "../../mod.ts";
import { TempFolder } from "../actors/temp_folder.ts";
import { rigTest } from "../rig.ts";

type Tasks = readonly Record<string, unknown>[];

/** A project that is built in this process. */
class Project implements Disposable {
  readonly folder = new TempFolder();

  constructor(readonly tasks: Tasks) {
    this.write("build.json", JSON.stringify({ num_workers: 1, tasks }));
    this.folder.folder("src");
  }

  path(path: string): string {
    return this.folder.file(path);
  }

  write(path: string, text: string, mode = 0o644): void {
    Deno.writeTextFileSync(this.path(path), text);
    Deno.chmodSync(this.path(path), mode);
  }

  /** Why tasks ran, by name; those that failed say why. */
  async build(): Promise<Record<string, string>> {
    const { results } = await build(this.path("build.json"), { store: false });
    const told = (result: BuildResult) => result.error_message ?? (result.cache_hit ? undefined : result.reason);
    return Object.fromEntries(
      Object.values(results).flatMap((result) => told(result) === undefined ? [] : [[result.task_name, told(result)!]]),
    );
  }

  /** What all artifacts are: links with their text, files with mode and content. */
  artifacts(): Record<string, string> {
    return Object.fromEntries(this.tasks.map(({ output }) => [output, this.#kind(this.path(output as string))]));
  }

  #kind(path: string): string {
    const info = Deno.lstatSync(path);
    if (info.isSymlink) return `link to ${Deno.readLinkSync(path)}`;
    return info.isFile ? `${(info.mode! & 0o7777).toString(8)} ${Deno.readTextFileSync(path)}` : "odd";
  }

  [Symbol.dispose](): void {
    this.folder[Symbol.dispose]();
  }
}

// K8
Deno.test("links of equal work are each task's own, restored by nobody, and known again", async () => {
  const link = (name: string) => ({
    name,
    output: `${name}/link`,
    command: 'ln -s ../one "$OUT"',
    source_files: ["one"],
  });
  using project = new Project(["a", "b"].map(link));
  project.write("one", "one");
  for (const reason of ["new", undefined, "artifact edited: b/link"]) {
    const found = await project.build();
    assertEquals([found.a, found.b], [reason === "artifact edited: b/link" ? undefined : reason, reason]);
    assertEquals(project.artifacts(), { "a/link": "link to ../one", "b/link": "link to ../one" });
    if (reason === "new") continue;
    Deno.removeSync(project.path("b/link"));
    project.write("b/link", "one");
  }
});

// K9
Deno.test("a file that is copied keeps its mode, and an artifact's mode is part of it", async () => {
  const duplicate = { command: "cat $IN > $OUT; chmod 4755 $OUT", source_files: ["src/tool"] };
  using project = new Project([
    { name: "copy", output: "copy", source_files: ["src/tool"] },
    { name: "again", output: "again", dependencies: ["copy"] },
    { name: "both", output: "both", source_files: ["src/tool", "src/tool2"] },
    { name: "duplicate", output: "duplicate", ...duplicate },
    { name: "twin2", output: "twin2", ...duplicate },
  ]);
  project.write("src/tool", "#!", 0o755);
  project.write("src/tool2", "#!", 0o755);
  await project.build();
  const first = { copy: "755 #!", again: "755 #!", both: "644 #!#!", duplicate: "4755 #!", twin2: "4755 #!" };
  assertEquals(project.artifacts(), first);
  assertEquals(await project.build(), {});

  Deno.chmodSync(project.path("both"), 0o755);
  assertEquals(await project.build(), { both: "artifact edited: both" });
  assertEquals(project.artifacts(), first);

  Deno.chmodSync(project.path("src/tool"), 0o750);
  assertEquals(await project.build(), { copy: "mode changed", again: "mode changed" });
  assertEquals(project.artifacts(), { ...first, copy: "750 #!", again: "750 #!" });
});

/** Every way of making an artifact. */
const WAYS: Tasks = [
  { name: "copy", output: "o/copy", source_files: ["src/a"] },
  { name: "joined", output: "o/joined", source_files: ["src/a", "src/linked"] },
  { name: "command", output: "o/command", command: "cat $IN > $OUT", source_files: ["src/a", "src/linked"] },
  { name: "duplicate", output: "o/duplicate", command: "cat $IN > $OUT", source_files: ["src/a", "src/linked"] },
  { name: "inplace", output: "o/inplace", command: "cat $IN > o/inplace", source_files: ["src/a"] },
  { name: "cp", output: "o/cp", command: "cp $IN $OUT", source_files: ["src/a"] },
  { name: "link", output: "o/link", command: "ln -s copy $OUT", dependencies: ["copy"] },
  { name: "needs", output: "o/needs", command: "cat $DEPS > $OUT", dependencies: ["inplace", "link", "command"] },
];

/** Writes as many bytes as were there, and sets the time back. */
function editUnseen(path: string): void {
  const { atime, mtime, size } = Deno.statSync(path);
  Deno.writeTextFileSync(path, "EVIL".padEnd(size, "!").slice(0, size));
  Deno.utimeSync(path, atime!, mtime!);
}

function replaceByLink(path: string): void {
  Deno.renameSync(path, `${path}.moved`);
  Deno.symlinkSync(`${path}.moved`, path);
}

const CHANGES: Record<string, (path: string) => void> = {
  "edited, its time set back": editUnseen,
  "replaced by a link to the same bytes": replaceByLink,
  "made executable": (path) => Deno.chmodSync(path, 0o755),
  "touched": (path) => Deno.utimeSync(path, 1, 1),
};

const ARTIFACT_CHANGES: typeof CHANGES = {
  ...CHANGES,
  "removed": (path) => Deno.removeSync(path),
  "replaced by a FIFO": (path) => {
    Deno.removeSync(path);
    new Deno.Command("mkfifo", { args: [path] }).outputSync();
  },
};

function begun(): Project {
  const project = new Project(WAYS);
  project.write("src/a", "source a\n");
  project.write("src/target", "what is linked\n");
  Deno.symlinkSync("target", project.path("src/linked"));
  return project;
}

// K10
Deno.test("after any single change of a source, a build makes what a clean build makes", async () => {
  using project = begun();
  await project.build();
  for (const path of ["src/a", "src/target", "src/linked"]) {
    for (const [what, change] of Object.entries(CHANGES)) {
      change(project.path(path));
      await project.build();
      using clean = new Project(WAYS);
      copySync(project.path("src"), clean.path("src"), { overwrite: true });
      await clean.build();
      assertEquals(project.artifacts(), clean.artifacts(), `${path} ${what}`);
    }
  }
});

// K3, K10, K121
Deno.test("after any single change of an artifact, a build makes it anew, and writes through no link", async () => {
  using project = begun();
  await project.build();
  const good = project.artifacts();
  for (const path of ["o/copy", "o/command", "o/inplace", "o/link"]) {
    for (const [what, change] of Object.entries(ARTIFACT_CHANGES)) {
      change(project.path(path));
      await project.build();
      assertEquals(project.artifacts(), good, `${path} ${what}`);
    }
  }
  assertEquals(await project.build(), {});
});

// K3, K10, K121
Deno.test("what was put in an artifact's place is not written through when a source was edited as well", async () => {
  using project = begun();
  await project.build();
  const path = project.path("o/inplace");
  const changes: Record<string, () => void> = {
    "a link to the source": () => Deno.symlinkSync("../src/a", path),
    "a link to nothing": () => Deno.symlinkSync("../src/nothing", path),
    "a FIFO": () => void new Deno.Command("mkfifo", { args: [path] }).outputSync(),
  };
  for (const [what, change] of Object.entries(changes)) {
    Deno.removeSync(path);
    change();
    project.write("src/a", `edited for ${what}\n`);
    assertEquals((await project.build()).inplace, "source changed: src/a");
    assertEquals(project.artifacts()["o/inplace"], `644 edited for ${what}\n`);
  }
  assertEquals(Array.from(Deno.readDirSync(project.path("src")), ({ name }) => name).sort(), ["a", "linked", "target"]);
});

// K9, K10
Deno.test("what an artifact shares with a file by a hard link is not changed by troupe, nor written through", async () => {
  using project = new Project([
    { name: "hard", output: "o/hard", command: "ln -f $IN o/hard", source_files: ["src/a"] },
    { name: "kept", output: "o/kept", command: "test -e o/kept || echo kept > o/kept", source_files: ["src/c"] },
    { name: "inplace", output: "o/inplace", command: "cat $IN > o/inplace", source_files: ["src/c"] },
  ]);
  for (const name of ["a", "b", "c"]) project.write(`src/${name}`, `source ${name}\n`);
  await project.build();
  Deno.chmodSync(project.path("src/a"), 0o600);
  Deno.linkSync(project.path("o/kept"), project.path("backup"));
  Deno.chmodSync(project.path("backup"), 0o600);
  Deno.removeSync(project.path("o/inplace"));
  Deno.linkSync(project.path("src/b"), project.path("o/inplace"));
  await project.build();
  const mode = (path: string) => (Deno.statSync(project.path(path)).mode! & 0o777).toString(8);
  assertEquals(project.artifacts(), {
    "o/hard": "600 source a\n",
    "o/kept": "644 kept\n",
    "o/inplace": "644 source c\n",
  });
  assertEquals([mode("src/a"), mode("backup"), Deno.readTextFileSync(project.path("src/b"))], [
    "600",
    "600",
    "source b\n",
  ]);
  assertEquals(await project.build(), {});
});

// K121
rigTest("a build whose folder is moved says so, starts nothing more, and makes nothing where it was", async (rig) => {
  const held = rig.hold("held");
  rig.write("inner/build.json", {
    num_workers: 1,
    tasks: [
      { name: "held", output: "o/held", command: held.command, dependencies: ["a"] },
      { name: "a", output: "o/a", content: "a" },
      ...["b", "c"].map((name) => ({ name, output: `o/${name}`, content: name, dependencies: ["a"] })),
      { name: "last", output: "o/last", command: "echo > $OUT" },
    ],
  });
  const running = rig.start(["-j1", "--no-history", "inner/build.json"]);
  await held.started();
  Deno.renameSync(rig.path("inner"), rig.path("moved"));
  held.release();
  const { code, stdout, stderr } = await running.ended;
  assertEquals(code, 1);
  assertStringIncludes(
    stdout,
    `Cannot go on in '${rig.path("inner")}': it was moved or removed while the build went on`,
  );
  // One more may have been given to the worker before it was known.
  assert([...stdout.matchAll(/error: Cannot go on/g)].length <= 2, stdout);
  assertStringIncludes(stderr, "Cannot write build cache");
  assertEquals(rig.has("inner"), false);
  // Where it is now, it is built to its end.
  const again = rig.start(["--no-history", "moved/build.json"]);
  await held.started();
  held.release();
  assertEquals((await again.ended).code, 0);
  assertEquals(rig.files("moved/o").length, 5);
});

// K121
rigTest("a report replaces neither the config nor what tasks read or make", async (rig) => {
  rig.write("make.js", "export default () => 'made';");
  rig.write("src", "source");
  rig.write("build.json", {
    tasks: [
      { name: "a", output: "o/a", source_files: ["src"] },
      { name: "m", output: "o/m", module: "make.js" },
    ],
  });
  for (
    const [report, said] of [
      ["build.json", "The report 'build.json' would replace the build configuration"],
      ["./src", "The report './src' would replace a source of task 'a'"],
      ["make.js", "The report 'make.js' would replace the module of task 'm'"],
      ["o/a", "'o/a'"],
    ]
  ) {
    const { code, stderr } = await rig.build(["--report", report, "--no-history"]);
    assertEquals(code, 2, stderr);
    assertStringIncludes(stderr, said);
  }
  assertEquals([rig.read("src"), rig.has("o/a")], ["source", false]);
});

// S5.5, K8
Deno.test("a mode that was changed by hand goes with the next artifact that is written over it", async () => {
  const task = (name: string, command: string) => ({ name, output: `out/${name}`, source_files: ["src/a"], command });
  using project = new Project([
    task("over", "cat $IN > out/over"),
    task("kept", "cat $IN > out/kept; chmod 755 out/kept"),
  ]);
  project.folder.folder("out");
  project.write("src/a", "one\n");
  await project.build();
  const made = { "out/over": "644 one\n", "out/kept": "755 one\n" };
  assertEquals(project.artifacts(), made);
  project.write("src/a", "two\n");
  for (const path of Object.keys(made)) Deno.chmodSync(project.path(path), 0o711);
  assertEquals(Object.values(await project.build()), Array(2).fill("source changed: src/a"));
  assertEquals(project.artifacts(), { "out/over": "644 two\n", "out/kept": "755 two\n" });
});
