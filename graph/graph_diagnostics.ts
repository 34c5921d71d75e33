/**
 * Owns the sentence, the place and the hint of what is wrong among tasks: names, artifacts and dependencies that do not go
 * together. Of what one task says see diagnostics.ts.
 *
 * @module
 */
import { capitalised, didYouMean, labelOf, nameOf, type TaskLabel, value } from "./diagnostics.ts";
import type { Diagnostic, JsonPath } from "./failure.ts";
import { nearest } from "./suggest.ts";
import type { OutputKind } from "./task.ts";
import { escapeControls, quote, shortened } from "./text.ts";

export function duplicateName(name: string, first: number, second: number): Diagnostic {
  return {
    message: `Duplicate task name ${quote(name)}`,
    places: [value(["tasks", first, "name"]), value(["tasks", second, "name"])],
    hint: "names must be unique",
  };
}

/** A task and the path of the field that names its output, which has two spellings. */
export interface NamedOutput {
  readonly task: TaskLabel;
  readonly path: JsonPath;
  readonly output: string;
  /** Where it really lies, where links are known to lead elsewhere than it says. */
  readonly real?: string;
}

/** What is read, by its path and the real place of it, and where a config says so. */
export interface NamedSource {
  readonly path: string;
  readonly real: string;
  readonly place: JsonPath;
}

/** Where links lead, for a hint. */
function leading(outputs: readonly NamedOutput[]): Pick<Diagnostic, "hint"> {
  const led = outputs.filter(({ output, real }) => real !== undefined && real !== output);
  if (led.length === 0) return {};
  return { hint: led.map(({ output, real }) => `by a link, ${quote(output)} lies at ${quote(real!)}`).join("; ") };
}

export function duplicateOutput(first: NamedOutput, second: NamedOutput): Diagnostic {
  const tasks = `${nameOf(first.task)} and ${nameOf(second.task)}`;
  return {
    message: `Duplicate output artifact ${quote(second.output)} specified by tasks ${tasks}`,
    places: [value(first.path), value(second.path)],
    ...leading([first, second]),
  };
}

export function nestedOutput(outer: NamedOutput, inner: NamedOutput, kind: OutputKind): Diagnostic {
  return {
    message: `Output artifact ${quote(inner.output)} of ${labelOf(inner.task)} lies inside ` +
      `output artifact ${quote(outer.output)} of ${labelOf(outer.task)}`,
    places: [value(outer.path), value(inner.path)],
    hint: leading([outer, inner]).hint ??
      (kind === "file" ? "a file cannot hold another" : "what lies in a folder is its task's"),
  };
}

/** Where a task names others that must be done first. */
export type WaitKey = "dependencies" | "after";

export function unknownDependency(
  task: TaskLabel,
  { key, name }: { readonly key: WaitKey; readonly name: string },
  known: Iterable<string>,
): Diagnostic {
  return {
    message: `Task ${nameOf(task)} depends on unknown task ${quote(name)}`,
    places: [value(["tasks", task.index, key, name])],
    hint: didYouMean(nearest(name, others(known, task.name))),
  };
}

/** A pattern that means no other task; `meant` is one that would. */
export function unmatchedPattern(
  task: TaskLabel,
  { key, name }: { readonly key: WaitKey; readonly name: string },
  meant: string | undefined,
): Diagnostic {
  return {
    message: `Task ${nameOf(task)} depends on ${quote(name)}, which matches no task`,
    places: [value(["tasks", task.index, key, name])],
    hint: didYouMean(meant),
  };
}

/** A closed path of task names, in depends-on direction, and the index of its last task with the key that closes it. */
export function circularDependency(names: readonly string[], last: number, key: WaitKey = "dependencies"): Diagnostic {
  return {
    message: `Circular dependency detected: ${shortened(names).join(" → ")}`,
    places: [value(["tasks", last, key, names[0]])],
  };
}

export function undeclaredProducer(
  task: TaskLabel,
  producer: string,
  source: NamedSource,
): Diagnostic {
  const place = source.real === source.path ? "" : ` at ${quote(source.real)}`;
  return {
    message: `Task ${nameOf(task)} reads ${quote(source.path)}, which task ${
      quote(producer)
    } makes${place}, without depending on it`,
    places: [value(source.place)],
    hint: `add ${quote(producer)} to the dependencies of ${nameOf(task)}`,
  };
}

export function ownOutputAsSource(task: TaskLabel, source: Omit<NamedSource, "real">): Diagnostic {
  return {
    message: `Task ${nameOf(task)} reads its own output artifact ${quote(source.path)}`,
    places: [value(source.place)],
  };
}

/** A dependency file that lies where something else does; `how` begins with a verb. */
export function depfileTaken(task: TaskLabel, path: string, how: string): Diagnostic {
  return {
    message: `Dependency file ${quote(path)} of ${labelOf(task)} ${how}`,
    places: [value(["tasks", task.index, "depfile"])],
    hint: 'choose another path, or "$DEPFILE"',
  };
}

/** A task that joins what its dependencies make, one of which is a folder. */
export function joinedFolder(task: TaskLabel, dependency: string, folder: string): Diagnostic {
  return {
    message: `Task ${nameOf(task)} cannot join ${quote(`${folder}/`)} of task ${quote(dependency)}, which is a folder`,
    places: [value(["tasks", task.index, "dependencies", dependency])],
    hint: 'add "command" or "module": without one a task joins files',
  };
}

/** A source that is not there, of a task without dependencies that could still make it. */
export function missingSource(task: TaskLabel, path: string, at: number): Diagnostic {
  return {
    message: `Task ${nameOf(task)} needs source file ${quote(path)}, which does not exist`,
    places: [{ path: ["tasks", task.index, "source_files", at], of: "value" }],
  };
}

/** A folder where files are asked for. */
export function folderAsSource(task: TaskLabel, path: string, at: number): Diagnostic {
  return {
    message: `Task ${nameOf(task)} needs source file ${quote(path)}, which is a folder`,
    places: [value(["tasks", task.index, "source_files", at])],
    hint: `for the files in it write ${JSON.stringify(path === "." ? "**" : `${path}/**`)}`,
  };
}

/** A glob of which all that it could mean is made by one task, in a folder put in place whole or by the same glob. */
export function globInOutput(task: TaskLabel, glob: string, producer: string, at: number): Diagnostic {
  return {
    message: `Task ${nameOf(task)} reads ${quote(glob)}, all of which task ${quote(producer)} makes and replaces`,
    places: [value(["tasks", task.index, "source_files", at])],
    hint: task.name === producer
      ? "what it makes is to lie elsewhere than what it reads"
      : `depend on ${quote(producer)}, and find what it makes in DEPS`,
  };
}

/** The folder of a command is not there, and nothing is done before that could make it. */
export function missingFolder(task: TaskLabel, cwd: string): Diagnostic {
  return {
    message: `Task ${nameOf(task)} runs in folder ${quote(cwd)}, which does not exist`,
    places: [value(["tasks", task.index, "cwd"])],
  };
}

/** The folder of a command cannot be one; `detail` says why. */
export function strangeFolder(task: TaskLabel, detail: string): Diagnostic {
  return { message: `Task ${nameOf(task)} cannot run there: ${detail}`, places: [value(["tasks", task.index, "cwd"])] };
}

/** A file that a glob matches and that has no path, as a path is text; bytes that are none are spelt out in the name. */
export function unnameableSource(
  task: TaskLabel,
  { folder, name, at }: { readonly folder: string; readonly name: string; readonly at: number },
): Diagnostic {
  return {
    message: `${quote(folder)} holds a name that is not UTF-8: ${escapeControls(name)}`,
    places: [value(["tasks", task.index, "source_files", at])],
    hint: "rename it, or leave it out by a later entry that begins with '!'",
  };
}

/** A task would overwrite a file that troupe itself uses in this run. */
export function outputIsOwn(task: TaskLabel, path: JsonPath, output: string): Diagnostic {
  return {
    message: `${capitalised(labelOf(task))} must not overwrite ${quote(output)}, which troupe itself keeps in this run`,
    places: [value(path)],
    hint: "choose another output_artifact, or another place for that file",
  };
}

/** A task would overwrite the very config that declares it. */
export function outputIsConfig(task: TaskLabel, path: JsonPath, output: string): Diagnostic {
  return {
    message: `${capitalised(nameOf(task))} must not overwrite its own build configuration ${quote(output)}`,
    places: [value(path)],
    hint: "choose another output_artifact",
  };
}

function* others(names: Iterable<string>, own: string | undefined): Generator<string> {
  for (const name of names) if (name !== own) yield name;
}
