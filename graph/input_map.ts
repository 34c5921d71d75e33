/**
 * Owns the question what a change of files means to the tasks of a config: which of them read a path, by its name, by a
 * glob or through a module, and where files may lie that any of them would read. It looks at no file.
 *
 * Paths that change are absolute, those of a config relative to its folder; a path outside of it can be written in two
 * ways, and a glob of either means it.
 *
 * @module
 */
import { Producers } from "./outputs.ts";
import { isOwnFile, OwnFiles } from "./own_files.ts";
import { isExclusion, isGlob } from "./paths.ts";
import { type Entry, entryOf, mayMeet, selects } from "./source_entries.ts";
import type { Task } from "./task.ts";

/** Where to look for what changes. */
export interface MapOptions {
  /** Absolute; where relative paths start. */
  readonly folder: string;
  /** Absolute path of the config. */
  readonly config: string;
  readonly tasks: readonly Pick<Task, "sourceFiles" | "outputs" | "action">[];
  /** The files that `source_files` came to, where that is known. */
  readonly files?: readonly (readonly string[])[];
  /** `source_files` as they are to be compared with names; default as they are. */
  readonly entries?: readonly (readonly string[])[];
  /** Task → the files of the module it calls. */
  readonly modules?: ReadonlyMap<number, readonly string[]>;
  /** What a task was found to read beside that, if anything. */
  readonly discovered?: (task: number) => readonly string[] | undefined;
  /** Absolute paths of files that the run itself writes, and of folders, with a slash at their end. */
  readonly own?: Iterable<string>;
  /** What else the tasks come of; default the config alone. */
  readonly shape?: MapShape;
}

/** What a config comes to what it does by, beside itself. */
export interface MapShape {
  /** Absolute paths of other configs. */
  readonly files: readonly string[];
  /** Entries like those of `source_files`, and the files that they came to. */
  readonly globs: readonly { readonly entries: readonly string[]; readonly files: ReadonlySet<string> }[];
}

/** A path that has changed in some way. */
export interface ChangedPath {
  /** Absolute. */
  readonly path: string;
  /** Whether there is a file now. */
  readonly isThere: boolean;
}

/** What changes come to, by index of task. */
export interface Change {
  /** Tasks of which a file's content may be another. */
  readonly edited: readonly number[];
  /** Tasks that read other files than before. */
  readonly reshaped: readonly number[];
}

/** Tasks with the very same `source_files`. */
interface Group {
  readonly entries: readonly Entry[];
  readonly tasks: number[];
}

/** What the tasks of one config read. */
export class InputMap {
  readonly #folder: string;
  /** What all paths in it begin with. */
  readonly #within: string;
  readonly #configs: ReadonlySet<string>;
  /** What shapes the config. */
  readonly #shapes: readonly { readonly entries: readonly Entry[]; readonly files: ReadonlySet<string> }[];
  /** Absolute path → the tasks that read it. */
  readonly #readers = new Map<string, number[]>();
  /** Absolute path → as configs and modules write it, where that is not the way from the config's folder. */
  readonly #written = new Map<string, Set<string>>();
  /** Tasks that have a glob. */
  readonly #groups: readonly Group[];
  readonly #producers: Producers;
  readonly #own: OwnFiles;
  /** Absolute; with all above them within the config's folder. */
  readonly #folders = new Set<string>();
  /** Paths of files with a link on their way → what was asked for. */
  readonly #aliases = new Map<string, string[]>();

  constructor({ folder, config, tasks, files, entries, modules, discovered, own = [], shape }: MapOptions) {
    this.#folder = folder;
    this.#within = folder === "/" ? "/" : `${folder}/`;
    this.#configs = new Set([config, ...(shape?.files ?? [])]);
    this.#shapes = (shape?.globs ?? []).map(({ entries, files }) => ({ entries: entries.map(entryOf), files }));
    this.#own = new OwnFiles(own);
    this.#producers = new Producers(tasks);
    const groups = new Map<string, Group>();
    tasks.forEach(({ sourceFiles, action }, task) => {
      const written = entries?.[task] ?? sourceFiles;
      const plain = sourceFiles.filter((path) => !isExclusion(path) && !isGlob(path));
      for (const path of files?.[task] ?? plain) this.#enter(path, task);
      // what is not there yet will be read once it is
      if (files !== undefined) { for (const path of plain) this.#enter(path, task); }
      const module = action.kind === "module" ? [action.module] : [];
      for (const path of modules?.get(task) ?? module) this.#enter(path, task);
      for (const path of discovered?.(task) ?? []) this.#enter(path, task);
      if (!written.some((entry) => isGlob(entry))) return;
      const key = JSON.stringify(written);
      const group = groups.get(key);
      if (group === undefined) groups.set(key, { entries: written.map(entryOf), tasks: [task] });
      else group.tasks.push(task);
    });
    this.#groups = [...groups.values()];
    this.#enterFolder(folder);
    for (const path of this.#configs) this.#enterFolder(dirname(path));
  }

  /** The folders of all that is read by its name, with those above them: each may come and go. */
  get folders(): ReadonlySet<string> {
    return this.#folders;
  }

  /** The paths of all files that are read, absolute. */
  get paths(): Iterable<string> {
    return this.#readers.keys();
  }

  /** A file that is read lies elsewhere than its name says. */
  addAlias(path: string, alias: string): void {
    const known = this.#aliases.get(alias);
    if (known === undefined) this.#aliases.set(alias, [path]);
    else known.push(path);
    this.#enterFolder(dirname(alias));
  }

  /** Whether a path, which is absolute, is read by its very name. */
  reads(path: string): boolean {
    return this.#readers.has(path);
  }

  /** Whether a path is that of a config. */
  isConfig(path: string): boolean {
    return this.#configs.has(path) || (this.#aliases.get(path)?.some((name) => this.#configs.has(name)) ?? false);
  }

  /** Whether the config is another by a change: it or one that it includes was written to, or a file came that it is made for. */
  reshapes({ path, isThere }: ChangedPath): boolean {
    if (this.isConfig(path)) return true;
    const spellings = this.#shapes.length === 0 ? [] : this.#spellings(path);
    return this.#shapes.some(({ entries, files }) =>
      selects(entries, spellings) && spellings.some((name) => files.has(name)) !== isThere
    );
  }

  /** Whether anybody reads the path, or would read it. */
  concerns(path: string): boolean {
    if (this.isConfig(path)) return true;
    if (this.#isMade(path)) return false;
    if (this.#readers.has(path) || this.#aliases.has(path) || this.#folders.has(path)) return true;
    return this.#selectors(path).length > 0 || this.#isShaping(path);
  }

  /** Whether files may lie in a folder, or below it, that anybody would read. */
  mayHold(folder: string): boolean {
    if (this.#folders.has(folder)) return true;
    return this.#spellings(`${folder}/`).some((spelling) =>
      [...this.#groups, ...this.#shapes].some(({ entries }) =>
        entries.some((entry) => "glob" in entry && mayMeet(entry.glob, spelling))
      )
    );
  }

  /** What changes mean. */
  changeBy(changed: Iterable<ChangedPath>): Change {
    const edited = new Set<number>(), reshaped = new Set<number>();
    for (const { path, isThere } of changed) {
      for (const name of [path, ...this.#aliases.get(path) ?? []]) {
        if (this.#isMade(name)) continue;
        const readers = this.#readers.get(name) ?? [], selectors = this.#selectors(name);
        for (const task of readers) {
          // What a glob no longer finds is no source any more
          (isThere || !selectors.includes(task) ? edited : reshaped).add(task);
        }
        if (isThere) { for (const task of selectors) if (!readers.includes(task)) reshaped.add(task); }
      }
    }
    for (const task of reshaped) edited.delete(task);
    return { edited: [...edited].sort(byNumber), reshaped: [...reshaped].sort(byNumber) };
  }

  /** A path for people, as the config would have it. */
  shown(path: string): string {
    return path.startsWith(this.#within) ? path.slice(this.#within.length) : this.#spellings(path)[0] || ".";
  }

  /** What is read in a folder or below it, which is gone with it. */
  below(folder: string): readonly string[] {
    if (!this.#folders.has(folder)) return [];
    const prefix = `${folder}/`;
    return [...this.#readers.keys(), ...this.#aliases.keys(), ...this.#configs].filter((path) =>
      path.startsWith(prefix)
    );
  }

  /** A path as it is written where it is read, by each way of writing it. */
  namesOf(path: string): readonly string[] {
    if (!this.#written.has(path) && !this.#aliases.has(path)) return [this.shown(path)];
    return [path, ...this.#aliases.get(path) ?? []].flatMap((name) => {
      const written = this.#written.get(name);
      return written === undefined ? [this.shown(name)] : [...written];
    });
  }

  #enter(path: string, task: number): void {
    const isPlain = !path.startsWith("/") && !path.startsWith("../");
    const absolute = isPlain ? this.#within + path : absoluteOf(this.#folder, path);
    const written = this.#written.get(absolute);
    if (written !== undefined) written.add(path);
    else if (!isPlain && path !== this.shown(absolute)) {
      this.#written.set(absolute, new Set(this.#readers.has(absolute) ? [this.shown(absolute), path] : [path]));
    }
    const readers = this.#readers.get(absolute);
    if (readers === undefined) this.#readers.set(absolute, [task]);
    else if (readers.at(-1) !== task) readers.push(task);
    else return;
    this.#enterFolder(dirname(absolute));
  }

  /** Outside of the config's folder one above it is enough. */
  #enterFolder(folder: string): void {
    for (let at = folder; !this.#folders.has(at); at = dirname(at)) {
      this.#folders.add(at);
      if (at === this.#folder || !at.startsWith(this.#within)) {
        this.#folders.add(dirname(at));
        return;
      }
    }
  }

  /** Made by a task, by troupe itself or by a program on its way to a file. */
  #isMade(path: string): boolean {
    const [spelling] = this.#spellings(path);
    return this.#producers.has(spelling) || isOwnFile(spelling) || this.#own.has(path);
  }

  /** Tasks that have chosen the path by a glob, or would. */
  #selectors(path: string): number[] {
    if (this.#groups.length === 0) return [];
    const spellings = this.#spellings(path);
    return this.#groups.flatMap(({ entries, tasks }) => selects(entries, spellings) ? tasks : []);
  }

  #isShaping(path: string): boolean {
    if (this.#shapes.length === 0) return false;
    const spellings = this.#spellings(path);
    return this.#shapes.some(({ entries }) => selects(entries, spellings));
  }

  #spellings(path: string): readonly string[] {
    if (path.startsWith(this.#within)) return [path.slice(this.#within.length)];
    return [relativeTo(this.#folder, path), path];
  }
}

function absoluteOf(folder: string, path: string): string {
  if (path.startsWith("/")) return path;
  let base = folder, rest = path;
  for (; rest.startsWith("../"); rest = rest.slice(3)) base = dirname(base);
  return base === "/" ? `/${rest}` : `${base}/${rest}`;
}

function relativeTo(folder: string, path: string): string {
  const from = folder.split("/"), to = path.split("/");
  let same = 0;
  while (same < from.length && same < to.length && from[same] === to[same]) same++;
  return [...from.slice(same).map(() => ".."), ...to.slice(same)].join("/");
}

function dirname(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf("/"), 1));
}

function byNumber(a: number, b: number): number {
  return a - b;
}
