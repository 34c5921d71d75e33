/**
 * Owns what the pictures of a graph are drawn from: tasks with how they stand, chosen and folded, and the critical path.
 *
 * @module
 */
import { buildGraph, type Graph, transitiveDependencies } from "../graph.ts";
import { type ListedTask } from "../report/task_list.ts";
import { longestChain } from "./critical_path.ts";
import { foldByPrefix, type Folded } from "./fold.ts";
import { type Standing, standingOf, standingsText } from "./standing.ts";

/** One task as it is drawn. */
export interface DrawnTask {
  readonly name: string;
  readonly dependencies: readonly string[];
  /** Names of tasks that it only comes after. */
  readonly after?: readonly string[];
  readonly standing: Standing;
  /** Seconds that it took or usually takes; null when nothing is known. */
  readonly seconds: number | null;
}

/** A box of a drawing. */
export interface DrawnBox {
  readonly label: string;
  /** How many tasks it holds. */
  readonly count: number;
  /** Of the one task, or the worst of many. */
  readonly standing: Standing;
  /** How many of them stand how; empty for one task. */
  readonly counts: string;
  /** Of the longest of its tasks. */
  readonly seconds: number | null;
  readonly isCritical: boolean;
}

/** A graph as it is drawn. */
export interface Drawing {
  readonly boxes: readonly DrawnBox[];
  /** Who needs whom, by box. */
  readonly graph: Graph;
  readonly tasks: number;
  /** The critical path. */
  readonly critical: { readonly names: readonly string[]; readonly seconds: number };
}

/** From worst to best: a box of many shows what is most worth a look. */
const WORST_FIRST: readonly Standing[] = [
  ...["failed", "timeout", "interrupted", "cancelled", "running", "would_run", "skipped", "pending"] as const,
  "would_restore",
  ...["passed", "copied", "restored", "fresh"] as const,
];

/** A listed task as it is drawn: with how long it usually takes, or took the last time. */
export function drawnTask({ name, dependencies, after, state, usual_duration, last }: ListedTask): DrawnTask {
  return { name, dependencies, after, standing: standingOf(state), seconds: usual_duration ?? last?.duration ?? null };
}

/** Which tasks of a graph are drawn, by the named ones: these and all they need, all that needs them, or both. */
export function chosenAround(
  graph: Graph,
  named: readonly number[],
  { needs, neededBy }: { readonly needs: boolean; readonly neededBy: boolean },
): number[] {
  const marks = new Uint8Array(graph.size);
  for (const task of named) marks[task] = 1;
  const take = (direction: Graph) => transitiveDependencies(direction, named).forEach((mark, i) => marks[i] ||= mark);
  if (needs) take(graph);
  if (neededBy) take(reversed(graph));
  return [...marks.keys()].filter((task) => marks[task] === 1);
}

/** The graph with all arrows the other way round. */
function reversed({ size, dependencyStart, dependencies, dependentStart, dependents }: Graph): Graph {
  return {
    size,
    dependencyStart: dependentStart,
    dependencies: dependents,
    inputEnd: dependentStart.subarray(1),
    dependentStart: dependencyStart,
    dependents: dependencies,
  };
}

/** Draws tasks as no more than so many boxes. */
export function drawingOf(tasks: readonly DrawnTask[], most: number): Drawing {
  const { graph } = buildGraph(tasks);
  const chain = longestChain(graph, tasks.map(({ seconds }) => seconds ?? 0));
  const folded = foldByPrefix(tasks.map(({ name }) => name), graph, most);
  const isCritical = new Set(chain.map((task) => folded.boxOf[task]));
  return {
    boxes: folded.boxes.map((box, at) => drawnBox(box, tasks, isCritical.has(at))),
    graph: folded.boxes.length === tasks.length ? graph : graphOf(folded),
    tasks: tasks.length,
    critical: {
      names: chain.map((task) => tasks[task].name),
      seconds: chain.reduce((sum, task) => sum + (tasks[task].seconds ?? 0), 0),
    },
  };
}

function drawnBox(
  { label, members }: Folded["boxes"][number],
  tasks: readonly DrawnTask[],
  isCritical: boolean,
): DrawnBox {
  const own = members.map((task) => tasks[task]);
  const times = own.flatMap(({ seconds }) => seconds ?? []);
  const standings = new Set(own.map(({ standing }) => standing));
  return {
    label,
    count: own.length,
    standing: WORST_FIRST.find((standing) => standings.has(standing))!,
    counts: own.length === 1 ? "" : standingsText(own.map(({ standing }) => standing)),
    seconds: times.length === 0 ? null : times.reduce((a, b) => Math.max(a, b)),
    isCritical,
  };
}

/** Boxes may need each other in a ring, though no tasks do. */
function graphOf({ boxes, arrows }: Folded): Graph {
  const needs: string[][] = boxes.map(() => []);
  for (const [needed, by] of arrows) needs[by].push(String(needed));
  return buildGraph(needs.map((dependencies, box) => ({ name: String(box), dependencies }))).graph;
}
