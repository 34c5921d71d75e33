// K74: a workflow remembers whose it is. Names of tasks are not unlike those of other projects.
import { assertEquals, assertRejects } from "@std/assert";
import { CrewError } from "../../../actors/crew/store/crew_error.ts";
import { join } from "../../../mod.ts";
import { query, RawDatabase } from "../../actors/storage/raw_database.ts";
import { rigTest } from "../../rig.ts";
import { troupe } from "./crew.ts";
import { member, memberExecutes } from "./members.ts";

const refusal = (is: string, not: string) =>
  `Workflow 'main' in database 'crew.sqlite' is of '${is}', not of '${not}': ` +
  `name another --workflow or --db, or --project '${is}' if it is the same\n`;

rigTest("another project with tasks of equal names is refused, and has ways out", async (rig) => {
  for (const name of ["a", "b"]) {
    rig.write(`${name}/build.json`, { tasks: [{ name: "it", output: "it", content: name }] });
    rig.write(`${name}/tasks.txt`, "it: true\n");
  }
  assertEquals(await memberExecutes(rig, "a/build.json"), ["it"]);
  for (const file of ["b/build.json", "b/tasks.txt", "a/tasks.txt"]) {
    const { code, stdout, stderr } = await member(rig, file);
    assertEquals([code, stdout, stderr], [2, "", refusal("a/build.json", file)]);
  }
  assertEquals(rig.has("b/it"), false);
  const crew = await troupe(rig, "crew", "2", "b/build.json");
  assertEquals([crew.code, crew.stderr, rig.has("b/it")], [2, refusal("a/build.json", "b/build.json"), false]);
  const error = await assertRejects(() => join(rig.path("b/build.json"), { db: rig.path("crew.sqlite") }), CrewError);
  assertEquals(error.kind, "project");

  assertEquals(await memberExecutes(rig, "b/build.json", "--workflow=b"), ["it"]);
  assertEquals(await memberExecutes(rig, "b/build.json", "--db=b/crew.sqlite"), []);
  assertEquals([rig.read("a/it"), rig.read("b/it")], ["a", "b"]);
  Deno.renameSync(rig.path("a"), rig.path("moved"));
  assertEquals((await member(rig, "moved/build.json")).stderr, refusal("a/build.json", "moved/build.json"));
  assertEquals(await memberExecutes(rig, "moved/build.json", "--project=a/build.json"), []);
});

rigTest(
  "a project is the same by whatever way it is reached, and wherever it is moved with its database",
  async (rig) => {
    rig.write("a/build.json", { tasks: [{ name: "it", output: "it", content: "it" }] });
    rig.write("elsewhere/file", "");
    Deno.symlinkSync("../a/build.json", rig.path("elsewhere/build.json"));
    Deno.symlinkSync("a", rig.path("link"));
    const ways = [["a/build.json"], [rig.path("a/build.json")], ["link/build.json", "--db=link/../a/../crew.sqlite"]];
    for (const args of ways) assertEquals((await member(rig, ...args)).code, 0, args.join(" "));
    const projects = () => query<{ project: string }>(rig.path("crew.sqlite"), "select project from workflows");
    assertEquals(projects().map(({ project }) => project), ["a/build.json"]);
    for (const name of ["a", "crew.sqlite"]) Deno.renameSync(rig.path(name), rig.path(`elsewhere/${name}`));
    const moved = await member(rig, "elsewhere/a/build.json", "--db=elsewhere/crew.sqlite");
    assertEquals([moved.code, moved.stderr], [0, ""]);
  },
);

rigTest("a project that troupe did not write is told of as damage", async (rig) => {
  rig.write("build.json", { tasks: [{ name: "it", output: "it", content: "it" }] });
  assertEquals((await member(rig, "build.json")).code, 0);
  for (const value of ["x'00ff'", "x''"]) {
    {
      using database = new RawDatabase(rig.path("crew.sqlite"));
      database.exec(`update workflows set project = ${value}`);
    }
    const { code, stdout, stderr } = await member(rig, "build.json");
    const sentence = "Database 'crew.sqlite' is damaged: workflows.project holds what troupe does not write\n";
    assertEquals([code, stdout, stderr], [2, "", sentence]);
  }
});
