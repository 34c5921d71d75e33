// A crew works through a config that is expanded, and tags choose from it.
import { openDoors } from "../../asked.ts";
import { assertEquals } from "@std/assert";
import { rigTest } from "../../rig.ts";
import { executed } from "../said.ts";
import { crewReportOf, member } from "./members.ts";

// Two members at once
openDoors(2);

// S5.8, S5.10, S5.12, S5.13
rigTest("members of a crew do what came of templates and includes, each once, in order", async (rig) => {
  rig.write("build.json", {
    include: "packages/*/build.json",
    defaults: { env: { LEVEL: "1" } },
    tasks: [
      {
        name: "c:{stem}:{mode}",
        for_each: "src/*.c",
        matrix: { mode: ["a", "b"] },
        source_files: ["{path}"],
        output: "out/{stem}.{mode}",
        command: 'echo "{mode} $LEVEL" | cat {path} - > "$OUT"; echo {stem}.{mode} >> log',
        tags: ["{mode}"],
      },
      { name: "all", dependencies: ["c:*"], after: ["web:make"], output: "out/all" },
    ],
  });
  rig.write("packages/web/build.json", {
    tasks: [{ name: "make", output: "made", command: "pwd > $OUT; echo web >> ../../log" }],
  });
  for (const name of ["x", "y z"]) rig.write(`src/${name}.c`, `${name}\n`);
  const args = ["build.json", "--jobs=1", "--json"];
  const ends = await Promise.all(["m", "n"].map((id) => member(rig, ...args, `--id=${id}`)));
  assertEquals(ends.map(({ code }) => code), [0, 0], ends.map(({ stderr }) => stderr).join());
  assertEquals(ends.map((end) => crewReportOf(end).executed).reduce((sum, count) => sum + count), 6);
  assertEquals(rig.read("log").trimEnd().split("\n").sort(), ["web", "x.a", "x.b", "y z.a", "y z.b"]);
  assertEquals(rig.read("out/all"), "x\na 1\nx\nb 1\ny z\na 1\ny z\nb 1\n");
  // A file that comes makes a task for the crew, too.
  rig.write("src/w.c", "w\n");
  const later = await member(rig, "build.json", "--tag", "b");
  assertEquals([later.code, executed(later)], [0, ["c:w:b"]]);
});
