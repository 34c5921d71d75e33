/**
 * Owns the folding of tasks that are alike but for the package they are for: five of them, or more, stand as one template
 * with the packages in its matrix.
 *
 * @module
 */
import type { DraftTask } from "./draft_task.ts";

/** So many are easier read as one. */
const ENOUGH = 5;

/** The name that a template has for what differs. */
const VARIABLE = "package";

/** The same tasks in fewer words, in the place of the first of each. */
export function folded(tasks: readonly DraftTask[]): DraftTask[] {
  const groups = Map.groupBy(tasks, (task) => shapeOf(task)?.shape ?? "");
  return tasks.flatMap((task) => {
    const found = shapeOf(task);
    const group = groups.get(found?.shape ?? "")!;
    if (found === undefined || group.length < ENOUGH) return [task];
    if (task !== group[0]) return [];
    const { name, ...rest } = JSON.parse(found.shape) as DraftTask;
    const values = group.map((each) => shapeOf(each)!.value);
    return [{ name, matrix: { [VARIABLE]: values }, ...rest }];
  });
}

/** A task as JSON with `{package}` in the place of its package; undefined where that cannot be told apart. */
function shapeOf(task: DraftTask): { readonly shape: string; readonly value: string } | undefined {
  const { cwd } = task;
  const value = cwd?.slice(cwd.lastIndexOf("/") + 1);
  if (cwd === undefined || value === undefined || !task.name.startsWith(`${value}:`)) return undefined;
  const text = JSON.stringify(task);
  if (/[{}]/.test(text.slice(1, -1)) || namesIt(task.command, value)) return undefined;
  const put = (path: string) =>
    path === cwd || path.startsWith(`${cwd}/`)
      ? `${cwd.slice(0, -value.length)}{${VARIABLE}}${path.slice(cwd.length)}`
      : path;
  const own = (name: string) => name.startsWith(`${value}:`) ? `{${VARIABLE}}${name.slice(value.length)}` : name;
  const { name, dependencies, after, source_files, ...rest } = task;
  const shape: DraftTask = {
    name: own(name),
    ...(dependencies === undefined ? {} : { dependencies: dependencies.map(own) }),
    ...(after === undefined ? {} : { after: after.map(own) }),
    source_files: source_files.map(put),
    ...rest,
    cwd: put(cwd),
  };
  return { shape: JSON.stringify(shape), value };
}

/** Whether a word of a text is the package's name. */
function namesIt(text: string, value: string): boolean {
  return text.split(/[^\w@-]+/).includes(value);
}
