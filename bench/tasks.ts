/**
 * Owns the workloads of the task runner: what the history costs, what a trivial command costs beside other tools that run
 * commands, and what a command that prints a lot costs.
 * It takes no time itself, but for the history, which is measured in a process of its own:
 *
 *     deno run -A bench/tasks.ts DATABASE|none TASKS
 *
 * @module
 */
import process from "node:process";
import { History } from "../actors/history.ts";
import { RunRecorder } from "../actors/run_recorder.ts";
import { contest, denoArgs, timeProgram } from "./contest.ts";
import { type Bench, each, type Row, type Workload } from "./workload.ts";

export const TASK_WORKLOADS: readonly Workload[] = [
  { name: "history", run: history },
  { name: "commands", run: commands },
  { name: "output", run: output },
];

const TASKS = 500;

/** What `troupe run` costs with its history, less what it costs without. */
async function history(bench: Bench): Promise<Row[]> {
  const taken = await contest([
    { name: "with", turn: () => measureRecording(`${bench.space.folder("history")}/taskrun.db`) },
    { name: "without", turn: () => measureRecording("none") },
  ], bench.turns);
  const without = taken.get("without")!;
  const cost = taken.get("with")!.map((ms, turn) => ms - without[turn]);
  return [{
    workload: `processor time for the history of one task, of ${TASKS}`,
    unit: "ms",
    troupe: each(cost, TASKS),
    goal: { kind: "amount", most: 0.06 },
  }];
}

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
    ["ninja", "ninja", [jobs], 1.5],
    ["make", "make", ["-s", jobs], 1.5],
    ["GNU parallel", "parallel", [jobs, "true", ":::", ...names], 1],
    ["deno task", Deno.execPath(), ["task", "all"], 1],
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

function isInstalled(program: string): boolean {
  try {
    return new Deno.Command(program, { args: ["--version"], stdout: "null", stderr: "null" }).outputSync().success;
  } catch {
    return false;
  }
}

async function measureRecording(database: string): Promise<number> {
  const args = [...denoArgs("bench/tasks.ts"), database, `${TASKS}`];
  const { stdout } = await new Deno.Command(Deno.execPath(), { args, stderr: "inherit" }).output();
  return JSON.parse(new TextDecoder().decode(stdout));
}

/** Notes tasks that start and end one after the other; answers with the milliseconds of processor time. */
async function record(database: string, count: number): Promise<number> {
  const tasks = Array.from({ length: count }, (_, i) => ({
    name: `t${i}`,
    command: "true",
    dependencies: [],
    retries: 0,
    env: {},
  }));
  const fail = (sentence: string) => {
    throw new Error(sentence);
  };
  const history = database === "none" ? undefined : await History.open(database, fail);
  const recorder = new RunRecorder({ kind: "run", source: "/tasks.txt", folder: "/", tasks });
  const begun = process.cpuUsage();
  if (history === undefined) recorder.detach();
  else await recorder.attach(history);
  for (let task = 0; task < count; task++) {
    recorder.note({ kind: "started", task, worker: 1 }, false);
    await new Promise((resolve) => setTimeout(resolve, 0)); // so that rows are written as in a run
    recorder.note({ kind: "executed", task, worker: 1, durationMs: 1 }, false);
  }
  await recorder.finish(undefined);
  const { user, system } = process.cpuUsage(begun);
  history?.close();
  return (user + system) / 1000;
}

if (import.meta.main) console.log(await record(Deno.args[0], Number(Deno.args[1])));
