// Many builds and many lines at once.
import { assert, assertEquals } from "@std/assert";
import { rigTest } from "../rig.ts";

// S0.42, S0.43, S0.44, S0.49: each build adds to what the others have entered
rigTest("eight builds of one config at once lose nothing of each other in the cache", async (rig) => {
  const tasks = Array.from({ length: 8 }, (_, i) => ({
    name: `t${i}`,
    output_artifact: `out/t${i}`,
    command: `echo ${i} >> log; echo ${i} > "$OUT"`,
  }));
  rig.write("build.json", { num_workers: 1, tasks });
  const builds = tasks.map(({ name }) => rig.start(["--task", name, "--quiet"]));
  let over = false;
  const all = Promise.all(builds.map((build) => build.ended)).finally(() => over = true);
  let reads = 0;
  while (!over) {
    if (rig.has(".build_cache.json")) {
      JSON.parse(rig.read(".build_cache.json")); // whole at any time
      reads++;
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  assertEquals((await all).map(({ code }) => code), new Array(8).fill(0));
  assert(reads > 0);
  const { entries, traces } = JSON.parse(rig.read(".build_cache.json"));
  assertEquals([Object.keys(entries).length, Object.keys(traces).sort()], [8, tasks.map(({ name }) => name)]);
  assertEquals((await rig.build()).stdout.match(/skipped: cache hit/g)?.length, 8);
  assertEquals(rig.read("log").length, 16);
});

// S0.50: one may not overwrite with less what the other has just entered
rigTest("two builds of one config at once do each task once between them", async (rig) => {
  const tasks = Array.from({ length: 30 }, (_, i) => ({
    name: `t${i}`,
    output_artifact: `out/t${i}`,
    dependencies: i < 5 ? [] : [`t${i - 5}`],
    command: `echo ${i} >> log; echo ${i} > "$OUT"`,
  }));
  rig.write("build.json", { tasks });
  const ended = await Promise.all([rig.start().ended, rig.start().ended]);
  assertEquals(ended.map(({ code }) => code), [0, 0]);
  assertEquals(rig.read("log").trim().split("\n").length, 30);
});

// S0.1: how long it takes is shown in bench/
rigTest("a config of 200 tasks and 500 KB is built like any other", async (rig) => {
  const tasks = Array.from({ length: 200 }, (_, i) => ({
    name: `t${i}`,
    output_artifact: `out/${i}`,
    content: `${i} `.repeat(2400 / `${i} `.length),
  }));
  rig.write("build.json", { tasks });
  const { size } = Deno.statSync(rig.path("build.json"));
  assert(size > 480_000 && size < 520_000, `${size}`);
  assertEquals((await rig.build(["--quiet"])).code, 0);
  for (const { output_artifact, content } of tasks) assertEquals(rig.read(output_artifact), content);
});

// S0.63
rigTest("10 000 lines of eight workers, and what their commands print, do not interleave", async (rig) => {
  const tasks = Array.from({ length: 3000 }, (_, i) => ({
    name: `t${i}`,
    output_artifact: `out/${i % 50}/${i}`,
    dependencies: i < 40 ? [] : [`t${i - 40}`],
    ...(i % 100 === 0 ? { command: `yes 'printed by ${i}' | head -200; echo > "$OUT"` } : { content: `${i}` }),
  }));
  rig.write("build.json", { tasks });
  const { code, stdout, stderr } = await rig.build(["--verbose"]);
  assertEquals([code, stderr], [0, ""]);
  const progress =
    /^Progress: \d+\/3000 tasks completed, \d running, \d+ pending( \(t\d+ \d+s(, t\d+ \d+s(, \+\d)?)?\))?$/;
  const patterns =
    /^(Worker [1-8]: (Started task 't\d+' \(dependencies: (none|t\d+)\)|Completed task 't\d+' in \d+\.\d\ds \(artifact: out\/\d+\/\d+\))|Task 't\d+' must run: new|printed by \d+)$/;
  const lines = stdout.trimEnd().split("\n").filter((line) => !progress.test(line));
  assert(/^Build completed in \d+\.\d\ds: 3000 succeeded, 0 failed, 0 skipped$/.test(lines.pop()!));
  assertEquals(lines.filter((line) => !patterns.test(line)), []);
  assertEquals(lines.length, 3 * 3000 + 30 * 200);
  // What a command printed stands in one piece under its task's line.
  for (let i = 0; i < lines.length; i++) {
    const printed = /^printed by (\d+)$/.exec(lines[i]);
    if (printed === null) continue;
    assert(lines[i - 1].includes(`Completed task 't${printed[1]}' `), lines[i - 1]);
    assertEquals(new Set(lines.slice(i, i + 200)).size, 1);
    i += 199;
  }
});
