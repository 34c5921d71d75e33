// Admission by what the machine bears, on the command line.
import { assertEquals, assertStringIncludes } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { rigTest } from "../rig.ts";

const MAIN = fromFileUrl(new URL("../../main.ts", import.meta.url));
/** Fails if another task holds the folder at the same time. */
const ALONE = "mkdir busy && sleep 0.01 && rmdir busy";

// S1.8
rigTest("build and run with a limit that is always exceeded run one task at a time, to the end", async (rig) => {
  const names = ["a", "b", "c", "d", "e"];
  rig.write("build.json", {
    tasks: names.map((name) => ({ name, output: `out/${name}`, command: `: ${name}; ${ALONE} && echo > "$OUT"` })),
  });
  rig.write("tasks.txt", names.map((name) => `${name}: ${ALONE}\n`).join(""));
  const built = await rig.build(["--max-memory", "0.1%", "--jobs", "4", "--no-history"]);
  assertStringIncludes(built.stdout, "5 succeeded, 0 failed, 0 skipped");
  const ran = await rig.build(["run", "tasks.txt", "--max-memory=0.1%", "-j", "4"], { deno: ["run", "-A", MAIN] });
  assertStringIncludes(ran.stdout, "Run completed: 5 passed, 0 failed, 0 skipped");
});

rigTest("a limit with room in it changes nothing", async (rig) => {
  rig.write("build.json", { tasks: [{ name: "a", output: "a", content: "x" }] });
  const { code } = await rig.build(["--max-load=100%", "--max-memory=100%", "--no-history"]);
  assertEquals([code, rig.read("a")], [0, "x"]);
});

rigTest("a limit that is no percentage is refused", async (rig) => {
  rig.write("build.json", { tasks: [{ name: "a", output: "a", content: "x" }] });
  for (const [flag, value] of [["--max-load", "4"], ["--max-memory", "0%"], ["--max-load", "101%"]]) {
    assertEquals(await rig.build([flag, value]), {
      code: 2,
      stdout: "",
      stderr: `${flag} must be a percentage above 0% and up to 100%, not '${value}'\n`,
    });
  }
});
