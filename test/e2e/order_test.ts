// What runs when, with commands that the test holds open: nothing here depends on how fast anything is.
import { assert, assertEquals } from "@std/assert";
import { type Held, type Rig, rigTest } from "../rig.ts";
import { executed } from "./said.ts";

/** Writes a config of held commands: task name → its dependencies. */
function held(rig: Rig, shape: Record<string, string[]>, config: Record<string, unknown> = {}): Record<string, Held> {
  const commands = Object.fromEntries(Object.keys(shape).map((name) => [name, rig.hold(name)]));
  const tasks = Object.entries(shape).map(([name, dependencies]) => ({
    name,
    dependencies,
    output_artifact: `out/${name}`,
    command: commands[name].command,
  }));
  rig.write("build.json", { ...config, tasks });
  return commands;
}

/** What has happened so far, as `start a`, `end a`. */
function happened(stdout: string): string[] {
  return [...stdout.matchAll(/^Worker \d+: (Started|Completed) task '(\w+)'/gm)]
    .map(([, what, name]) => `${what === "Started" ? "start" : "end"} ${name}`);
}

/** Which worker has which task now. */
function busy(stdout: string): Map<string, string> {
  const tasks = new Map<string, string>();
  for (const [, worker, what, name] of stdout.matchAll(/^Worker (\d+): (Started|Completed) task '(\w+)'/gm)) {
    if (what === "Started") tasks.set(worker, name);
    else tasks.delete(worker);
  }
  return tasks;
}

// S0.13, S0.15, S0.17
rigTest("build keeps all eight workers busy at once, and gives them the rest as they get free", async (rig) => {
  const names = Array.from({ length: 10 }, (_, i) => `t${i}`);
  const commands = held(rig, Object.fromEntries(names.map((name) => [name, []])));
  const running = rig.start();
  await Promise.all(names.slice(0, 8).map((name) => commands[name].started()));
  await running.says(/(Started[^]*){8}/);
  assertEquals([...busy(running.stdout).keys()].sort(), ["1", "2", "3", "4", "5", "6", "7", "8"]);
  assertEquals(commands.t8.starts + commands.t9.starts, 0);
  const [worker] = [...busy(running.stdout)].find(([, name]) => name === "t5")!;
  commands.t5.release();
  await commands.t8.started();
  await running.says(/Started task 't8'/);
  assertEquals(busy(running.stdout).get(worker), "t8");
  for (const name of names) if (name !== "t5") commands[name].release();
  assertEquals((await running.ended).code, 0);
  assertEquals(executed(await running.ended), names);
});

// S0.13, S0.16: eight workers, of which five have nothing to do
rigTest("build keeps three of eight workers busy with three tasks", async (rig) => {
  const commands = held(rig, { a: [], b: [], c: [] });
  const running = rig.start(["--json"]);
  await Promise.all(Object.values(commands).map((command) => command.started()));
  await running.says(/(Started[^]*){3}/, "stderr");
  assertEquals(busy(running.stderr).size, 3);
  for (const command of Object.values(commands)) command.release();
  const { stdout } = await running.ended;
  const { overall: _, ...workers } = JSON.parse(stdout).worker_utilization as Record<string, number>;
  assertEquals(Object.keys(workers), ["1", "2", "3", "4", "5", "6", "7", "8"]);
  assertEquals(Object.values(workers).filter((share) => share > 0).length, 3);
});

// S0.13
rigTest("build has as many workers as the config or --jobs says", async (rig) => {
  const shape = { a: [], b: [], c: [] };
  const commands = held(rig, shape, { num_workers: 1 });
  const one = rig.start();
  for (const name of ["a", "b", "c"]) {
    await commands[name].started();
    assertEquals(
      Object.values(commands).reduce((sum, { starts }) => sum + starts, 0),
      ["a", "b", "c"].indexOf(name) + 1,
    );
    commands[name].release();
  }
  assertEquals((await one.ended).code, 0);
  assertEquals(busy(one.stdout).size, 0);
  rig.remove(".build_cache.json"); // it knows how long the tasks took, and so what is urgent
  const two = rig.start(["--force", "--jobs", "2"]);
  await Promise.all([commands.a.started(), commands.b.started()]);
  assertEquals(commands.c.starts, 1);
  commands.b.release();
  await commands.c.started();
  commands.a.release();
  commands.c.release();
  assertEquals((await two.ended).code, 0);
});

// S0.20, S0.24
rigTest("build runs a chain strictly in order", async (rig) => {
  const commands = held(rig, { E: ["D"], D: ["C"], C: ["B"], B: ["A"], A: [] });
  const running = rig.start();
  for (const name of ["A", "B", "C", "D", "E"]) {
    await commands[name].started();
    await running.says(new RegExp(`Started task '${name}'`));
    assertEquals([...busy(running.stdout).values()], [name]);
    commands[name].release();
  }
  assertEquals((await running.ended).code, 0);
  assertEquals(
    happened(running.stdout),
    ["A", "B", "C", "D", "E"].flatMap((name) => [`start ${name}`, `end ${name}`]),
  );
});

// S0.11, S0.20, S0.25
rigTest("build runs a diamond: the top, both sides at once, and the foot once", async (rig) => {
  const commands = held(rig, { a: [], b: ["a"], c: ["a"], d: ["b", "c"] });
  const running = rig.start();
  await commands.a.started();
  commands.a.release();
  await Promise.all([commands.b.started(), commands.c.started()]);
  commands.c.release();
  await running.says(/Completed task 'c'/);
  assertEquals(commands.d.starts, 0);
  commands.b.release();
  await commands.d.started();
  commands.d.release();
  assertEquals((await running.ended).code, 0);
  assertEquals(commands.d.starts, 1);
  assertEquals(executed(running), ["a", "b", "c", "d"]);
});

// S0.12
rigTest("build runs independent trees side by side", async (rig) => {
  const commands = held(rig, { a1: [], a2: ["a1"], b1: [], b2: ["b1"] });
  const running = rig.start();
  await Promise.all([commands.a1.started(), commands.b1.started()]);
  commands.a1.release();
  await commands.a2.started();
  await running.says(/Started task 'a2'/);
  assertEquals([...busy(running.stdout).values()].sort(), ["a2", "b1"]);
  commands.a2.release();
  await running.says(/Completed task 'a2'/);
  assertEquals(commands.b2.starts, 0);
  commands.b1.release();
  await commands.b2.started();
  commands.b2.release();
  assertEquals((await running.ended).code, 0);
});

// S0.21, S0.23: nothing is released, ended or timed between the last dependency's end and the start of what needs it
rigTest("build starts a task as soon as the last of its dependencies ends, while others still run", async (rig) => {
  const commands = held(rig, { b: [], c: [], d: [], other: [], a: ["b", "c", "d"], also: ["d"] });
  const running = rig.start();
  await Promise.all(["b", "c", "d", "other"].map((name) => commands[name].started()));
  commands.b.release();
  await running.says(/Completed task 'b'/);
  commands.c.release();
  await running.says(/Completed task 'c'/);
  assertEquals(commands.a.starts + commands.also.starts, 0);
  commands.d.release();
  await Promise.all([commands.a.started(), commands.also.started()]);
  const order = happened(running.stdout);
  assert(!order.includes("end other"));
  for (const name of ["a", "also", "other"]) commands[name].release();
  assertEquals((await running.ended).code, 0);
  const after = happened(running.stdout);
  assertEquals(after.slice(after.indexOf("end d") + 1, after.indexOf("end d") + 3).sort(), ["start a", "start also"]);
});

// S0.14, S0.52: more tasks than workers, none lost and none twice
rigTest("build does each of 200 tasks once and has a result for each", async (rig) => {
  const tasks = Array.from({ length: 200 }, (_, i) => ({
    name: `t${i}`,
    output_artifact: `out/${i}`,
    dependencies: i < 20 ? [] : [`t${i - 20}`, `t${i % 20}`],
    command: `echo ${i} >> log; : > "$OUT"`,
  }));
  rig.write("build.json", { tasks });
  const { code, stdout } = await rig.build(["--json"]);
  assertEquals(code, 0);
  assertEquals(Object.keys(JSON.parse(stdout).results), tasks.map((task) => task.name));
  const done = rig.read("log").trimEnd().split("\n").map(Number).sort((a, b) => a - b);
  assertEquals(done, tasks.map((_, i) => i));
});
