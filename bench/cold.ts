/**
 * Owns the pieces that are measured alone, each in a process of its own: nothing is compiled or cached before.
 * It measures once and prints what it found as one line of JSON; how often, and what it means, is the caller's matter.
 *
 *     deno run -A bench/cold.ts PIECE ARGUMENTS…
 *
 * @module
 */
import { loadBuild } from "../actors/input/load.ts";
import { parseBuildConfig } from "../graph/input/build_config.ts";
import { parseDepfile } from "../graph/depfile.ts";
import type { Event } from "../graph/schedule/event.ts";
import { gateTaskOf } from "../graph/gates/gate_task.ts";
import { ParallelExecutionGates } from "../actors/library/gates.ts";
import { buildGraph, findCycles } from "../graph/graph.ts";
import { makePlan } from "../graph/schedule/plan.ts";
import { createSchedule, step } from "../graph/schedule/schedule.ts";

/** What one measured piece found. */
export interface Found {
  readonly ms: number;
  /** How many there were of what is counted: events, files. */
  readonly count?: number;
  /** Highest resident size of the process, in megabytes. */
  readonly megabytes?: number;
}

/** Workers in the world that `step` is played in. */
const WORKERS = 8;

/** The text of a config to checked tasks. */
async function parse(path: string): Promise<Found> {
  const text = Deno.readTextFileSync(path);
  const begun = performance.now();
  const { config } = await parseBuildConfig(text);
  const ms = performance.now() - begun;
  if (config === undefined) throw new Error("Bug: a config that cannot be read");
  return { ms, count: config.tasks.length };
}

/** Checked tasks to a graph known to have no cycle. */
async function graph(path: string): Promise<Found> {
  const { config } = await parseBuildConfig(Deno.readTextFileSync(path));
  const begun = performance.now();
  const { graph } = buildGraph(config!.tasks);
  const cycles = findCycles(graph);
  const ms = performance.now() - begun;
  if (cycles.length > 0) throw new Error("Bug: a config with a cycle");
  return { ms, count: graph.dependencies.length };
}

/** A config's path to a graph known to have no cycle: all that is between the start and the first look at a source. */
async function load(path: string): Promise<Found> {
  const begun = performance.now();
  const { graph } = await loadBuild(path);
  return { ms: performance.now() - begun, count: graph.dependencies.length, megabytes: highestResident() };
}

/** A whole run by the rules alone: every check says "run", and workers end their tasks in the order they got them. */
async function steps(path: string): Promise<Found> {
  const { config } = await parseBuildConfig(Deno.readTextFileSync(path));
  const { tasks } = config!;
  const plan = makePlan(tasks, buildGraph(tasks).graph, tasks.map(() => []));
  let count = 0;
  let completed = 0;
  const begun = performance.now();
  const schedule = createSchedule(plan, { workers: WORKERS });
  const events: Event[] = [{ kind: "begun" }];
  while (count < events.length) {
    for (const effect of step(schedule, events[count++])) {
      switch (effect.kind) {
        case "check":
          events.push({ kind: "checked", task: effect.task, verdict: { kind: "run", fingerprint: `${effect.task}` } });
          break;
        case "startWorkers":
          for (let worker = 1; worker <= WORKERS; worker++) events.push({ kind: "workerReady", worker });
          break;
        case "run":
          events.push({ kind: "completed", worker: effect.worker, task: effect.task });
          break;
        case "complete":
          completed++;
          break;
        default:
          break;
      }
    }
  }
  const ms = performance.now() - begun;
  if (completed !== plan.size) throw new Error(`Bug: ${completed} of ${plan.size} tasks completed`);
  return { ms, count };
}

/** All gates, asked about a whole config, and its batches. */
async function gates(path: string): Promise<Found> {
  const { tasks } = await loadBuild(path);
  // Every tenth task writes one of fifty logs, every hundredth any of them
  const written = (at: number) => at % 100 === 0 ? ["log/*.txt"] : at % 10 === 0 ? [`log/${at % 50}.txt`] : [];
  const declared = tasks.map((task, at) => gateTaskOf({ ...task, declared: { writes: written(at) } }));
  const begun = performance.now();
  const asked = new ParallelExecutionGates(declared);
  const conflicts = asked.ask().report.file_conflicts.length;
  const batches = asked.suggestExecutionBatches().length;
  const ms = performance.now() - begun;
  if (conflicts === 0 || batches * 5 < tasks.length) throw new Error("Bug: gates that let everything pass");
  return { ms, count: tasks.length, megabytes: highestResident() };
}

/** What a file system asks for a small file that is to outlast a power cut: nobody can make artifacts for less. */
function floor(folder: string, files: string): Found {
  const count = Number(files);
  Deno.mkdirSync(`${folder}/out`);
  const encoder = new TextEncoder();
  const begun = performance.now();
  for (let i = 0; i < count; i++) {
    const path = `${folder}/out/${i}.txt`;
    const file = Deno.openSync(`${path}.tmp`, { write: true, createNew: true });
    file.writeSync(encoder.encode(`This is artifact ${i}.\n`));
    file.syncSync();
    file.close();
    Deno.renameSync(`${path}.tmp`, path);
    const parent = Deno.openSync(`${folder}/out`);
    parent.syncSync();
    parent.close();
  }
  return { ms: performance.now() - begun, count };
}

/** Where the system does not tell the highest, the present one. */
function highestResident(): number {
  try {
    const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(Deno.readTextFileSync("/proc/self/status"))?.[1];
    if (kilobytes !== undefined) return Number(kilobytes) / 1024;
  } catch {
    // No /proc.
  }
  return Deno.memoryUsage().rss / 2 ** 20;
}

/** A dependency file's text to the names in it. */
function depfile(headers: string): Found {
  const named = Array.from({ length: Number(headers) }, (_, at) => `/usr/include/some/folder/header-${at}.h`);
  const text = `out/a.o: src/a.c \\\n  ${named.join(" \\\n  ")}\n`;
  const begun = performance.now();
  const parsed = parseDepfile(text);
  const ms = performance.now() - begun;
  if ("mistake" in parsed) throw new Error("Bug: a dependency file that cannot be read");
  return { ms, count: parsed.files.length };
}

const PIECES: Readonly<Record<string, (...args: string[]) => Found | Promise<Found>>> = {
  parse,
  graph,
  load,
  steps,
  gates,
  floor,
  depfile,
};

if (import.meta.main) {
  const [piece, ...args] = Deno.args;
  console.log(JSON.stringify(await PIECES[piece](...args)));
}
