/**
 * Owns the look at a graph of tasks as a command, typed or called: which tasks are in it, and how each stands. Nothing is
 * run or written; what is drawn is graph/picture's.
 *
 * @module
 */
import { buildGraph, type Graph } from "../../graph/graph.ts";
import { longestChain, shortestPath } from "../../graph/picture/critical_path.ts";
import { chosenAround, drawnTask } from "../../graph/picture/drawing.ts";
import type { ListedTask } from "../../graph/report/task_list.ts";
import { indexesOf, indexOf } from "../input/input.ts";
import type { Reporter } from "../terminal/reporter.ts";
import { asLibrary, type CallOptions } from "./invocation.ts";
import { listFor } from "./list.ts";

/** Tasks and their critical path, as `troupe graph --format json` shows them. */
export interface GraphReport {
  /** Path of the config or task file. */
  readonly file: string;
  /** In the order of the file; dependencies that are not in the graph are not told. */
  readonly tasks: readonly ListedTask[];
  /** Names: the longest chain by how long each usually takes, what is needed first; empty where nothing is known. */
  readonly critical_path: readonly string[];
}

/** Which tasks a graph is of. */
export interface GraphChoice {
  /** Names and patterns; default all tasks. */
  readonly tasks?: readonly string[];
  /** With what they need; default true unless `neededBy` is. */
  readonly needs?: boolean;
  /** With what needs them; default false. */
  readonly neededBy?: boolean;
}

/** Choices for {@linkcode graph}. */
export interface GraphOptions extends GraphChoice, Pick<CallOptions, "log"> {
  /** Path of the history; default `taskrun.db`. */
  readonly db?: string;
}

/**
 * The tasks of a build config or a task file that some need or are needed by, with how each stands, and their critical path.
 *
 * @example
 * ```ts
 * import { graph } from "./mod.ts";
 *
 * console.log((await graph("fixtures/site/build.json")).critical_path.join(" → "));
 * ```
 *
 * @throws {InputError} When the file or a name is wrong.
 */
export async function graph(file: string, options: GraphOptions = {}): Promise<GraphReport> {
  return await asLibrary({ log: options.log }, ({ reporter }) => graphFor(reporter, file, options));
}

/** The same for an invocation. */
export async function graphFor(
  reporter: Reporter,
  file: string,
  { tasks: names = [], neededBy = false, needs = !neededBy, db }: Omit<GraphOptions, "log">,
): Promise<GraphReport> {
  const { tasks } = await listFor(reporter, file, { db });
  const { graph } = buildGraph(tasks);
  const chosen = names.length === 0
    ? [...tasks.keys()]
    : chosenAround(graph, indexesOf(names, tasks), { needs, neededBy });
  return reportOf(file, chosen.map((task) => tasks[task]));
}

/** The shortest way from one task along what it needs to another, in whichever direction there is one. */
export async function pathFor(
  reporter: Reporter,
  file: string,
  { ends, db }: { readonly ends: readonly [string, string]; readonly db?: string },
): Promise<GraphReport | undefined> {
  const { tasks } = await listFor(reporter, file, { db });
  const { graph } = buildGraph(tasks);
  const [from, to] = ends.map((word) => indexOf(word, tasks));
  const path = eitherWay(graph, from, to);
  return path && reportOf(file, path.map((task) => tasks[task]));
}

function eitherWay(graph: Graph, from: number, to: number): number[] | undefined {
  return shortestPath(graph, from, to) ?? shortestPath(graph, to, from);
}

function reportOf(file: string, all: readonly ListedTask[]): GraphReport {
  const names = new Set(all.map(({ name }) => name));
  const within = (list: readonly string[]) => list.filter((name) => names.has(name));
  const tasks = all.map(({ after, ...task }) => ({
    ...task,
    dependencies: within(task.dependencies),
    ...(after === undefined ? {} : { after: within(after) }),
  }));
  const chain = longestChain(buildGraph(tasks).graph, tasks.map((task) => drawnTask(task).seconds ?? 0));
  return { file, tasks, critical_path: chain.map((task) => tasks[task].name) };
}
