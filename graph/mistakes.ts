/**
 * Owns the sentence, the place and the hint of every mistake a config can hold: one function each, so that the tool's
 * manners can be read in one sitting. It decides nothing: whoever calls has found the mistake.
 *
 * Tasks are told by their index in the config; places are paths into it (see config_places.ts).
 *
 * @module
 */
import type { JsonPath, Mistake, Place } from "./failure.ts";
import { nearest } from "./suggest.ts";

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

const CONTROL = /[\p{Cc}\p{Zl}\p{Zp}]/gu;

/** A value between single quotes, on one line whatever it holds. */
export function quote(text: string): string {
  return `'${escapeControls(text)}'`;
}

/** Control characters as JSON would write them: a name may not move the reader's cursor. */
export function escapeControls(text: string): string {
  return text.replace(CONTROL, (character) => {
    const escaped = JSON.stringify(character).slice(1, -1);
    return escaped === character ? `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}` : escaped;
  });
}

export function invalidJson(detail: string, where: { line: number; column: number; offset: number }): Mistake {
  return {
    message: `Invalid JSON at line ${where.line}, column ${where.column}: ${detail}`,
    places: [{ start: where.offset, end: where.offset + 1 }],
  };
}

export function notAnObject(path: JsonPath, what: string, actual: unknown): Mistake {
  return { message: `${what} must be an object, not ${describe(actual)}`, places: [value(path)] };
}

export function noTasks(isMissing: boolean): Mistake {
  return isMissing
    ? {
      message: "The build configuration must have a list of tasks",
      places: [value([])],
      hint: 'add "tasks": [{"name": …, "output_artifact": …}]',
    }
    : { message: "The build configuration has no tasks", places: [value(["tasks"])], hint: "add at least one" };
}

export function unknownKey(key: string, parent: Omit<Field, "name">, known: Iterable<string>): Mistake {
  return {
    message: `Unknown key ${quote(key)} in ${parent.task ? labelOf(parent.task) : "the build configuration"}`,
    places: [{ path: [...parent.path, key], of: "key" }],
    hint: didYouMean(nearest(key, known)),
  };
}

export function wrongValue(field: Field, expected: string, actual: unknown, hint?: string): Mistake {
  return {
    message: `${fieldOf(field)} must be ${expected}, not ${describe(actual)}`,
    places: [value(field.path)],
    hint,
  };
}

/** For text that must not be so: empty, with control characters, outside the folder. */
export function badText(field: Field, rule: string, hint?: string): Mistake {
  return { message: `${fieldOf(field)} ${rule}`, places: [value(field.path)], hint };
}

/** For a key that may not be so; `what` names the kind of key. */
export function badName(field: Field, what: string, rule: string): Mistake {
  const of = field.task ? ` of ${labelOf(field.task)}` : "";
  return { message: `${what}${of} ${rule}`, places: [key(field.path)] };
}

export function unlimitedResource(task: TaskLabel, resource: string, limited: Iterable<string>): Mistake {
  return {
    message: `Task ${nameOf(task)} asks for resource ${quote(resource)}, which has no limit in 'resource_limits'`,
    places: [key(["tasks", task.index, "resources", resource])],
    hint: didYouMean(nearest(resource, limited)) ?? "where there are limits, every resource needs one",
  };
}

export function overResourceLimit(task: TaskLabel, resource: string, [asked, limit]: [number, number]): Mistake {
  return {
    message: `Task ${nameOf(task)} asks for ${asked} of resource ${quote(resource)}, more than its limit ${limit}`,
    places: [value(["tasks", task.index, "resources", resource]), value(["resource_limits", resource])],
  };
}

export function missingName(task: TaskLabel): Mistake {
  return { message: `Task ${task.index + 1} must have a name`, places: [value(["tasks", task.index])] };
}

export function missingOutput(task: TaskLabel): Mistake {
  return {
    message: `${capitalised(labelOf(task))} must specify output_artifact`,
    places: [value(task.name === undefined ? ["tasks", task.index] : ["tasks", task.index, "name"])],
    hint: 'add "output_artifact": the file this task makes',
  };
}

export function bothKeys(task: TaskLabel, first: string, second: string): Mistake {
  return {
    message: `${capitalised(labelOf(task))} specifies both ${quote(first)} and ${quote(second)}`,
    places: [key(["tasks", task.index, first]), key(["tasks", task.index, second])],
    hint: "keep one of them",
  };
}

/** For what only a call of a module's function has. */
export function withoutModule(task: TaskLabel, name: string): Mistake {
  return {
    message: `${capitalised(labelOf(task))} specifies ${quote(name)} but no 'module'`,
    places: [key(["tasks", task.index, name])],
    hint: 'add "module": the file whose function makes the artifact',
  };
}

export function missingModule(task: TaskLabel, path: string): Mistake {
  return {
    message: `Task ${nameOf(task)}: module ${quote(path)} not found`,
    places: [value(["tasks", task.index, "module"])],
  };
}

export function environmentName(task: TaskLabel, name: string, isReserved: boolean): Mistake {
  return {
    message: isReserved
      ? `Environment name ${quote(name)} of ${labelOf(task)} is set by troupe`
      : `Environment name ${quote(name)} of ${labelOf(task)} must not be empty or contain '=' or NUL`,
    places: [key(["tasks", task.index, "env", name])],
    hint: isReserved ? "choose another name" : undefined,
  };
}

export function duplicateName(name: string, first: number, second: number): Mistake {
  return {
    message: `Duplicate task name ${quote(name)}`,
    places: [value(["tasks", first, "name"]), value(["tasks", second, "name"])],
    hint: "names must be unique",
  };
}

/** A task and the path of the field that names its output, which has two spellings. */
export interface Output {
  readonly task: TaskLabel;
  readonly path: JsonPath;
  readonly output: string;
}

export function duplicateOutput(first: Output, second: Output): Mistake {
  const tasks = `${nameOf(first.task)} and ${nameOf(second.task)}`;
  return {
    message: `Duplicate output artifact ${quote(second.output)} specified by tasks ${tasks}`,
    places: [value(first.path), value(second.path)],
  };
}

export function nestedOutput(outer: Output, inner: Output): Mistake {
  return {
    message: `Output artifact ${quote(inner.output)} of ${labelOf(inner.task)} lies inside ` +
      `output artifact ${quote(outer.output)} of ${labelOf(outer.task)}`,
    places: [value(outer.path), value(inner.path)],
    hint: "a file cannot hold another",
  };
}

export function unknownDependency(task: TaskLabel, dependency: string, known: Iterable<string>): Mistake {
  return {
    message: `Task ${nameOf(task)} depends on unknown task ${quote(dependency)}`,
    places: [value(["tasks", task.index, "dependencies", dependency])],
    hint: didYouMean(nearest(dependency, known)),
  };
}

/** A closed path of task names, in depends-on direction, and the index of its last task. */
export function circularDependency(names: readonly string[], last: number): Mistake {
  return {
    message: `Circular dependency detected: ${names.map(escapeControls).join(" → ")}`,
    places: [value(["tasks", last, "dependencies", names[0]])],
  };
}

export function undeclaredProducer(
  task: TaskLabel,
  producer: string,
  source: { path: string; place: JsonPath },
): Mistake {
  return {
    message: `Task ${nameOf(task)} reads ${quote(source.path)}, which task ${
      quote(producer)
    } makes, without depending on it`,
    places: [value(source.place)],
    hint: `add ${quote(producer)} to the dependencies of ${nameOf(task)}`,
  };
}

export function ownOutputAsSource(task: TaskLabel, source: { path: string; place: JsonPath }): Mistake {
  return {
    message: `Task ${nameOf(task)} reads its own output artifact ${quote(source.path)}`,
    places: [value(source.place)],
  };
}

/** A source that is not there, of a task without dependencies that could still make it. */
export function missingSource(task: TaskLabel, path: string, at: number): Mistake {
  return {
    message: `Task '${task.name}' needs source file '${path}', which does not exist`,
    places: [{ path: ["tasks", task.index, "source_files", at], of: "value" }],
  };
}

/** A task would overwrite the very config that declares it. */
export function outputIsConfig(task: TaskLabel, path: JsonPath, output: string): Mistake {
  return {
    message: `${capitalised(nameOf(task))} must not overwrite its own build configuration ${quote(output)}`,
    places: [value(path)],
    hint: "choose another output_artifact",
  };
}

function value(path: JsonPath): Place {
  return { path, of: "value" };
}

function key(path: JsonPath): Place {
  return { path, of: "key" };
}

function nameOf(task: TaskLabel): string {
  return task.name === undefined ? String(task.index + 1) : quote(task.name);
}

function labelOf(task: TaskLabel): string {
  return `task ${nameOf(task)}`;
}

function fieldOf(field: Field): string {
  return field.task ? `${quote(field.name)} of ${labelOf(field.task)}` : quote(field.name);
}

/** The hint for a misspelt word. */
export function didYouMean(word: string | undefined): string | undefined {
  return word === undefined ? undefined : `did you mean ${quote(word)}?`;
}

function capitalised(text: string): string {
  return text[0].toUpperCase() + text.slice(1);
}

function describe(actual: unknown): string {
  if (actual === null) return "null";
  if (Array.isArray(actual)) return "a list";
  if (typeof actual === "object") return "an object";
  if (typeof actual === "string") return actual === "" ? "an empty string" : "a string";
  return String(actual);
}
