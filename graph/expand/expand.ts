/**
 * Owns the expansion of a config: what it includes, its defaults and its templates become one list of plain tasks, as if
 * they had been written out. It checks none of them: it never looks into a field but for the braces of its texts.
 *
 * All of it takes time in proportion to the tasks that come of it. What a template holds that is the same for all of its
 * tasks is one value, not a copy for each.
 *
 * @module
 */
import type { Diagnostic } from "../failure.ts";
import { isTemplate } from "../input/build_config.ts";
import { isObject, type JsonObject, labelOf } from "../input/config_object.ts";
import { type Combinations, combinationsOf, sampleValues } from "./combinations.ts";
import { type ConfigFile, inFile } from "./config_file.ts";
import { readDefaults, withDefaults } from "./defaults.ts";
import { mistakeInText, sameName } from "./expand_diagnostics.ts";
import { readForEach, readMatrix } from "./loops.ts";
import { MadeFiles } from "./made_files.ts";
import { type Block, Origins } from "./origins.ts";
import { relocated } from "./relocate.ts";
import { type Made, type Mistake, TemplateReader, type Values } from "./template.ts";

/** What came of a config. */
export interface Expansion {
  readonly tasks: readonly unknown[];
  /** Of these tasks, so many at the end stand for templates that nothing is there for: to be checked, not to be done. */
  readonly samples: number;
  /** Patterns of the names that tasks of templates would have which are wrong, so that nothing came of them. */
  readonly lost: readonly string[];
  readonly origins: Origins;
  readonly diagnostics: readonly Diagnostic[];
  /** Files that templates would have been made for, but that earlier builds made for tasks that are gone. */
  readonly leftOut: readonly { readonly task: string; readonly path: string }[];
  /** Names of templates whose tasks are made of files without reading them by `source_files`. */
  readonly unread: readonly string[];
}

/** What the expansion is told of files. */
export interface ExpansionOptions {
  /**
   * Whether a file, relative to the config's folder, is what an earlier build made and nobody has touched since. It is
   * asked only of files that no task makes now; default none is.
   */
  readonly isLeftBehind?: (path: string) => boolean;
}

/** A block that may still lose some of its tasks. */
interface Draft extends Block {
  readonly tasks: readonly unknown[];
  /** The name as it is written, where that is a text. */
  readonly title: string;
  /** For tasks of a `for_each`: the file that each is made for, relative to the folder of the whole. */
  readonly sources?: (number: number) => string;
}

/** Where tasks of a config go. */
interface Way {
  readonly prefix: string;
  readonly scopes: readonly string[];
}

/** Expands a config with all that it includes. */
export function expand(root: ConfigFile, { isLeftBehind = () => false }: ExpansionOptions = {}): Expansion {
  const drafts: Draft[] = [], samples: Draft[] = [], diagnostics: Diagnostic[] = [];
  const unread: string[] = [], lost: string[] = [];
  addFile(root, { prefix: "", scopes: [] });
  const { kept, leftOut } = withoutMade(drafts, isLeftBehind);
  const blocks: Block[] = [], tasks: unknown[] = [];
  for (const draft of [...kept, ...samples]) {
    blocks.push({ ...draft, start: tasks.length });
    for (const task of draft.tasks) tasks.push(task);
  }
  return { tasks, samples: samples.length, lost, origins: new Origins(blocks), diagnostics, leftOut, unread };

  function addFile(file: ConfigFile, way: Way): void {
    const found: Diagnostic[] = [];
    const defaults = readDefaults(file.value.defaults, found);
    const list: readonly unknown[] = Array.isArray(file.value.tasks) ? file.value.tasks : [];
    list.forEach((task, index) => addTask(task, { file, index, defaults, way, found }));
    for (const diagnostic of inFile(file.index, found)) diagnostics.push(diagnostic);
    for (const { file: inner, prefix } of file.included) {
      const whole = way.prefix + prefix;
      addFile(inner, { prefix: whole, scopes: [whole, ...way.scopes] });
    }
  }

  function addTask(task: unknown, { file, index, defaults, way, found }: {
    readonly file: ConfigFile;
    readonly index: number;
    readonly defaults: JsonObject | undefined;
    readonly way: Way;
    readonly found: Diagnostic[];
  }): void {
    const origin = { start: 0, file: file.index, task: index, scopes: way.scopes, title: "" };
    if (!isObject(task)) return void drafts.push({ ...origin, tasks: [task], own: () => task });
    const finish = (own: JsonObject) => named(relocated(withDefaults(own, defaults), file.folder), way.prefix);
    if (!isTemplate(task)) return void drafts.push({ ...origin, tasks: [finish(task)], own: () => task });
    const template = templateOf(task, index, { files: file.matches.get(index), found });
    if (template === undefined) {
      const { name } = task;
      return void lost.push(typeof name === "string" ? way.prefix + name.replace(/\{[^}]*\}/g, "*") : "*");
    }
    const { combinations, make } = template;
    const { size } = combinations;
    const own = (number: number) => make(size === 0 ? sampleValues(combinations) : combinations.at(number));
    if (size === 0) return void samples.push({ ...origin, tasks: [finish(own(0))], own });
    const inFolder = (path: string) => file.folder === "" || path.startsWith("/") ? path : `${file.folder}/${path}`;
    const title = way.prefix + String(task.name);
    const tasks = Array.from({ length: size }, (_, number) => finish(own(number)));
    if (task.for_each !== undefined && isUnread(task, tasks[0], combinations.at(0)[0])) unread.push(title);
    drafts.push({
      ...origin,
      title,
      tasks,
      own,
      ...(task.for_each === undefined ? {} : { sources: (number) => inFolder(combinations.at(number)[0]) }),
    });
  }
}

function named(task: JsonObject, prefix: string): JsonObject {
  return prefix === "" || typeof task.name !== "string" || task.name === ""
    ? task
    : { ...task, name: prefix + task.name };
}

/**
 * Whether the tasks of a template seem to be made of the files that they are made for, of which nobody would notice an edit.
 * `made` is one of them, made for `path`.
 */
function isUnread({ command }: JsonObject, made: JsonObject, path: string): boolean {
  if (Array.isArray(made.source_files) && made.source_files.length > 0) return false;
  if (typeof command === "string" && typeof made.command === "string") {
    // A name alone may as well be what the task makes.
    const isNamed = /(?<!\{)\{path\}/.test(command) || (path.includes("/") && made.command.includes(path));
    return made.depfile === undefined && (isNamed || /\$\{?IN(?:_FILE)?\b/.test(made.command));
  }
  const { content, module, dependencies } = made;
  const isJoined = content === undefined && module === undefined;
  return isJoined && !(Array.isArray(dependencies) && dependencies.length > 0) && !isEmpty(made.outputs);
}

function isEmpty(outputs: unknown): boolean {
  return Array.isArray(outputs) && outputs.length === 0;
}

/** What is made of a template, and what makes it; undefined when it says something wrong of that. */
function templateOf(task: JsonObject, index: number, { files, found }: {
  readonly files: readonly string[] | undefined;
  readonly found: Diagnostic[];
}): { readonly combinations: Combinations; readonly make: (values: Values) => JsonObject } | undefined {
  // What is wrong with these was told when they were read for the first time.
  const untold: Diagnostic[] = [];
  const matrix = readMatrix(task, index, untold);
  const isForEach = readForEach(task, index, untold) !== undefined;
  if (matrix === undefined || untold.length > 0) return undefined;
  const combinations = combinationsOf(isForEach ? files ?? [] : undefined, matrix);
  const { for_each: _files, matrix: _matrix, ...texts } = task;
  const mistakes: Mistake[] = [];
  const made: Made = new TemplateReader(combinations, (mistake) => mistakes.push(mistake)).read(texts, [
    "tasks",
    index,
  ]);
  const label = labelOf(task, index);
  for (const mistake of mistakes) found.push(mistakeInText(label, mistake, combinations.names));
  const { size, names } = combinations;
  if (mistakes.length > 0) return undefined;
  if (size > 1 && typeof task.name === "string" && !/(?<!\{)\{[A-Za-z_]/.test(task.name.replaceAll("{{", ""))) {
    found.push(sameName(label, size, names));
    return undefined;
  }
  return { combinations, make: (values) => made(values) as JsonObject };
}

/** Drafts without the tasks that would be made for what other tasks make, now or in an earlier build. */
function withoutMade(
  drafts: readonly Draft[],
  isLeftBehind: (path: string) => boolean,
): { readonly kept: readonly Draft[]; readonly leftOut: Expansion["leftOut"] } {
  if (!drafts.some(({ sources }) => sources !== undefined)) return { kept: drafts, leftOut: [] };
  const starts: number[] = [];
  let count = 0;
  for (const { tasks } of drafts) {
    starts.push(count);
    count += tasks.length;
  }
  const makers = new MadeFiles(drafts.flatMap(({ tasks }) => tasks));
  const sources = new Array<string | undefined>(count);
  drafts.forEach(({ tasks, sources: own }, at) => {
    if (own !== undefined) tasks.forEach((_, number) => sources[starts[at] + number] = own(number));
  });
  const isKept = keptTasks(sources, makers);
  const leftOut: { task: string; path: string }[] = [];
  const kept = drafts.map((draft, at): Draft => {
    const { title, tasks, sources: own, own: make } = draft;
    if (own === undefined) return draft;
    const numbers: number[] = [];
    tasks.forEach((_, number) => {
      if (!isKept(starts[at] + number)) return;
      const path = own(number);
      if (!isLeftBehind(path)) numbers.push(number);
      else leftOut.push({ task: title, path });
    });
    if (numbers.length === tasks.length) return draft;
    return { ...draft, tasks: numbers.map((number) => tasks[number]), own: (number) => make(numbers[number]) };
  });
  return { kept, leftOut };
}

/**
 * Answers for each task whether it is one: not where the file that it is made for is what another one makes. That one is
 * asked first, since it may be none itself: `a.csv` → `a.clean.csv` → `a.clean.clean.csv`. Of tasks in a circle each is one.
 */
function keptTasks(sources: readonly (string | undefined)[], makers: MadeFiles): (task: number) => boolean {
  const UNKNOWN = 0, ASKED = 1, KEPT = 2, GONE = 3;
  const states = new Uint8Array(sources.length);
  return (first) => {
    const path = [first];
    while (path.length > 0) {
      const task = path[path.length - 1];
      const source = sources[task];
      const maker = source === undefined ? undefined : makers.makerOf(source);
      const isOpen = states[task] === UNKNOWN && maker !== undefined && maker !== task && states[maker] === UNKNOWN;
      if (isOpen) {
        states[task] = ASKED;
        path.push(maker);
        continue;
      }
      if (states[task] <= ASKED) {
        states[task] = maker !== undefined && maker !== task && states[maker] === KEPT ? GONE : KEPT;
      }
      path.pop();
    }
    return states[first] === KEPT;
  };
}
