/**
 * Owns what is known of the sources of a config's tasks from one build to the next, and whether all of it still holds. It
 * expands nothing.
 *
 * @module
 */
import { Producers } from "../../graph/outputs.ts";
import { isExclusion, isGlob } from "../../graph/paths.ts";
import type { Task } from "../../graph/task.ts";
import { GlobMemory } from "../input/glob_memory.ts";
import type { SourceGlobs } from "../input/source_globs.ts";
import type { FileIndex } from "../storage/file_index.ts";
import type { ExpandedSources } from "./expanded_sources.ts";

/** What sources are asked for. */
interface Question {
  readonly tasks: readonly Task[];
  /** All of the config. */
  readonly declared: readonly Task[];
  /** Absolute paths of files that no glob means. */
  readonly own: readonly string[];
  readonly index: Pick<FileIndex, "folder" | "exists" | "isSure">;
}

/** The last answer, and what it depends on beside globs. */
interface Answer extends Pick<Question, "tasks" | "declared" | "own"> {
  readonly sources: ExpandedSources;
  /** Files that are read by their names → whether they were there. */
  readonly named: ReadonlyMap<string, boolean>;
  /** Named files that may come and go without a word. */
  readonly untold: readonly string[];
}

/** The memory of one config's sources. */
export class SourceMemory {
  readonly globs: GlobMemory;
  /** Absolute. */
  readonly #changed = new Set<string>();
  #last: Answer | undefined;

  /** `tells` answers whether all that happens in a folder from now on is told, and is asked before it is looked into. */
  constructor(tells: (folder: string) => boolean) {
    this.globs = new GlobMemory(tells);
  }

  /** Something has happened at these paths, and nobody has told what in the `lost` folders. All are absolute. */
  renew(changed: Iterable<string>, lost: Iterable<string>): void {
    this.globs.renew(changed, lost);
    for (const path of changed) this.#changed.add(path);
  }

  /** Anything may have happened. */
  forget(): void {
    this.globs.forget();
    this.#last = undefined;
  }

  /** What globs came to depends on more than folders, and that is another now. */
  forgetAnswers(): void {
    this.globs.forgetGlobs();
    this.#last = undefined;
  }

  /** The last answer, the very object, if nothing has changed in it. */
  async recall(question: Question, openGlobs: () => Promise<SourceGlobs>): Promise<ExpandedSources | undefined> {
    const last = this.#last;
    // Whatever ends the question before its time, globs may have other answers by then than this one.
    this.#last = undefined;
    const isSame = last?.tasks === question.tasks && last.declared === question.declared;
    if (!isSame || last.own.join("\0") !== question.own.join("\0")) {
      this.forgetAnswers();
      return undefined;
    }
    if (!this.#isNamedAsBefore(last, question.index)) return undefined;
    if (this.globs.globs.size > 0 && !await (await openGlobs()).areAsBefore()) return undefined;
    this.#changed.clear();
    this.#last = last;
    return last.sources;
  }

  /** Keeps an answer without diagnostics. */
  keep({ tasks, declared, own, index }: Question, sources: ExpandedSources): void {
    this.#changed.clear();
    this.#last = undefined;
    if (sources.diagnostics.length > 0) return;
    const named = new Map<string, boolean>(), untold: string[] = [];
    // Whether what tasks make is there already does not matter.
    const outputs = new Producers(declared);
    for (const { sourceFiles, action } of tasks) {
      for (const path of action.kind === "module" ? [...sourceFiles, action.module] : sourceFiles) {
        if (isExclusion(path) || isGlob(path) || outputs.has(path) || named.has(path)) continue;
        const isThere = index.exists(path);
        named.set(path, isThere);
        if (!isThere || !index.isSure(path)) untold.push(path);
      }
    }
    this.#last = { tasks, declared, own, sources, named, untold };
  }

  #isNamedAsBefore({ named, untold }: Answer, { folder }: Question["index"]): boolean {
    const isSame = (path: string, look: (path: string) => Deno.FileInfo) => {
      const now = kindOf(path.startsWith("/") ? path : `${folder}/${path}`, look);
      return now === (named.get(path) ? "file" : "none");
    };
    for (const path of this.#changed) {
      const name = path.startsWith(`${folder}/`) ? path.slice(folder.length + 1) : path;
      // What is called like a glob is meant by its name.
      if (isGlob(name)) return false;
      // A file that has become a link lies elsewhere from now on.
      if (named.has(name) && !isSame(name, Deno.lstatSync)) return false;
    }
    return untold.every((path) => isSame(path, Deno.statSync));
  }
}

function kindOf(path: string, look: (path: string) => Deno.FileInfo): "file" | "none" | "other" {
  try {
    return look(path).isFile ? "file" : "other";
  } catch {
    return "none";
  }
}
