/**
 * Owns the workload of module tasks: each turns one small file into another by a function, beside ninja that starts `cat`
 * for each.
 *
 * @module
 */
import { contest, timeProgram, timeTroupe } from "./contest.ts";
import { GIVEN, independentProject } from "./projects.ts";
import { type Bench, each, type Row, type Workload } from "./workload.ts";

export const MODULE_WORKLOADS: readonly Workload[] = [
  { name: "modules", run: modules },
];

const SIZE = 2000;

const MODULE = `export default async function ({ sources: [source] }: { sources: { text(): Promise<string> }[] }) {
  return await source.text();
}
`;

/** Builds both projects from nothing. */
async function modules(bench: Bench): Promise<Row[]> {
  const mine = independentProject(bench.space, SIZE);
  const other = independentProject(bench.space, SIZE);
  callModule(mine.folder);
  const given = [...GIVEN, "copy.ts"];
  const madeIn = (folder: string) => {
    const made = [...Deno.readDirSync(`${folder}/out`)].length;
    if (made !== SIZE) throw new Error(`${made} of ${SIZE} artifacts were made`);
  };
  const taken = await contest([
    {
      name: "troupe",
      prepare: () => bench.space.clear(mine.folder, given),
      turn: () => timeTroupe(mine.folder),
      check: () => madeIn(mine.folder),
    },
    ...(bench.peers.has("ninja")
      ? [{
        name: "ninja",
        prepare: () => bench.space.clear(other.folder, given),
        turn: () => timeProgram("ninja", [], other.folder),
        check: () => madeIn(other.folder),
      }]
      : []),
  ], bench.turns);
  const ninja = taken.get("ninja");
  return [{
    workload: `one of ${SIZE} module tasks, start included; ninja runs cat`,
    unit: "ms",
    troupe: each(taken.get("troupe")!, SIZE),
    peer: { name: "ninja", values: ninja && each(ninja, SIZE) },
    goal: { kind: "amount", most: 0.3 },
  }];
}

/** Every command becomes a call. */
function callModule(folder: string): void {
  const config = JSON.parse(Deno.readTextFileSync(`${folder}/build.json`)) as { tasks: Record<string, unknown>[] };
  for (const task of config.tasks) {
    delete task.command;
    task.module = "copy.ts";
  }
  Deno.writeTextFileSync(`${folder}/build.json`, JSON.stringify(config));
  Deno.writeTextFileSync(`${folder}/copy.ts`, MODULE);
}
