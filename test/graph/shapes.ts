/**
 * Owns the graphs that tests of graph/ are made of: tasks from a shape (name → dependencies), and random shapes.
 *
 * @module
 */
import type { Task } from "../../graph/task.ts";
import type { Random } from "../random.ts";

/** Task name → names of its dependencies, in declared order. */
export type Shape = Readonly<Record<string, readonly string[]>>;

/** The least tasks of a shape; each makes `out/{name}`. */
export function tasksOf(shape: Shape): Task[] {
  return Object.entries(shape).map(([name, dependencies]) => ({
    name,
    action: { kind: "concatenate" },
    dependencies,
    sourceFiles: [],
    outputs: [{ path: `out/${name}`, kind: "file" }],
    env: {},
    retries: 0,
  }));
}

/** A graph without cycles whose declared order is no topological one. */
export function randomAcyclic(random: Random, size: number, most = size): Shape {
  const names = random.shuffled(Array.from({ length: size }, (_, i) => `t${i}`));
  const shape = names.map((name, at): [string, string[]] => {
    const count = Math.min(at, random.below(most + 1));
    const dependencies = new Set(Array.from({ length: count }, () => names[random.below(at)]));
    return [name, [...dependencies]];
  });
  return Object.fromEntries(random.shuffled(shape));
}

/** A graph with any dependencies, on itself too. */
export function randomShape(random: Random, size: number, density: number): Shape {
  const names = Array.from({ length: size }, (_, i) => `t${i}`);
  return Object.fromEntries(
    names.map((name) => [name, random.shuffled(names.filter(() => random.chance(density)))]),
  );
}
