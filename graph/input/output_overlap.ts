/**
 * Owns the rule that no two outputs of a config are the same, lie one inside the other, or may match the same file.
 *
 * @module
 */
import type { Diagnostic } from "../failure.ts";
import { duplicateOutput, type NamedOutput, nestedOutput } from "../graph_diagnostics.ts";
import { escapeGlob, Glob } from "../glob.ts";
import { StringIndex } from "../string_index.ts";
import type { DeclaredOutput, Task } from "../task.ts";

/** All outputs of a config, by number. */
interface Outputs {
  readonly count: number;
  readonly owners: StringIndex;
  of(number: number): DeclaredOutput;
  named(number: number): NamedOutput;
}

/** How a task's output is written, by the index of the task and that among its outputs. */
type NameOutput = (task: number, at: number) => NamedOutput;

/** Checks the outputs of all tasks against each other. */
export function checkOutputs(
  tasks: readonly Pick<Task, "outputs">[],
  named: NameOutput,
  diagnostics: Diagnostic[],
): void {
  const outputs = numbered(tasks, named);
  const { count, owners } = outputs;
  const folders = new Set<string>(), globs: number[] = [];
  let previous = "";
  for (let number = 0; number < count; number++) {
    const { path, kind } = outputs.of(number);
    // Empty stands for one already complained about.
    if (path === "") continue;
    const owner = owners.add(path, number);
    if (owner >= 0) diagnostics.push(duplicateOutput(outputs.named(owner), outputs.named(number)));
    if (kind === "glob") {
      globs.push(number);
      continue;
    }
    const slash = path.lastIndexOf("/");
    if (slash > 0 && !(slash === previous.length && path.startsWith(previous))) {
      folders.add(previous = path.slice(0, slash));
    }
  }
  if (globs.length > 0) checkGlobs(outputs, globs, diagnostics);
  if (!isAnyOwned(folders, owners)) return;
  for (let number = 0; number < count; number++) {
    const { path, kind } = outputs.of(number);
    if (kind === "glob") continue;
    for (let slash = path.indexOf("/"); slash > 0; slash = path.indexOf("/", slash + 1)) {
      const outer = owners.get(path.slice(0, slash));
      if (outer < 0) continue;
      diagnostics.push(nestedOutput(outputs.named(outer), outputs.named(number), outputs.of(outer).kind));
    }
  }
}

/** Of one output a task, which is what most configs have, the number is the task's own. */
function numbered(tasks: readonly Pick<Task, "outputs">[], named: NameOutput): Outputs {
  const isPlain = tasks.every(({ outputs }) => outputs.length === 1);
  const all = isPlain ? [] : tasks.flatMap(({ outputs }, task) => outputs.map((_, at) => ({ task, at })));
  const count = isPlain ? tasks.length : all.length;
  const where = (number: number) => isPlain ? { task: number, at: 0 } : all[number];
  const of = (number: number) => isPlain ? tasks[number].outputs[0] : tasks[all[number].task].outputs[all[number].at];
  return {
    count,
    owners: new StringIndex(count),
    of,
    named: (number) => {
      const { task, at } = where(number);
      return named(task, at);
    },
  };
}

/** Globs, and whatever they may match: sorted by what it begins with, so that few are compared. */
function checkGlobs({ count, owners, of, named }: Outputs, globs: readonly number[], diagnostics: Diagnostic[]): void {
  const all = new Map(globs.map((number) => [number, new Glob(of(number).path)]));
  const beginning = (number: number) => all.get(number)?.prefix ?? of(number).path;
  const sorted = Array.from({ length: count }, (_, number) => number).filter((number) => of(number).path !== "");
  sorted.sort((a, b) => beginning(a) < beginning(b) ? -1 : beginning(a) > beginning(b) ? 1 : a - b);
  const clashes = new Set<string>();
  for (const [number, glob] of all) {
    const { prefix } = glob;
    for (let slash = prefix.indexOf("/"); slash > 0; slash = prefix.indexOf("/", slash + 1)) {
      const outer = owners.get(prefix.slice(0, slash));
      if (outer >= 0) clash(outer, number);
    }
    for (let at = lowerBound(prefix); at < sorted.length && beginning(sorted[at]).startsWith(prefix); at++) {
      const other = sorted[at], otherGlob = all.get(other), { path, kind } = of(other);
      if (other === number || path === of(number).path) continue;
      if (otherGlob !== undefined ? otherGlob.intersects(glob) : isMeant(path, kind, glob)) clash(number, other);
    }
  }

  function clash(a: number, b: number): void {
    const [first, second] = a < b ? [a, b] : [b, a];
    const key = `${first} ${second}`;
    if (clashes.has(key)) return;
    clashes.add(key);
    diagnostics.push(duplicateOutput(named(first), named(second)));
  }

  function lowerBound(prefix: string): number {
    let low = 0, high = sorted.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (beginning(sorted[middle]) < prefix) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function isMeant(path: string, kind: DeclaredOutput["kind"], glob: Glob): boolean {
  return glob.matches(path) || (kind !== "file" && new Glob(`${escapeGlob(path)}/**`).intersects(glob));
}

/** Whether any of these folders, or one that holds it, is somebody's output: folders are few, so this settles most configs. */
function isAnyOwned(folders: Set<string>, owners: StringIndex): boolean {
  // A set grows while it is walked: each folder brings in the one above it.
  for (const folder of folders) {
    if (owners.get(folder) >= 0) return true;
    const slash = folder.lastIndexOf("/");
    if (slash > 0) folders.add(folder.slice(0, slash));
  }
  return false;
}
