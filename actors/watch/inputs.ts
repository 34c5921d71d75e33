/**
 * Owns the making of a map of what the tasks of a config read: from what a build has found of it, as far as one has.
 *
 * @module
 */
import { InputMap } from "../../graph/input_map.ts";
import type { FileIndex } from "../storage/file_index.ts";
import type { LoadedBuild } from "../input/load.ts";
import { ModuleGraph } from "../build/module_graph.ts";
import type { ExpandedSources } from "../build/expanded_sources.ts";

/** What a build has found. */
export interface FoundInputs {
  readonly sources: ExpandedSources;
  readonly files: FileIndex;
  /** What a task was found to read when it was last done. */
  readonly discovered: (task: number) => readonly string[] | undefined;
}

/** The map; `own` are absolute paths of files that the build writes itself. */
export function mapInputs(
  { folder, source, tasks, shape }: Pick<LoadedBuild, "folder" | "source" | "tasks" | "shape">,
  own: Iterable<string>,
  found?: FoundInputs,
): InputMap {
  const { files, entries } = found?.sources ?? {};
  const modules = found && modulesOf(tasks, found.files);
  const discovered = found?.discovered;
  const map = new InputMap({ folder, config: source, tasks, files, entries, modules, discovered, own, shape });
  for (const config of [source, ...(shape?.files ?? [])]) addLink(map, config);
  const isLink = (path: string) => map.namesOf(path).some((name) => found?.files.isLink(name));
  if (found !== undefined) { for (const path of [...map.paths]) if (isLink(path)) addLink(map, path); }
  return map;
}

/** What modules consist of as far as that can be told: of one that is not there, where it is looked for. */
function modulesOf(tasks: LoadedBuild["tasks"], files: FileIndex): ReadonlyMap<number, readonly string[]> {
  const modules = new Map<number, readonly string[]>();
  const graph = new ModuleGraph(files);
  tasks.forEach(({ action }, task) => {
    if (action.kind !== "module") return;
    files.begin();
    const found = graph.of(action.module);
    modules.set(task, "problem" in found ? [action.module, found.path] : found.files);
  });
  return modules;
}

/** A file that is a link lies elsewhere, and may be written to there. */
function addLink(map: InputMap, path: string): void {
  try {
    const real = Deno.realPathSync(path);
    if (real !== path) map.addAlias(path, real);
  } catch {
    // The link leads nowhere.
  }
}
