// `troupe watch` follows what commands have told that they read.
import { assertEquals, assertMatch } from "@std/assert";
import { type Rig, rigTest } from "../rig.ts";
import { started, Watch } from "./watching.ts";

/** A task whose source uses a header, in the folder or outside, and one that has nothing to do with it. */
function writeProject(rig: Rig, { header = "inc/head", more = "" } = {}): void {
  const command = `cat src.txt $(cat src.txt) > "$OUT" && echo x: $(cat src.txt) > $DEPFILE${more}`;
  rig.write("src.txt", `${header}\n`);
  rig.write("other.txt", "other\n");
  rig.write("build.json", {
    tasks: [
      { name: "unit", source_files: ["src.txt"], output_artifact: "out/unit", command, depfile: "$DEPFILE" },
      { name: "other", source_files: ["other.txt"], output_artifact: "out/other", command: 'cat $IN > "$OUT"' },
    ],
  });
}

// S5.7, S6.14
rigTest("watch builds again when a header is edited, goes or comes, and follows those that are new", async (rig) => {
  rig.write("inc/head", "1\n");
  rig.write("inc/next", "next 1\n");
  writeProject(rig);
  const watch = new Watch(rig);
  assertEquals(started(await watch.rests()).sort(), ["other", "unit"]);
  rig.write("inc/head", "2\n");
  const said = await watch.rests();
  assertMatch(said, /^inc\/head changed\n/);
  assertEquals([started(said), rig.read("out/unit")], [["unit"], "inc/head\n2\n"]);
  rig.write("src.txt", "inc/next\n");
  assertEquals(started(await watch.rests()), ["unit"]);
  rig.write("inc/next", "next 2\n");
  assertEquals([started(await watch.rests()), rig.read("out/unit")], [["unit"], "inc/next\nnext 2\n"]);
  rig.remove("inc/next");
  const gone = await watch.rests();
  assertEquals(started(gone), ["unit"]);
  assertMatch(gone, /1 failed/);
  rig.write("inc/next", "next 3\n");
  assertEquals([started(await watch.rests()), rig.read("out/unit")], [["unit"], "inc/next\nnext 3\n"]);
  assertEquals([await watch.end(), watch.builds], [130, 6]); // none that was for nothing
});

// S5.7, S6.14
rigTest("watch follows headers that an earlier build has discovered, outside of the folder too", async (rig) => {
  const outside = Deno.makeTempDirSync({ prefix: "troupe-outside-" });
  try {
    Deno.writeTextFileSync(`${outside}/head`, "1\n");
    writeProject(rig, { header: `${outside}/head` });
    assertEquals((await rig.ask(["build"])).code, 0);
    const watch = new Watch(rig);
    assertEquals(started(await watch.rests()), []);
    Deno.writeTextFileSync(`${outside}/head`, "2\n");
    assertEquals(started(await watch.rests()), ["unit"]);
    assertEquals(await watch.end(), 130);
  } finally {
    Deno.removeSync(outside, { recursive: true });
  }
});

// S5.7, S6.14
rigTest("a header that is edited while its task runs has the task begin anew", async (rig) => {
  const gate = rig.hold("unit");
  rig.write("inc/head", "1\n");
  writeProject(rig, { more: ` && (OUT=/dev/null; ${gate.command})` });
  const watch = new Watch(rig);
  await gate.started();
  gate.release();
  await watch.rests();
  rig.write("inc/head", "2\n");
  await gate.started();
  rig.write("inc/head", "3\n");
  await gate.started(); // it was ended, and has been started again
  gate.release();
  await watch.rests();
  assertEquals(rig.read("out/unit"), "inc/head\n3\n");
  assertEquals(await watch.end(), 130);
});

// S5.7, S6.14
rigTest("a header that is edited while its task runs for the first time makes another build", async (rig) => {
  const gate = rig.hold("unit");
  rig.write("inc/head", "1\n");
  writeProject(rig, { more: ` && (OUT=/dev/null; ${gate.command})` });
  const watch = new Watch(rig);
  await gate.started();
  rig.write("inc/head", "2\n"); // nobody knows yet that it is one
  gate.release();
  await gate.started();
  gate.release();
  await watch.rests();
  assertEquals(rig.read("out/unit"), "inc/head\n2\n");
  assertEquals(await watch.end(), 130);
});
