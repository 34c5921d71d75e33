/**
 * Owns the way from the `source_files` of a config to files: globs expanded, what is left out taken out, what is missing
 * found. It reads folders, never files, and decides nothing about freshness.
 *
 * A glob also matches the outputs of other tasks, whether they are there yet or not, so that what a task reads does
 * not depend on what an earlier build left behind. It never matches the task's own output, troupe's own files, or what builds left
 * behind of tasks that are gone.
 *
 * @module
 */
import type { Diagnostic } from "../../graph/failure.ts";
import { folderAsModule, missingModule } from "../../graph/diagnostics.ts";
import { absoluteIn, hasWildcard, isExclusion, isGlob } from "../../graph/paths.ts";
import { Producers, type RealPlace } from "../../graph/outputs.ts";
import type { Task } from "../../graph/task.ts";
import { Breath } from "../process/breath.ts";
import type { FileIndex } from "../storage/file_index.ts";
import type { LeftBehind, SourceGlobs } from "../input/source_globs.ts";
import type { ExpandedSources } from "./expanded_sources.ts";
import type { SourceMemory } from "./source_memory.ts";
import type { Stop } from "../process/stop_listener.ts";
import { later } from "../machine/later.ts";
import { folderAsSource, globInOutput, missingSource, unnameableSource } from "../../graph/graph_diagnostics.ts";

/** What the expansion is given beside the tasks. */
export interface ExpansionOptions {
  /** All tasks of the config, where those that are expanded were chosen from them: what globs mean does not hang on that. */
  readonly declared?: readonly Task[];
  /** Answers for paths relative to its folder. */
  readonly index: Pick<FileIndex, "folder" | "exists" | "canSee" | "remembered" | "isSure">;
  /** Absolute paths of files that troupe itself uses in this run, which no glob means. */
  readonly own?: Iterable<string>;
  /** Where files really lie; default where their paths say. */
  readonly really?: RealPlace;
  /** Artifacts of tasks that the config has no more, which no glob means either; default none. */
  readonly stale?: LeftBehind;
  /** Who may end it early; default nobody. */
  readonly stop?: Pick<Stop, "signal">;
  /** What is known from earlier builds; default nothing is. */
  readonly memory?: SourceMemory;
}

/**
 * Expands the sources of all tasks.
 *
 * @throws {StoppedError} When it is stopped.
 */
export async function expandSources(
  tasks: readonly Task[],
  { declared = tasks, index, own = [], really, stale, stop, memory }: ExpansionOptions,
): Promise<ExpandedSources> {
  const breath = new Breath(stop);
  let globs: SourceGlobs | undefined;
  const open = async () =>
    globs ??= await openGlobs(declared, { index, own, really, stale, breath, memory: memory?.globs });
  const question = { tasks, declared, own: [...own], index };
  const known = await memory?.recall(question, open);
  if (known !== undefined) return known;
  const files: (readonly string[])[] = new Array(tasks.length);
  const origins: (readonly number[] | undefined)[] = new Array(tasks.length);
  const entries: (readonly string[])[] = new Array(tasks.length);
  const diagnostics: Diagnostic[] = [], warnings = new Set<string>();
  let outputs: Producers | undefined, makeMany: boolean | undefined;
  for (let task = 0; task < tasks.length; task++) {
    if ((task & 63) === 0 && breath.isDue) await breath.take();
    const { name, sourceFiles, dependencies, action } = tasks[task];
    files[task] = entries[task] = sourceFiles;
    let excluded: ReadonlySet<number> | undefined;
    if (sourceFiles.some((entry) => isExclusion(entry) || isGlob(entry))) {
      const expansion = await (globs ?? await open()).expand(tasks[task]);
      files[task] = expansion.files;
      origins[task] = expansion.origins;
      entries[task] = expansion.entries;
      excluded = expansion.excluded;
      for (const sentence of expansion.warnings) warnings.add(sentence);
      for (const [at, entry] of sourceFiles.entries()) {
        if (!(makeMany ??= declared.some(makesMany)) || !isGlob(entry) || isExclusion(entry)) continue;
        outputs ??= new Producers(declared, really);
        const producer = outputs.ofFolder(beginningOf(entry)) ?? outputs.ofGlob(expansion.entries[at]);
        if (producer !== undefined) {
          diagnostics.push(globInOutput({ index: task, name }, entry, declared[producer].name, at));
        }
      }
      for (const { folder, name: shown, at } of expansion.unnameable) {
        diagnostics.push(unnameableSource({ index: task, name }, { folder, name: shown, at }));
      }
    }
    // What a task with dependencies lacks may still be made by them, beside their artifacts; its turn will tell.
    const isFirst = dependencies.length === 0;
    if (action.kind === "module") {
      const { module } = action, isOdd = index.remembered(module) === undefined && isFolder(index.folder, module);
      if (isOdd || (isFirst && !index.exists(module))) {
        outputs ??= new Producers(declared, really);
        const mistake = isOdd ? folderAsModule : missingModule;
        if (!outputs.has(module)) diagnostics.push(mistake({ index: task, name }, module));
      }
    }
    for (let at = 0; at < sourceFiles.length; at++) {
      const path = sourceFiles[at];
      if (excluded?.has(at)) continue;
      // What was once read as a file is looked at by whoever reads it next.
      if (!hasWildcard(path) && index.remembered(path) === undefined) {
        const isThere = isFolder(index.folder, path), maker = makerOf(path, isThere);
        if (maker !== undefined) diagnostics.push(globInOutput({ index: task, name }, path, maker, at));
        else if (isThere) diagnostics.push(folderAsSource({ index: task, name }, path, at));
        if (isThere || maker !== undefined) continue;
      }
      if (!isFirst || isGlob(path) || index.exists(path)) continue;
      outputs ??= new Producers(declared, really);
      if (!outputs.has(path)) diagnostics.push(missingSource({ index: task, name }, path, at));
    }
  }
  for (const [folder, detail] of globs?.closed ?? []) {
    warnings.add(`Warning: cannot look for sources in '${folder}': ${detail}`);
  }
  const folders = globs?.entered ?? new Set<string>();
  const sources = { files, origins, entries, diagnostics, warnings: [...warnings], folders };
  memory?.keep(question, sources);
  return sources;

  /** The task that makes a folder, or what is known to be one before it is there. */
  function makerOf(path: string, isThere: boolean): string | undefined {
    if (!(makeMany ??= declared.some(makesMany))) return undefined;
    outputs ??= new Producers(declared, really);
    const maker = outputs.ofFolder(path);
    if (maker === undefined) return undefined;
    const isOne = isThere || declared[maker].outputs.some((output) => output.kind === "folder" && output.path === path);
    return isOne ? declared[maker].name : undefined;
  }
}

/** What expands globs is loaded only when there is one. */
async function openGlobs(
  tasks: readonly Task[],
  options: ConstructorParameters<typeof SourceGlobs>[1],
): Promise<SourceGlobs> {
  const { SourceGlobs } = await later<typeof import("../input/source_globs.ts")>(
    "../input/source_globs.ts",
    import.meta.url,
  );
  return new SourceGlobs(tasks, options);
}

/** Whether a glob might mean nothing but what a task makes: a folder whole, or all that a glob means. */
function makesMany({ outputs }: Task): boolean {
  return outputs.some(({ kind }) => kind !== "file");
}

/** The folder that a glob begins with; empty when it begins with a wildcard. */
function beginningOf(glob: string): string {
  const names = glob.split("/");
  return names.slice(0, names.findIndex(isGlob)).join("/");
}

function isFolder(folder: string, path: string): boolean {
  try {
    return Deno.statSync(absoluteIn(folder, path)).isDirectory;
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    return false;
  }
}
