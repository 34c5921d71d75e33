/**
 * Owns the way from the `source_files` of a config to files: globs expanded, what is missing found.
 * It reads folders, never files, and decides nothing about freshness.
 *
 * A glob also matches the outputs of other tasks, whether they are there yet or not, so that what a task reads does
 * not depend on what an earlier build left behind. It never matches the task's own output or troupe's own files.
 *
 * @module
 */
import type { Mistake } from "../graph/failure.ts";
import { missingModule, missingSource } from "../graph/mistakes.ts";
import type { Task } from "../graph/task.ts";

/** The sources of each task as files. */
export interface ExpandedSources {
  /** Paths as in the config, globs expanded and sorted. */
  readonly files: readonly (readonly string[])[];
  /** For each of them the index of its entry in `source_files`; undefined where they are the same lists. */
  readonly origins: readonly (readonly number[] | undefined)[];
  readonly mistakes: Mistake[];
  /** Sentences about what is odd but not wrong. */
  readonly warnings: string[];
}

const GLOB = /[*?[\]{}]/;
const OWN_FILES = /(^|\/)\.build_cache\.(json|lock)(\.|$)|\.tmp\.\d+\.\d+$/;

/** Expands the sources of all tasks. `exists` answers for a path relative to the folder. */
export async function expandSources(
  tasks: readonly Task[],
  folder: string,
  exists: (path: string) => boolean,
): Promise<ExpandedSources> {
  const files: (readonly string[])[] = new Array(tasks.length);
  const origins: (readonly number[] | undefined)[] = new Array(tasks.length);
  const mistakes: Mistake[] = [], warnings: string[] = [];
  let globs: Globs | undefined;
  let outputs: Set<string> | undefined;
  for (let task = 0; task < tasks.length; task++) {
    const { name, output, sourceFiles, dependencies, action } = tasks[task];
    files[task] = sourceFiles;
    if (hasGlob(sourceFiles, exists)) {
      globs ??= await openGlobs(folder, tasks);
      const expansion = expandOne(sourceFiles, output, exists, globs);
      files[task] = expansion.files;
      origins[task] = expansion.origins;
      for (const pattern of expansion.empty) {
        warnings.push(`Warning: pattern '${pattern}' of task '${name}' matches no file`);
      }
    }
    // What a task with dependencies lacks may still be made by them, beside their artifacts; its turn will tell.
    if (dependencies.length > 0) continue;
    if (action.kind === "module" && !exists(action.module)) {
      outputs ??= new Set(tasks.map((other) => other.output));
      if (!outputs.has(action.module)) mistakes.push(missingModule({ index: task, name }, action.module));
    }
    for (let at = 0; at < sourceFiles.length; at++) {
      const path = sourceFiles[at];
      if (exists(path) || GLOB.test(path)) continue;
      outputs ??= new Set(tasks.map((other) => other.output));
      if (!outputs.has(path)) mistakes.push(missingSource({ index: task, name }, path, at));
    }
  }
  return { files, origins, mistakes, warnings };
}

function hasGlob(patterns: readonly string[], exists: (path: string) => boolean): boolean {
  for (const pattern of patterns) if (GLOB.test(pattern) && !exists(pattern)) return true;
  return false;
}

interface Globs {
  /** Sorted matches of one pattern. */
  match(pattern: string): readonly string[];
}

function expandOne(
  patterns: readonly string[],
  output: string,
  exists: (path: string) => boolean,
  globs: Globs,
): { files: string[]; origins: number[]; empty: string[] } {
  const files: string[] = [], origins: number[] = [], empty: string[] = [];
  const seen = new Set<string>();
  patterns.forEach((pattern, at) => {
    const matches = !GLOB.test(pattern) || exists(pattern) ? [pattern] : globs.match(pattern);
    let found = 0;
    for (const path of matches) {
      if (path === output && path !== pattern) continue;
      found++;
      if (seen.has(path)) continue;
      seen.add(path);
      files.push(path);
      origins.push(at);
    }
    if (found === 0) empty.push(pattern);
  });
  return { files, origins, empty };
}

/** The glob library is loaded only when there is a glob to expand. */
async function openGlobs(folder: string, tasks: readonly Task[]): Promise<Globs> {
  const [{ expandGlobSync }, { globToRegExp }] = await Promise.all([import("@std/fs"), import("@std/path")]);
  const known = new Map<string, readonly string[]>();
  const outputs = tasks.map((task) => task.output).sort();
  return {
    match(pattern) {
      let matches = known.get(pattern);
      if (matches === undefined) {
        const found = new Set<string>();
        for (const { path } of expandGlobSync(pattern, { root: folder, includeDirs: false, followSymlinks: true })) {
          found.add(relativeTo(folder, path));
        }
        const regExp = globToRegExp(pattern);
        for (const output of withPrefix(outputs, pattern.slice(0, pattern.search(GLOB)))) {
          if (regExp.test(output)) found.add(output);
        }
        matches = [...found].filter((path) => !OWN_FILES.test(path)).sort();
        known.set(pattern, matches);
      }
      return matches;
    },
  };
}

function relativeTo(folder: string, path: string): string {
  const prefix = folder.endsWith("/") ? folder : `${folder}/`;
  return path.startsWith(prefix) ? path.slice(prefix.length) : path;
}

/** The sorted texts that begin with a prefix, found by bisection. */
function withPrefix(sorted: readonly string[], prefix: string): readonly string[] {
  let low = 0, high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < prefix) low = middle + 1;
    else high = middle;
  }
  let end = low;
  while (end < sorted.length && sorted[end].startsWith(prefix)) end++;
  return sorted.slice(low, end);
}
