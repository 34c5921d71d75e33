// Of a large project a build that did little writes little, and nothing of it is lost.
import { assertEquals } from "@std/assert";
import { rigTest } from "../rig.ts";
import { executed } from "./said.ts";

const CACHE = ".build_cache.json", JOURNAL = ".build_cache.jsonl";

// S7.5
rigTest(
  "an edit in a large project adds lines to the journal of its cache, which the next build folds in",
  async (rig) => {
    const padding = "x".repeat(20_000); // as many small tasks would come to
    const tasks = Array.from(
      { length: 30 },
      (_, i) => ({ name: `t${i}`, output: `out/${i}`, content: `${i} ${padding}` }),
    );
    const edited = { name: "edited", output: "out/edited", source_files: ["src"], command: "cat src > $OUT" };
    rig.write("src", "one");
    rig.write("build.json", { tasks: [...tasks, edited] });
    await rig.build();
    assertEquals(executed(await rig.build()), []);
    assertEquals(rig.has(JOURNAL), false, "who has nothing to do writes all of it");
    const whole = rig.read(CACHE);
    for (const text of ["two", "three"]) {
      rig.write("src", text);
      assertEquals(executed(await rig.build()), ["edited"]);
      assertEquals([rig.read("out/edited"), rig.has(JOURNAL)], [text, true]);
    }
    assertEquals(rig.read(CACHE) === whole, true);
    assertEquals(executed(await rig.build()), []);
    assertEquals([rig.has(JOURNAL), rig.read(CACHE) === whole], [false, false]);
    assertEquals(executed(await rig.build()), []);
    rig.write("src", "one");
    assertEquals(executed(await rig.build()), [], "what was made before comes back");
    assertEquals(rig.read("out/edited"), "one");
  },
);

// S7.5, S0.49
rigTest("where the journal of a large cache cannot be written, the cache is written as a whole", async (rig) => {
  const padding = { name: "padding", output: "out/padding", content: "x".repeat(600_000) };
  const edited = { name: "edited", output: "out/edited", source_files: ["src"], command: "cat src > $OUT" };
  rig.write("src", "one");
  rig.write("build.json", { tasks: [padding, edited] });
  await rig.build();
  rig.write(`${JOURNAL}/in/the/way`, "");
  rig.write("src", "two");
  const { code, stderr } = await rig.build();
  assertEquals([code, stderr, rig.read("out/edited")], [0, "", "two"]);
  assertEquals(executed(await rig.build()), []);
  assertEquals(rig.has(`${JOURNAL}/in/the/way`), true);
});
