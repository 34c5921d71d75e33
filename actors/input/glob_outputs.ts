/**
 * Owns what globs find of the outputs of tasks, whether these are there yet or not: by their paths, and by the names that
 * they have through links. It walks no folder.
 *
 * @module
 */
import type { Glob } from "../../graph/glob.ts";
import { folderAt, outputPaths, Producers, type RealPlace } from "../../graph/outputs.ts";
import { absoluteIn } from "../../graph/paths.ts";
import { prefixRange } from "../../graph/prefix_range.ts";
import type { DeclaredOutput, Task } from "../../graph/task.ts";
import { isFolder } from "../machine/regular_file.ts";

/** The outputs of a config's tasks. */
export class GlobOutputs {
  /** Absolute. */
  readonly #folder: string;
  readonly #really: RealPlace;
  readonly #tasks: readonly Task[];
  readonly #producers: Producers;
  /** All paths but globs, and the real ones. */
  readonly #paths: ReadonlySet<string>;
  readonly #sorted: readonly string[];
  readonly #folders: ReadonlySet<string>;
  readonly #mayBeFolders: ReadonlySet<string>;

  constructor(tasks: readonly Task[], folder: string, really: RealPlace) {
    this.#folder = folder;
    this.#really = really;
    this.#tasks = tasks;
    this.#producers = new Producers(tasks, really);
    const named = [...outputPaths(tasks)];
    this.#paths = new Set(this.#producers.areElsewhere ? [...named, ...named.map(really)] : named);
    this.#sorted = [...this.#paths].sort();
    this.#folders = pathsOf(tasks, "folder", really);
    this.#mayBeFolders = pathsOf(tasks, "path", really);
  }

  /** Whether a path is an output's as it is written. */
  isNamed(path: string): boolean {
    return this.#paths.has(path);
  }

  /** Whether an output lies at a path. */
  has(path: string): boolean {
    return this.#paths.has(path) || this.#paths.has(this.#really(path));
  }

  /** Whether a path is in an output folder, or meant by an output that is a glob: nobody knows of it before it was made. */
  isMadeUnnamed(path: string): boolean {
    return this.#producers.has(path) && !this.has(path);
  }

  /** The name of a task with a glob among its outputs that may mean some of what another one does. */
  makerOfSome(glob: Glob): string | undefined {
    const task = this.#producers.meantBy(glob);
    return task === undefined ? undefined : this.#tasks[task].name;
  }

  /** Whether outputs lie in a folder. */
  areIn(folder: string): boolean {
    return withPrefix(this.#sorted, `${folder}/`).length > 0;
  }

  /** The files that a glob means among outputs. `links` are folders that are links, with a slash at the end. */
  *matching(glob: Glob, links: Iterable<string>): Generator<string> {
    for (const path of withPrefix(this.#sorted, glob.prefix)) {
      if (glob.matches(path) && !this.#isFolderToBe(path)) yield path;
    }
    const start = glob.prefix.slice(0, glob.prefix.lastIndexOf("/") + 1);
    for (const link of new Set([start, ...links])) {
      const folder = link.slice(0, -1), real = folder === "" ? "" : folderAt(folder, this.#really);
      if (real === folder) continue;
      const place = real === "" ? "" : `${real}/`;
      for (const path of withPrefix(this.#sorted, place)) {
        const named = link + path.slice(place.length);
        if (glob.matches(named) && !this.#isFolderToBe(path)) yield named;
      }
    }
  }

  /** Whether an output is no file that a glob could mean: by its declaration or, where that leaves it open, as it lies there. */
  #isFolderToBe(path: string): boolean {
    return this.#folders.has(path) || (this.#mayBeFolders.has(path) && isFolder(absoluteIn(this.#folder, path)));
  }
}

function pathsOf(tasks: readonly Task[], wanted: DeclaredOutput["kind"], really: RealPlace): ReadonlySet<string> {
  const paths = tasks.flatMap(({ outputs }) => outputs.filter(({ kind }) => kind === wanted).map(({ path }) => path));
  return new Set([...paths, ...paths.map(really)]);
}

function withPrefix(sorted: readonly string[], prefix: string): readonly string[] {
  return sorted.slice(...prefixRange(sorted, prefix));
}
