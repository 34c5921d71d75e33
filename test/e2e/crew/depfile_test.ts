// A crew, and what commands tell that they have read.
import { assertEquals, assertMatch } from "@std/assert";
import { query } from "../../actors/storage/raw_database.ts";
import { type Rig, rigTest } from "../../rig.ts";
import { executed } from "../said.ts";
import { troupe } from "./crew.ts";
import { memberAtWork, startMember, trails } from "./members.ts";

/** Two tasks whose sources use a header each, and one that needs both. */
function writeProject(rig: Rig, more = ""): void {
  const unit = (name: string) => ({
    name,
    source_files: [`${name}.txt`],
    output: `out/${name}`,
    command: `cat ${name}.txt $(cat ${name}.txt) > "$OUT" && echo x: $(cat ${name}.txt) > "$DEPFILE"${more}`,
    depfile: "$DEPFILE",
  });
  for (const name of ["a", "b"]) {
    rig.write(`${name}.txt`, `inc/${name}\n`);
    rig.write(`inc/${name}`, "1\n");
  }
  rig.write("build.json", {
    tasks: [unit("a"), unit("b"), { name: "all", dependencies: ["a", "b"], output: "out/all" }],
  });
}

// S5.7
rigTest("who joins after a header was edited does again what has read it, and a build finds all of it", async (rig) => {
  writeProject(rig);
  assertEquals((await troupe(rig, "join", "build.json")).code, 0);
  assertEquals(executed(await troupe(rig, "join", "build.json")), []);
  rig.write("inc/a", "2\n");
  assertEquals(executed(await troupe(rig, "join", "build.json")), ["a", "all"]);
  assertEquals(rig.read("out/all"), "inc/a\n2\ninc/b\n1\n");
  assertEquals(executed(await troupe(rig, "build", "build.json")), []);
  rig.write("inc/b", "2\n");
  assertEquals(executed(await troupe(rig, "build", "build.json")), ["all", "b"]);
  assertEquals(executed(await troupe(rig, "join", "build.json")), []);
  assertEquals(rig.files("out"), ["out/a", "out/all", "out/b"]);
});

// S5.7
rigTest("a result in the database that was damaged is as good as none", async (rig) => {
  writeProject(rig);
  await troupe(rig, "join", "build.json");
  for (const discovery of [null, {}, { declared: "x", files: ["inc/a"], digests: [] }, { declared: 1, files: 1 }]) {
    const [{ result }] = query<{ result: string }>(
      rig.path("crew.sqlite"),
      "select result from tasks where name = 'a'",
    );
    const [trace, entry] = JSON.parse(result);
    const damaged = JSON.stringify([[...trace.slice(0, 7), { discovery }], entry]);
    query(rig.path("crew.sqlite"), `update tasks set result = '${damaged.replaceAll("'", "''")}' where name = 'a'`);
    const { code, stdout } = await troupe(rig, "join", "build.json");
    assertEquals(code, 0);
    assertMatch(stdout, /task 'a'/i);
  }
});

// S5.7
rigTest("a member that joins while others are at work has done again what an edit has overtaken", async (rig) => {
  const gate = rig.hold("b");
  writeProject(rig);
  const config = JSON.parse(rig.read("build.json"));
  config.tasks[1].command += ` && (OUT=/dev/null; ${gate.command})`;
  rig.write("build.json", config);
  const first = memberAtWork(rig, ["build.json", "-j1", "--id=first"]);
  await gate.started(); // and so a is done
  rig.write("inc/a", "2\n");
  const second = startMember(rig, ["build.json", "-j1", "--id=second"]);
  await second.says(/Completed task 'a'/);
  gate.release();
  assertEquals([(await first.ended).code, (await second.ended).code], [0, 0]);
  assertEquals(rig.read("out/all"), "inc/a\n2\ninc/b\n1\n");
  assertMatch(trails(rig).a, /completed .*completed$/);
});
