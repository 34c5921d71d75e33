/**
 * Owns the sentence, the place and the hint of what is wrong in a config: one function each, so that the tool's manners
 * can be read in one sitting. It decides nothing: whoever calls has found it. Of tasks that do not go together see
 * graph_diagnostics.ts.
 *
 * Tasks are told by their index in the config; places are paths into it (see config_places.ts).
 *
 * @module
 */
import type { RepeatedKey } from "./json_keys.ts";
import type { Diagnostic, JsonPath, Place } from "./failure.ts";
import { nearest } from "./suggest.ts";
import { quote } from "./text.ts";

/** A task as a sentence names it: by its name or, lacking a usable one, by its position from 1. */
export interface TaskLabel {
  readonly index: number;
  readonly name?: string;
}

/** A field of a config, for the sentences about its value. */
export interface Field {
  readonly path: JsonPath;
  readonly name: string;
  /** The task it belongs to; none for the config's own fields. */
  readonly task?: TaskLabel;
}

/** The index of what stands for all tasks of a config. */
export const OF_DEFAULTS = -1;

/** What other tools call a key of a task, in small letters, and what it is called here. */
const ELSEWHERE: ReadonlyMap<string, string> = new Map(
  Object.entries({
    source_files: ["inputs", "input", "sources", "srcs", "src", "files"],
    output_artifact: ["out", "artifact"],
    outputs: ["outs"],
    dependencies: ["deps", "dependson", "depends_on", "needs", "requires"],
    after: ["order_only", "orderonly", "order_only_dependencies"],
    command: ["cmd", "run", "script", "exec"],
    cwd: ["dir", "chdir", "workdir", "working_dir", "workingdir", "working_directory", "workingdirectory", "folder"],
    tags: ["tag", "labels", "groups"],
    env: ["environment"],
    description: ["desc", "summary", "doc", "docs", "help", "title", "comment", "about"],
    grace: [
      "grace_period",
      "graceperiod",
      "stop_grace_period",
      "kill_after",
      "killafter",
      "terminationgraceperiodseconds",
    ],
  }).flatMap(([key, words]) => words.map((word) => [word, `did you mean '${key}'?`] as const)),
);

/** What other tools have a key for, and how it is done here. */
const OTHERWISE: ReadonlyMap<string, string> = new Map([
  ["cache", "every artifact is remembered; --force does everything again"],
  ["shell", "commands are run by /bin/sh: name another shell in the command"],
]);

export function invalidJson(detail: string, where: { line: number; column: number; offset: number }): Diagnostic {
  return {
    message: `Invalid JSON at line ${where.line}, column ${where.column}: ${detail}`,
    places: [{ start: where.offset, end: where.offset + 1 }],
  };
}

export function repeatedKey({ key, first, again }: RepeatedKey): Diagnostic {
  return { message: `Duplicate key ${quote(key)}`, places: [first, again], hint: "only the last would count" };
}

export function notAnObject(path: JsonPath, what: string, actual: unknown): Diagnostic {
  return { message: `${what} must be an object, not ${describe(actual)}`, places: [value(path)] };
}

export function noTasks(isMissing: boolean): Diagnostic {
  return isMissing
    ? {
      message: "The build configuration must have a list of tasks",
      places: [value([])],
      hint: 'add "tasks": [{"name": …, "output_artifact": …}]',
    }
    : { message: "The build configuration has no tasks", places: [value(["tasks"])], hint: "add at least one" };
}

export function unknownKey(
  key: string,
  parent: Omit<Field, "name"> & Partial<Field>,
  known: Iterable<string>,
): Diagnostic {
  const where = parent.name === undefined ? "the build configuration" : quote(parent.name);
  return {
    message: `Unknown key ${quote(key)} in ${parent.task ? labelOf(parent.task) : where}`,
    places: [{ path: [...parent.path, key], of: "key" }],
    hint: ofOtherTools(key, parent.path) ?? didYouMean(nearest(key, known)),
  };
}

function ofOtherTools(key: string, parent: JsonPath): string | undefined {
  const word = key.toLowerCase();
  return parent.length === 2 && parent[0] === "tasks" ? ELSEWHERE.get(word) ?? OTHERWISE.get(word) : undefined;
}

export function wrongValue(field: Field, expected: string, actual: unknown, hint?: string): Diagnostic {
  return {
    message: `${fieldOf(field)} must be ${expected}, not ${describe(actual)}`,
    places: [value(field.path)],
    hint,
  };
}

/** The same where some texts would do: one that does not is shown, since to be a string is not what is wrong with it. */
export function wrongText(field: Field, expected: string, actual: unknown, hint?: string): Diagnostic {
  if (typeof actual !== "string" || actual === "") return wrongValue(field, expected, actual, hint);
  return badText(field, `must be ${expected}, not ${quote(actual)}`, hint);
}

/** For text that must not be so: empty, with control characters, outside the folder. */
export function badText(field: Field, rule: string, hint?: string): Diagnostic {
  return { message: `${fieldOf(field)} ${rule}`, places: [value(field.path)], hint };
}

/** For a key that may not be so; `what` names the kind of key. */
export function badName(field: Field, what: string, rule: string): Diagnostic {
  const of = field.task ? ` of ${labelOf(field.task)}` : "";
  return { message: `${what}${of} ${rule}`, places: [key(field.path)] };
}

export function unlimitedResource(task: TaskLabel, resource: string, limited: Iterable<string>): Diagnostic {
  return {
    message: `Task ${nameOf(task)} asks for resource ${quote(resource)}, which has no limit in 'resource_limits'`,
    places: [key(["tasks", task.index, "resources", resource])],
    hint: didYouMean(nearest(resource, limited)) ?? "where there are limits, every resource needs one",
  };
}

export function overResourceLimit(task: TaskLabel, resource: string, [asked, limit]: [number, number]): Diagnostic {
  return {
    message: `Task ${nameOf(task)} asks for ${asked} of resource ${quote(resource)}, more than its limit ${limit}`,
    places: [value(["tasks", task.index, "resources", resource]), value(["resource_limits", resource])],
  };
}

export function missingName(task: TaskLabel): Diagnostic {
  return { message: `Task ${task.index + 1} must have a name`, places: [value(["tasks", task.index])] };
}

export function missingOutput(task: TaskLabel): Diagnostic {
  return {
    message: `${capitalised(labelOf(task))} must specify output_artifact`,
    places: [value(task.name === undefined ? ["tasks", task.index] : ["tasks", task.index, "name"])],
    hint: 'add "output_artifact": the file this task makes; a check that makes nothing says "outputs": []',
  };
}

/** For what makes one file and is to make something else; `what` names it as the beginning of a sentence. */
export function notOneFile(task: TaskLabel, what: string, hint: string): Diagnostic {
  return {
    message: `${what} of ${labelOf(task)} makes one file, and 'outputs' is not one`,
    places: [value(["tasks", task.index, "outputs"])],
    hint,
  };
}

export function bothKeys(task: TaskLabel, first: string, second: string): Diagnostic {
  return {
    message: `${capitalised(labelOf(task))} specifies both ${quote(first)} and ${quote(second)}`,
    places: [key(["tasks", task.index, first]), key(["tasks", task.index, second])],
    hint: "keep one of them",
  };
}

/** For what only a call of a module's function has. */
export function withoutModule(task: TaskLabel, name: string): Diagnostic {
  return {
    message: `${capitalised(labelOf(task))} specifies ${quote(name)} but no 'module'`,
    places: [key(["tasks", task.index, name])],
    hint: 'add "module": the file whose function makes the artifact',
  };
}

/** For what only a command has. */
export function withoutCommand(task: TaskLabel, name: string): Diagnostic {
  return {
    message: `${capitalised(labelOf(task))} specifies ${quote(name)} but no 'command'`,
    places: [key(["tasks", task.index, name])],
    hint: `only a command has ${name}: leave it out`,
  };
}

export function missingModule(task: TaskLabel, path: string): Diagnostic {
  return {
    message: `Task ${nameOf(task)}: module ${quote(path)} not found`,
    places: [value(["tasks", task.index, "module"])],
  };
}

export function folderAsModule(task: TaskLabel, path: string): Diagnostic {
  return {
    message: `Task ${nameOf(task)}: module ${quote(path)} is a folder`,
    places: [value(["tasks", task.index, "module"])],
    hint: "name the file in it",
  };
}

export function environmentName(task: TaskLabel, name: string, isReserved: boolean): Diagnostic {
  return {
    message: isReserved
      ? `Environment name ${quote(name)} of ${labelOf(task)} is set by troupe`
      : `Environment name ${quote(name)} of ${labelOf(task)} must not be empty or contain '=' or NUL`,
    places: [key(["tasks", task.index, "env", name])],
    hint: isReserved ? "choose another name" : undefined,
  };
}

/** The place of a value. */
export function value(path: JsonPath): Place {
  return { path, of: "value" };
}

/** The place of a key. */
export function key(path: JsonPath): Place {
  return { path, of: "key" };
}

/** A task as a sentence names it among tasks. */
export function nameOf(task: TaskLabel): string {
  return task.name === undefined ? String(task.index + 1) : quote(task.name);
}

/** A task as a sentence names it. */
export function labelOf(task: TaskLabel): string {
  return task.index === OF_DEFAULTS ? "the defaults" : `task ${nameOf(task)}`;
}

function fieldOf(field: Field): string {
  return field.task ? `${quote(field.name)} of ${labelOf(field.task)}` : quote(field.name);
}

/** The hint for a misspelt word. */
export function didYouMean(word: string | undefined): string | undefined {
  return word === undefined ? undefined : `did you mean ${quote(word)}?`;
}

/** The same at the beginning of a sentence. */
export function capitalised(text: string): string {
  return text[0].toUpperCase() + text.slice(1);
}

function describe(actual: unknown): string {
  if (actual === null) return "null";
  if (Array.isArray(actual)) return "a list";
  if (typeof actual === "object") return "an object";
  if (typeof actual === "string") return actual === "" ? "an empty string" : "a string";
  return String(actual);
}
