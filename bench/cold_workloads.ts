/**
 * Owns the workloads of the pure part: reading, the graph, the rules. No command is run in them.
 *
 * @module
 */
import { generateMonorepo } from "../fixtures/monorepo/generate.ts";
import type { Found } from "./cold.ts";
import { largeConfig, longConfig, withComments } from "./configs.ts";
import { contest, measureCold } from "./contest.ts";
import type { Bench, Row, Workload } from "./workload.ts";

export const COLD_WORKLOADS: readonly Workload[] = [
  { name: "parse", run: parse },
  { name: "graph", run: graph },
  { name: "large", run: large },
  { name: "step", run: steps },
  { name: "gates", run: gates },
];

async function parse(bench: Bench): Promise<Row[]> {
  const folder = bench.space.folder("parse");
  const plain = `${folder}/plain.json`;
  const commented = `${folder}/commented.jsonc`;
  const text = longConfig();
  Deno.writeTextFileSync(plain, text);
  Deno.writeTextFileSync(commented, withComments(text));
  const workload = "parse a config of 500 KB, 200 tasks";
  return [
    amounts(workload, await runs(bench, "parse", plain), { most: 20, bound: 100 }),
    amounts(`${workload}, with comments`, await runs(bench, "parse", commented), { most: 100 }),
  ];
}

async function graph(bench: Bench): Promise<Row[]> {
  const folder = bench.space.folder("monorepo");
  generateMonorepo(folder, { tasks: 80, dependencies: 200 });
  const found = await runs(bench, "graph", `${folder}/build.json`);
  return [amounts("graph of 80 tasks, 200 dependencies", found, { most: 2, bound: 50 })];
}

async function large(bench: Bench): Promise<Row[]> {
  const path = `${bench.space.folder("large")}/build.json`;
  Deno.writeTextFileSync(path, largeConfig(100_000, 300_000));
  const found = await runs(bench, "load", path);
  const workload = "read and graph of 100 000 tasks, 300 000 dependencies";
  return [
    amounts(workload, found, { most: 300 }),
    {
      workload: `${workload}: memory`,
      unit: "MB",
      troupe: found.map(({ megabytes }) => megabytes!),
      goal: { kind: "amount", most: 300 },
    },
  ];
}

async function steps(bench: Bench): Promise<Row[]> {
  const path = `${bench.space.folder("step")}/build.json`;
  Deno.writeTextFileSync(path, largeConfig(10_000, 30_000));
  const found = await runs(bench, "steps", path);
  const perEvent = found.map(({ ms, count }) => ({ ms: ms / count! }));
  return [amounts("one step of the scheduler, 10 000 tasks", perEvent, { most: 0.01 })];
}

async function gates(bench: Bench): Promise<Row[]> {
  const path = `${bench.space.folder("gates")}/build.json`;
  Deno.writeTextFileSync(path, largeConfig(10_000, 30_000));
  const found = await runs(bench, "gates", path);
  const workload = "all gates and the batches of 10 000 tasks";
  return [
    amounts(workload, found, { most: 2000 }),
    {
      workload: `${workload}: memory`,
      unit: "MB",
      troupe: found.map(({ megabytes }) => megabytes!),
      goal: { kind: "amount", most: 200 },
    },
  ];
}

/** The first turn fills Deno's cache of compiled modules and is thrown away. */
async function runs(bench: Bench, piece: string, path: string): Promise<Found[]> {
  const found: Found[] = [];
  const turn = async () => found.push(await measureCold(piece, path));
  await contest([{ name: piece, turn }], { ...bench.turns, most: bench.turns.most + 1 });
  return found.slice(1);
}

function amounts(workload: string, found: readonly Found[], goal: { most: number; bound?: number }): Row {
  return { workload, unit: "ms", troupe: found.map(({ ms }) => ms), goal: { kind: "amount", ...goal } };
}
