/**
 * Owns the workloads of the library: what scheduling functions costs, and what running them at the same time gains. Each
 * turn is a process of its own, as a program that uses the library would be:
 *
 *     deno run -A bench/library.ts PIECE
 *
 * @module
 */
import { DependencyAwareScheduler, moduleExecutor, type SchedulerOptions, type TaskExecutor } from "../mod.ts";
import { countPrimes } from "./compute.ts";
import { contest, denoArgs } from "./contest.ts";
import { type Bench, each, type Row, type Workload } from "./workload.ts";

export const LIBRARY_WORKLOADS: readonly Workload[] = [
  { name: "library", run: library },
];

const MANY = 10_000;
const WAVES = 100;

const COMPUTE = moduleExecutor(new URL("./compute.ts", import.meta.url), { export: "countPrimes" });

/** Name of a piece → what it measures, in milliseconds. */
const PIECES: Readonly<Record<string, () => Promise<number>>> = {
  /** Fewer than a hundred functions that do nothing, the first that the process ever schedules. */
  first: () => timed(functions(99, () => undefined)),
  async warm() {
    for (let turn = 0; turn < 20; turn++) await functions(99, () => undefined).execute();
    return await timed(functions(99, () => undefined));
  },
  many: () => timed(functions(MANY, () => undefined)),
  asyncMany: () => timed(functions(MANY, async () => await null)),
  waves: () => timed(layers()),
  sleeping: () => timed(functions(8, sleep)),
  sleepingInTurn: () => timed(functions(8, sleep, { maxConcurrent: 1 })),
  computing: () => timed(functions(4, COMPUTE, { maxConcurrent: navigator.hardwareConcurrency })),
  computingInTurn: () => timed(functions(4, countPrimes)),
};

/** Builds the rows from turns of all pieces. */
async function library({ turns }: Bench): Promise<Row[]> {
  const taken = await contest(Object.keys(PIECES).map((name) => ({ name, turn: () => measurePiece(name) })), turns);
  return [
    {
      workload: "scheduling 99 functions that do nothing, first in its process",
      unit: "ms",
      troupe: taken.get("first")!,
      goal: { kind: "amount", most: 2, bound: 50 },
    },
    {
      workload: "the same once the code is warm",
      unit: "ms",
      troupe: taken.get("warm")!,
      goal: { kind: "amount", most: 2, bound: 50 },
    },
    {
      workload: `handing over from one of ${WAVES} waves to the next, with a barrier`,
      unit: "ms",
      troupe: each(taken.get("waves")!, WAVES - 1),
      goal: { kind: "amount", most: 1, bound: 20 },
    },
    {
      workload: `one of ${MANY} functions that do nothing`,
      unit: "ms",
      troupe: each(taken.get("many")!, MANY),
      goal: { kind: "amount", most: 0.02 },
    },
    {
      workload: `one of ${MANY} async functions that do nothing`,
      unit: "ms",
      troupe: each(taken.get("asyncMany")!, MANY),
      goal: { kind: "amount", most: 0.02 },
    },
    {
      workload: "8 independent functions that wait for 100 ms",
      unit: "ms",
      troupe: taken.get("sleeping")!,
      peer: { name: "one after another", values: taken.get("sleepingInTurn") },
      goal: { kind: "ratio", most: 0.5 },
    },
    {
      workload: "4 functions that compute, in a thread for each CPU, started for them",
      unit: "ms",
      troupe: taken.get("computing")!,
      peer: { name: "on the main thread", values: taken.get("computingInTurn") },
      goal: { kind: "ratio", most: 1 },
    },
  ];
}

async function measurePiece(name: string): Promise<number> {
  const args = [...denoArgs("bench/library.ts"), name];
  const { stdout } = await new Deno.Command(Deno.execPath(), { args, stderr: "inherit" }).output();
  return JSON.parse(new TextDecoder().decode(stdout));
}

/** Independent tasks. */
function functions(count: number, run: TaskExecutor, options: SchedulerOptions = {}): DependencyAwareScheduler {
  const scheduler = new DependencyAwareScheduler(options);
  for (let i = 0; i < count; i++) scheduler.addTask(`t${i}`, run);
  return scheduler;
}

function sleep(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 100));
}

/** Waves of four tasks each, where each task needs all of the wave before. */
function layers(): DependencyAwareScheduler {
  const scheduler = new DependencyAwareScheduler({ barrier: true });
  for (let wave = 0; wave < WAVES; wave++) {
    const before = wave === 0 ? [] : [0, 1, 2, 3].map((i) => `t${wave - 1}_${i}`);
    for (let i = 0; i < 4; i++) scheduler.addTask(`t${wave}_${i}`, () => undefined, before);
  }
  return scheduler;
}

/** What an execution takes, from the graph to the result. */
async function timed(scheduler: DependencyAwareScheduler): Promise<number> {
  const begun = performance.now();
  const { failedTasks } = await scheduler.execute();
  const ms = performance.now() - begun;
  if (failedTasks > 0) throw new Error(`Cannot measure what fails: ${failedTasks} tasks did`);
  return ms;
}

if (import.meta.main) console.log(await PIECES[Deno.args[0]]());
