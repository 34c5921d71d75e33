import { assert, assertEquals } from "@std/assert";
import { randomFrom, rounds, seedFor } from "../random.ts";
import { filled, poll } from "./poller.ts";
import { assertDone, Project, said, type TaskSpec } from "./rig.ts";

const KILLS = rounds(50);

/** Forty tasks: twenty-eight copy a source, eight are commands, four pass on what a dependency made. */
const TASKS: readonly TaskSpec[] = Array.from({ length: 40 }, (_, i) => {
  const name = `t${i}`;
  const output = `out/${i % 7}/${name}.txt`;
  const dependencies = i < 8 ? [] : [`t${i - 8}`];
  if (i % 10 === 9) return { name, output, dependencies };
  const command = i % 5 === 0 ? { command: 'cat "$IN" > "$OUT"' } : {};
  return { name, output, dependencies, source_files: [`src/${name}.txt`], ...command };
});

/** Which source an artifact has the content of. */
function labelOf(index: number): number {
  return index % 10 === 9 ? labelOf(index - 8) : index;
}

function fill(project: Project, version: number): Map<string, string> {
  const expected = new Map<string, string>();
  for (const [i, { name, output, source_files }] of TASKS.entries()) {
    if (source_files !== undefined) project.write(`src/${name}.txt`, filled(name, version));
    expected.set(output, filled(`t${labelOf(i)}`, version));
  }
  return expected;
}

function assertAll(project: Project, expected: ReadonlyMap<string, string>, context: string): void {
  for (const [path, content] of expected) {
    assert(project.has(path), `'${path}' is missing\n${context}`);
    if (project.read(path) !== content) assertEquals(project.read(path).slice(0, 60), content.slice(0, 60), context);
  }
}

// S0.34, S0.37, S0.39
Deno.test("a build killed at random points, over and over: each rerun is right, and no reader ever sees half a file", async () => {
  const random = randomFrom(seedFor("kill"));
  using project = new Project(TASKS);
  assertAll(project, fill(project, 0), said(await project.build()));
  const { stop } = await poll(TASKS.map(({ output }) => project.path(output)));
  let killed = 0;
  for (let version = 1; version <= KILLS; version++) {
    const expected = fill(project, version);
    const running = project.start();
    // half by what it has said, half by the clock
    if (random.chance(0.5)) {
      const lines = random.below(2 * TASKS.length);
      running.onOutput = () => {
        if (running.stdout.split("\n").length > lines) running.kill("SIGKILL");
        running.onOutput = running.stdout.split("\n").length > lines ? undefined : running.onOutput;
      };
    } else {
      const timer = setTimeout(() => running.kill("SIGKILL"), 30 + random.below(250));
      running.ended.then(() => clearTimeout(timer));
    }
    const ended = await running.ended;
    assert(ended.code === 0 || ended.signal === "SIGKILL", said(ended));
    if (ended.signal === "SIGKILL") killed++;
    const rerun = await project.build();
    assertDone(rerun);
    assertAll(project, expected, said(rerun));
    assertEquals(project.temporaries(), []);
    JSON.parse(project.read(".build_cache.json"));
  }
  const { reads, partial } = await stop();
  assertEquals(partial, []);
  assert(killed > KILLS / 3 && reads > 20 * KILLS, `${killed} killed, ${reads} reads`);
});
