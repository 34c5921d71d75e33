// fixtures/pipeline: troupe in `deno task` pipelines, and the same by the library, as a reader would run it.
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { type Ended, type Rig, rigTest } from "../../rig.ts";

const ROOT = fromFileUrl(new URL("../../..", import.meta.url)).replace(/\/$/, "");
const FIXTURE = `${ROOT}/fixtures/pipeline`;

/** Copies the fixture to where troupe is not two folders up. */
function copyPipeline(rig: Rig): void {
  for (const path of ["build.json", "data/orders.csv", "data/returns.csv", "deno.json", "report.ts", "script.ts"]) {
    rig.write(path, Deno.readTextFileSync(`${FIXTURE}/${path}`).replaceAll("../..", ROOT));
  }
}

async function task(rig: Rig, name: string): Promise<Ended> {
  return await rig.start([], { deno: ["task", "--quiet", name] }).ended;
}

const MADE = "sales: made (new)\nreturns: made (new)\nbalance: made (new)\n3 completed, 0 failed, 0 skipped\n";
const UP_TO_DATE = MADE.replaceAll("made (new)", "up to date");

// S4.19
rigTest("fixtures/pipeline builds and reports by one task after another, and by a pipe", async (rig) => {
  copyPipeline(rig);
  const all = await task(rig, "all");
  assertEquals([all.code, all.stdout], [0, MADE], all.stderr);
  assertEquals(rig.read("build/balance.txt"), "Bauer 1730\nLindqvist 2500\nOkafor 3200\n");
  const piped = await task(rig, "piped");
  assertEquals([piped.code, piped.stdout, piped.stderr], [0, UP_TO_DATE, ""]);
});

// S4.19
rigTest("fixtures/pipeline does the same by a script", async (rig) => {
  copyPipeline(rig);
  const first = await task(rig, "script");
  assertEquals([first.code, first.stdout, first.stderr], [0, MADE, ""]);
  assertEquals((await task(rig, "piped")).stdout, UP_TO_DATE);
});

// S4.19
rigTest("fixtures/pipeline stops at a build that fails, and a pipe tells of it too", async (rig) => {
  copyPipeline(rig);
  rig.write("build.json", rig.read("build.json").replace("$DEPS | sort", "$DEPS missing | false"));
  const all = await task(rig, "all");
  assertEquals(all.code, 1);
  assertMatch(all.stdout, /^Worker \d: Failed task 'balance'.*exit code 1/);
  assertEquals(JSON.parse(rig.read("build/report.json")).failed, 1);
  for (const name of ["piped", "script"]) {
    const { code, stdout } = await task(rig, name);
    assertEquals(code, 1);
    assertStringIncludes(stdout, "balance: Command failed with exit code 1\n2 completed, 1 failed, 0 skipped\n");
  }
});
