// `troupe clean`: what builds have made and nobody has touched since goes, and nothing else.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { CleanReport } from "../../graph/report/clean_report.ts";
import { type Rig, rigTest } from "../rig.ts";

function writeConfig(rig: Rig, ...tasks: object[]): void {
  rig.write("build.json", { tasks });
}

const A = { name: "a", source_files: ["a.txt"], output: "out/a", command: "cat $IN > $OUT; echo log > out/a.log" };
const B = { name: "b", dependencies: ["a"], output: "out/deep/b" };
const LINK = { name: "link", after: ["a"], output: "out/link", command: "ln -s a $OUT" };

/** Three tasks that are built, one of which leaves something beside its artifact. */
async function built(rig: Rig): Promise<void> {
  rig.write("a.txt", "one\n");
  writeConfig(rig, A, B, LINK);
  const { code, stderr } = await rig.ask(["build"]);
  assertEquals([code, stderr], [0, ""]);
}

async function reportOf(rig: Rig, ...args: string[]): Promise<CleanReport> {
  const { code, stdout, stderr } = await rig.ask(["clean", "--json", "--quiet", ...args]);
  assertEquals([code, stderr], [0, ""]);
  return JSON.parse(stdout);
}

const paths = (some: readonly { readonly path: string }[]) => some.map(({ path }) => path);

// S6.16
rigTest("clean deletes what the tasks made, and leaves sources, folders, logs and the cache", async (rig) => {
  await built(rig);
  const before = rig.files();
  const dry = await rig.ask(["clean", "-n"]);
  assertEquals(dry, {
    code: 0,
    stdout: "Would delete out/a\nWould delete out/deep/b\nWould delete out/link\nWould delete 3 artifacts\n",
    stderr: "",
  });
  assertEquals(rig.files(), before);
  const { code, stdout } = await rig.ask(["clean"]);
  assertEquals([code, stdout], [0, "Deleted 3 artifacts\n"]);
  assertEquals(before.filter((path) => !rig.files().includes(path)), ["out/a", "out/deep/b", "out/link"]);
  assert(rig.has("out/deep"), "a folder is nobody's");
  assertEquals((await rig.ask(["clean"])).stdout, "Nothing to delete\n");
  assertEquals((await rig.ask(["build"])).code, 0);
  assertEquals(["out/a", "out/deep/b", "out/link"].map((path) => rig.has(path)), [true, true, true]);
});

// S6.16, S5.1
rigTest("clean empties folders that tasks have made, but for what others have put there", async (rig) => {
  rig.write("a.txt", "a\n");
  const command = 'mkdir "$OUT/in"; cp a.txt "$OUT/in"; cp a.txt "$OUT/b"; ln -s b "$OUT/link"';
  writeConfig(rig, { name: "dist", outputs: ["dist/"], command }, {
    name: "lib",
    outputs: ["lib/"],
    command,
  }, {
    name: "gen",
    outputs: ["gen/*.g", "one"],
    command: 'mkdir -p gen; cp a.txt gen/a.g; cp a.txt "$OUT"',
  });
  assertEquals((await rig.ask(["build"])).code, 0);
  rig.write("dist/stray", "stray\n");
  rig.write("dist/b", "edited\n");
  const { stdout } = await rig.ask(["clean", "--verbose"]);
  assertEquals(stdout.split("\n").slice(0, -2).sort(), [
    "Deleted dist/in/a.txt",
    "Deleted dist/link",
    "Deleted gen/a.g",
    "Deleted lib/b",
    "Deleted lib/in/a.txt",
    "Deleted lib/link",
    "Deleted one",
    "Kept dist/b: edited since it was made",
    "Kept dist/stray: not made by troupe",
  ]);
  assertEquals([rig.files("dist"), rig.has("dist/in"), rig.has("lib")], [["dist/b", "dist/stray"], false, false]);
});

// S6.16
rigTest("clean keeps what was edited, replaced, or made by somebody else, and says so", async (rig) => {
  await built(rig);
  writeConfig(rig, A, B, LINK, { name: "c", output: "out/c", content: "c" }, {
    name: "d",
    output: "out/d",
    content: "d",
  });
  rig.write("out/a", "mine\n"); // edited
  rig.write("out/c", "c"); // before any build
  Deno.renameSync(rig.path("out/link"), rig.path("elsewhere"));
  rig.write("out/link", "no link any more");
  Deno.mkdirSync(rig.path("out/d"));
  const before = rig.files();
  const { code, stdout, stderr } = await rig.ask(["clean", "--verbose"]);
  assertEquals([code, stderr], [0, ""]);
  assertEquals(stdout.split("\n"), [
    "Deleted out/deep/b",
    "Kept out/a: edited since it was made",
    "Kept out/link: edited since it was made",
    "Kept out/c: not made by troupe",
    "Kept out/d: not made by troupe",
    "Deleted 1 artifact, kept 4",
    "",
  ]);
  assertEquals(rig.files(), before.filter((path) => path !== "out/deep/b"));
});

// S6.16
rigTest("clean keeps an edit that left size, time and inode as they were", async (rig) => {
  await built(rig);
  const path = rig.path("out/a"), { mtime, atime } = Deno.statSync(path);
  const file = Deno.openSync(path, { write: true });
  file.writeSync(new TextEncoder().encode("two\n"));
  file.close();
  Deno.utimeSync(path, atime!, mtime!);
  const { deleted, kept } = await reportOf(rig);
  assertEquals([paths(deleted), paths(kept)], [["out/deep/b", "out/link"], ["out/a"]]);
  assertEquals(rig.read("out/a"), "two\n");
});

// S6.16
rigTest(
  "clean NAME deletes what that task made, and nothing of what it needs; --stale what no task makes",
  async (rig) => {
    await built(rig);
    assertEquals(paths((await reportOf(rig, "b")).deleted), ["out/deep/b"]);
    assertEquals(paths((await reportOf(rig, "l*", "--dry-run")).deleted), ["out/link"]);
    writeConfig(rig, { ...A, output: "out/moved" });
    assertEquals(await reportOf(rig, "--stale"), {
      file: "build.json",
      dry_run: false,
      deleted: [{ path: "out/a", task: null, size: 4 }, { path: "out/link", task: null, size: 0 }],
      kept: [],
      failed: [],
    });
    assertEquals([rig.has("out/a.log"), rig.has("out/link"), rig.has("a.txt")], [true, false, true]);
    assertEquals((await rig.ask(["build"])).code, 0);
    writeConfig(rig, A);
    const { stdout } = await rig.ask(["clean", "-v"]);
    assertEquals(stdout, "Deleted out/moved (of no task)\nDeleted 1 stale artifact\n");
  },
);

// S6.16
rigTest("clean spares an artifact that became a source, and that of another config", async (rig) => {
  await built(rig);
  rig.write("other.json", { tasks: [{ name: "other", output: "out/other", content: "other" }] });
  assertEquals((await rig.ask(["build", "other.json"])).code, 0);
  writeConfig(rig, { name: "reads", source_files: ["out/a"], output: "out/reads" });
  assertEquals(paths((await reportOf(rig)).deleted), ["out/deep/b", "out/link"]);
  assertEquals([rig.has("out/a"), rig.has("out/other")], [true, true]);
});

// S6.16
rigTest("what is wrong with a wish to clean is told, and nothing is deleted", async (rig) => {
  await built(rig);
  const both = await rig.ask(["clean", "--stale", "a"]);
  assertEquals([both.code, both.stderr], [2, "--stale is for artifacts of no task any more: leave out it or 'a'\n"]);
  const unknown = await rig.ask(["clean", "lnk"]);
  assertEquals(unknown.code, 2);
  assertStringIncludes(unknown.stderr, "did you mean 'link'?");
  assert(rig.has("out/a") && rig.has("out/link"));
});

// S6.16
rigTest("clean waits for a build that goes on", async (rig) => {
  const held = rig.hold("held");
  writeConfig(rig, { name: "held", output: "out/held", command: `(${held.command}); echo made > $OUT` });
  const build = rig.start(["build.json"]);
  await held.started();
  const clean = rig.start(["clean"], { deno: ["run", "-A", rig.program.replace(/build\.ts$/, "main.ts")] });
  await clean.says(/^Waiting for another build in this folder/m, "stderr");
  held.release();
  assertEquals((await build.ended).code, 0);
  const { code, stdout } = await clean.ended;
  assertEquals([code, stdout, rig.has("out/held")], [0, "Deleted 1 artifact\n", false]);
});

// S6.16
rigTest("clean waits for a crew, and lets itself be stopped meanwhile", async (rig) => {
  const held = rig.hold("held");
  writeConfig(rig, { name: "first", output: "out/first", content: "1" }, {
    name: "held",
    dependencies: ["first"],
    output: "out/held",
    command: `(${held.command}); echo made > $OUT`,
  });
  const main = ["run", "-A", rig.program.replace(/build\.ts$/, "main.ts")];
  const member = rig.start(["join"], { deno: main });
  await held.started();
  const clean = rig.start(["clean"], { deno: main });
  await clean.says(/^Waiting for another build in this folder/m, "stderr");
  clean.kill("SIGINT");
  const { code, stdout } = await clean.ended;
  assertEquals([code, stdout, rig.has("out/first")], [130, "", true]);
  held.release();
  assertEquals((await member.ended).code, 0);
  assertEquals(paths((await reportOf(rig)).deleted), ["out/first", "out/held"]);
});
