/**
 * Owns what a task means by the names of others: the task of exactly that name or, where there is none and the name has `*`
 * or `?`, all others that it matches. In an included config a name is looked for among that config's own tasks first.
 *
 * Whoever finds that every name is a task's takes no look at patterns at all.
 *
 * @module
 */
import type { Diagnostic } from "../failure.ts";
import { type Graph, linkGraph, unknownDiagnostics } from "../graph.ts";
import { unmatchedPattern, type WaitKey } from "../graph_diagnostics.ts";
import type { Task } from "../task.ts";
import { NameIndex } from "./name_index.ts";
import { isPattern, matches, offer } from "./task_names.ts";

/** What a task's names of others may begin with, the likeliest first; whole names are looked for last. */
export type ScopesOf = (task: number) => readonly string[];

/** How names are looked up. */
export interface LinkOptions {
  readonly scopesOf?: ScopesOf;
  /** Names as tasks would have them of which there are none just now: a pattern that matches one is no mistake. */
  readonly samples?: readonly string[];
  /** Patterns of names of tasks that there would be, if they were not wrong: of what may mean them nothing is said. */
  readonly lost?: readonly string[];
  readonly diagnostics: Diagnostic[];
}

/** The tasks with the names of all that they mean, and their graph. Names that mean nothing are diagnostics, and left out. */
export function linkTasks(
  tasks: readonly Task[],
  { scopesOf = () => [], samples = [], lost = [], diagnostics }: LinkOptions,
): { readonly tasks: Task[]; readonly graph: Graph } {
  const linked = withWholeNames(tasks, { scopesOf, samples, lost, diagnostics });
  const { graph, unknown } = linkGraph(linked);
  const isLost = (scope: string, name: string) => lost.some((pattern) => matches(pattern, scope + name));
  const untold = lost.length === 0
    ? unknown
    : unknown.filter(({ task, name }) => ![...scopesOf(task), ""].some((scope) => isLost(scope, name)));
  for (const diagnostic of unknownDiagnostics(linked, untold)) diagnostics.push(diagnostic);
  return { tasks: linked, graph };
}

function withWholeNames(
  tasks: readonly Task[],
  { scopesOf, samples, lost, diagnostics }: Required<LinkOptions>,
): Task[] {
  const names = tasks.map(({ name }) => name), known = new Set(names);
  const index = new NameIndex(names);
  let hints: readonly string[] | undefined;
  return tasks.map((task, at): Task => {
    const scopes = scopesOf(at);
    const dependencies = whole(task.dependencies, { at, scopes, key: "dependencies" });
    const after = task.after && whole(task.after, { at, scopes, key: "after" });
    if (dependencies === task.dependencies && after === task.after) return task;
    return { ...task, dependencies, ...(after === undefined ? {} : { after: withoutAll(after, dependencies) }) };
  });

  /** The very list where each of its names is whole. */
  function whole(
    list: readonly string[],
    { at, scopes, key }: { readonly at: number; readonly scopes: readonly string[]; readonly key: WaitKey },
  ): readonly string[] {
    if (scopes.length === 0 && !list.some((name) => isPattern(name) && !known.has(name))) return list;
    const found = new Set<string>();
    for (const name of list) {
      const scope = scopes.find((scope) => known.has(scope + name));
      if (scope !== undefined) found.add(scope + name);
      else if (known.has(name) || !isPattern(name)) found.add(name);
      else for (const each of matched(name, { at, scopes, key })) found.add(each);
    }
    return [...found];
  }

  function matched(
    name: string,
    { at, scopes, key }: { readonly at: number; readonly scopes: readonly string[]; readonly key: WaitKey },
  ): string[] {
    for (const scope of [...scopes, ""]) {
      const others = index.matching(scope + name).filter((other) => other !== at);
      if (others.length > 0) return others.map((other) => names[other]);
      if (samples.some((sample) => matches(scope + name, sample))) return [];
    }
    if (lost.length > 0) return [];
    hints ??= names.slice(0, MOST_HINTS);
    diagnostics.push(unmatchedPattern({ index: at, name: names[at] }, { key, name }, offer(name, hints).one));
    return [];
  }
}

/** Names that are looked through for what may have been meant. */
const MOST_HINTS = 1000;

function withoutAll(names: readonly string[], others: readonly string[]): readonly string[] {
  const left = new Set(others);
  return names.filter((name) => !left.has(name));
}
