/**
 * Owns the workload of uneven tasks: how near a build comes to the least time that its graph and its workers allow, when it
 * knows from the build before how long the tasks take, and when it does not.
 *
 * The tasks sleep, so that only the order counts and not what the machine can do.
 *
 * @module
 */
import { buildGraph, longestRemainingPath } from "../graph/graph.ts";
import { denoArgs, timeProgram } from "./contest.ts";
import type { Bench, Row, Workload } from "./workload.ts";

export const MAKESPAN_WORKLOADS: readonly Workload[] = [{ name: "makespan", run: makespan }];

const GRAPHS = 10, TASKS = 40, WORKERS = 4;

/** Of a task, in milliseconds. */
const LEAST_MS = 60, MOST_MS = 900;

interface Uneven {
  readonly name: string;
  readonly dependencies: string[];
  readonly ms: number;
}

async function makespan(bench: Bench): Promise<Row[]> {
  const first: number[] = [], second: number[] = [], ninja: number[] = [], bounds: number[] = [];
  for (let seed = 1; seed <= GRAPHS; seed++) {
    const tasks = unevenTasks(seed), folder = writeProject(bench, tasks);
    bounds.push(leastMs(tasks));
    first.push(await build(folder));
    second.push(await build(folder));
    if (bench.peers.has("ninja")) ninja.push(await timeProgram("ninja", [`-j${WORKERS}`], folder));
  }
  const workload = `${GRAPHS} graphs of ${TASKS} uneven tasks, ${WORKERS} workers`;
  const peer = { name: "least possible", values: bounds };
  return [
    { workload: `${workload}: built again`, unit: "ms", troupe: second, peer, goal: { kind: "ratio", most: 1.05 } },
    { workload: `${workload}: the first build`, unit: "ms", troupe: first, peer },
    ...(ninja.length === 0 ? [] : [{ workload: `${workload}: ninja`, unit: "ms" as const, troupe: ninja, peer }]),
  ];
}

function build(folder: string): Promise<number> {
  const args = ["build", "build.json", "--quiet", "--force", "--no-store", "--no-history", `-j${WORKERS}`];
  return timeProgram(Deno.execPath(), [...denoArgs("main.ts"), ...args], folder);
}

/** Most tasks are short, few are long; those that come late are declared first as often as not. */
function unevenTasks(seed: number): Uneven[] {
  let state = seed * 7919;
  const random = () => (state = (state * 48271) % 2147483647) / 2147483647;
  const tasks = Array.from({ length: TASKS }, (_, at): Uneven => ({
    name: `t${at}`,
    dependencies: Array.from({ length: at }, (_, before) => `t${before}`).filter(() => random() < 1.2 / TASKS),
    ms: Math.round(LEAST_MS * (MOST_MS / LEAST_MS) ** random() ** 2),
  }));
  return tasks.map((task) => ({ task, at: random() })).sort((a, b) => a.at - b.at).map(({ task }) => task);
}

/** No order is done sooner: the longest path, or all work shared out evenly. */
function leastMs(tasks: readonly Uneven[]): number {
  const { graph } = buildGraph(tasks.map(({ name, dependencies }) => ({ name, dependencies })));
  const times = tasks.map(({ ms }) => ms);
  return Math.max(...longestRemainingPath(graph, times), times.reduce((sum, ms) => sum + ms) / WORKERS);
}

/** The same for troupe and for ninja. */
function writeProject(bench: Bench, tasks: readonly Uneven[]): string {
  const folder = bench.space.folder("makespan");
  const command = ({ name, ms }: Uneven, out: string) => `sleep ${ms / 1000}; echo ${name} > ${out}`;
  const config = tasks.map((task) => ({
    name: task.name,
    dependencies: task.dependencies,
    output_artifact: `out/${task.name}`,
    command: command(task, '"$OUT"'),
  }));
  Deno.writeTextFileSync(`${folder}/build.json`, JSON.stringify({ tasks: config }));
  const rules = tasks.map((task) => {
    const rule = `rule ${task.name}\n  command = ${command(task, "$out")}\n`;
    return `${rule}build nin/${task.name}: ${task.name} ${task.dependencies.map((name) => `nin/${name}`).join(" ")}\n`;
  });
  Deno.writeTextFileSync(`${folder}/build.ninja`, rules.join(""));
  return folder;
}
