/**
 * Owns the workloads of the task runner: what a trivial command costs beside other tools that run commands, and what a
 * command that prints a lot costs. It takes no time itself.
 *
 * @module
 */
import { contest, denoArgs, isInstalled, timeProgram } from "./contest.ts";
import type { Bench, Row, Workload } from "./workload.ts";

export const TASK_WORKLOADS: readonly Workload[] = [
  { name: "commands", run: commands },
  { name: "output", run: output },
];

const TASKS = 500;

/** Many commands that do nothing, as many at once as there are CPUs. */
async function commands(bench: Bench): Promise<Row[]> {
  const folder = bench.space.folder("commands");
  const names = Array.from({ length: TASKS }, (_, i) => `t${i}`);
  const write = (name: string, lines: readonly string[]) =>
    Deno.writeTextFileSync(`${folder}/${name}`, `${lines.join("\n")}\n`);
  write("tasks.txt", names.map((name) => `${name}: true`));
  write("Makefile", [
    `all: ${names.join(" ")}`,
    `.PHONY: all ${names.join(" ")}`,
    ...names.map((name) => `${name}:\n\t@true`),
  ]);
  write("build.ninja", ["rule r", "  command = true", ...names.map((name) => `build ${name}: r`)]);
  // The shell within Deno has a `true` of its own, which starts no process.
  const denoTasks = Object.fromEntries(names.map((name) => [name, "/bin/true"]));
  write("deno.json", [JSON.stringify({ tasks: { ...denoTasks, all: { dependencies: names } } })]);
  const jobs = `-j${bench.cpus}`;
  const programs: [name: string, program: string, args: string[], most: number][] = [
    ["troupe", Deno.execPath(), [...denoArgs("main.ts"), "run", "tasks.txt", jobs], 0],
    ["ninja", "ninja", [jobs], 1],
    ["make", "make", ["-s", jobs], 1],
    ["GNU parallel", "parallel", [jobs, "true", ":::", ...names], 1],
    ["deno task", Deno.execPath(), ["task", "all"], 0.8],
  ];
  const installed = programs.filter(([, program]) => isInstalled(program));
  const taken = await contest(
    installed.map(([name, program, args]) => ({ name, turn: () => timeProgram(program, args, folder) })),
    bench.turns,
  );
  return programs.slice(1).map(([name, , , most]): Row => ({
    workload: `${TASKS} commands that do nothing`,
    unit: "ms",
    troupe: taken.get("troupe")!,
    peer: { name, values: taken.get(name) },
    goal: { kind: "ratio", most },
  }));
}

/** One command that prints a gigabyte, for which troupe has 3⅓ s and 200 MB. */
async function output(bench: Bench): Promise<Row[]> {
  const folder = bench.space.folder("output");
  const print = "head -c 1000000000 /dev/zero";
  Deno.writeTextFileSync(
    `${folder}/tasks.txt`,
    `print: ${print}; :\npeak: grep VmHWM "/proc/$PPID/status" > peak [after:print]\n`,
  );
  const peaks: number[] = [];
  const taken = await contest([
    {
      name: "troupe",
      turn: () => timeProgram(Deno.execPath(), [...denoArgs("main.ts"), "run", "tasks.txt"], folder),
      check() {
        peaks.push(Number(/\d+/.exec(Deno.readTextFileSync(`${folder}/peak`))?.[0]) / 1024);
      },
    },
    { name: "cat", turn: () => timeProgram("/bin/sh", ["-c", `${print} | cat > /dev/null`]) },
  ], bench.turns);
  return [{
    workload: "1 GB printed by one command",
    unit: "ms",
    troupe: taken.get("troupe")!,
    peer: { name: "cat", values: taken.get("cat") },
    goal: { kind: "amount", most: 1000 / 0.3 },
  }, {
    workload: "highest resident size while 1 GB is printed",
    unit: "MB",
    troupe: peaks,
    goal: { kind: "amount", most: 200 },
  }];
}
