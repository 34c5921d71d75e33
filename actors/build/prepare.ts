/**
 * Owns what a build knows before its first task: its cache, its sources, and the plan made of both. It refuses what would
 * be lost or read too early, runs nothing and writes nothing.
 *
 * @module
 */
import { basename } from "@std/path/posix/basename";
import { resolve } from "@std/path/posix/resolve";
import type { Diagnostic, Place } from "../../graph/failure.ts";
import { atRealPlace, outputText, placeOfOutput, Producers, type RealPlace } from "../../graph/outputs.ts";
import type { Task } from "../../graph/task.ts";
import { withCompanions } from "../../graph/own_files.ts";
import type { Plan } from "../../graph/schedule/plan.ts";
import { makePlan, withFirst } from "../../graph/schedule/plan.ts";
import { checkProducers } from "../../graph/producers.ts";
import { BuildCache, CACHE_FILE } from "./build_cache.ts";
import type { FileIndex } from "../storage/file_index.ts";
import type { LoadedBuild } from "../input/load.ts";
import type { ToolOutputs } from "./tool_outputs.ts";
import type { DiscoveredInputs } from "./discovered_inputs.ts";
import type { ModuleGraph } from "./module_graph.ts";
import type { Reporter } from "../terminal/reporter.ts";
import { refuseReplacing, type WrittenFile } from "../terminal/run_readers.ts";
import { realFolders } from "../machine/real_folders.ts";
import { realPlace } from "../machine/real_place.ts";
import type { ExpandedSources } from "./expanded_sources.ts";
import { expandSources } from "./sources.ts";
import { StaleArtifacts } from "./stale_artifacts.ts";
import type { Stop } from "../process/stop_listener.ts";
import type { WarmState } from "./warm_state.ts";
import { touchesOf } from "../run/touches.ts";
import { later } from "../machine/later.ts";
import { quote } from "../../graph/text.ts";
import { joinedFolder, outputIsOwn } from "../../graph/graph_diagnostics.ts";

/** The index of a task that was not chosen, whose place in the config is not told. */
const UNCHOSEN = -1;

/** Everything that stands ready before the first task. */
export interface Prepared {
  readonly plan: Plan;
  readonly cache: BuildCache;
  readonly sources: ExpandedSources;
  /** Artifacts of tasks that the config has no more. */
  readonly stale: StaleArtifacts;
  /** There when a task calls a module. */
  readonly modules?: ModuleGraph;
  /** There when a task has a dependency file. */
  readonly discovered?: DiscoveredInputs;
  /** There when a task declares tools; to be disposed of. */
  readonly tools?: ToolOutputs;
}

/** Who wants to know what a build reads. */
export interface SourcesFollower {
  /** The sources are known, wrong ones too, and none was looked at yet. */
  onSources(sources: ExpandedSources, cache: Pick<BuildCache, "files" | "trace">): void;
}

/** What else a run is told of that looks at the sources. */
export interface Preparing {
  /** Paths of files that this run writes beside the artifacts, such as its history, and of folders, with a slash at their end. */
  readonly own?: readonly (string | undefined)[];
  /** Files that will be written of it. */
  readonly written?: readonly WrittenFile[];
  /** Paths of the databases that it is recorded in, or shared by; default none. */
  readonly databases?: readonly (string | undefined)[];
  /** Who may end it early; default nobody. */
  readonly stop?: Stop;
  /** Told of the sources. */
  readonly follower?: SourcesFollower;
  /** What is known from earlier builds of the config; default nothing is. */
  readonly warm?: WarmState;
  /** Tasks whose sources are known to have changed, by index: they and what they need come first. */
  readonly first?: readonly number[];
  /** Others make artifacts in the folder too; default nobody does. */
  readonly isShared?: boolean;
}

/**
 * Reads the cache and looks at the sources; without the lock, for those who only look.
 *
 * @throws {InputError} When a source cannot be one, or an artifact would replace a file of this run's own.
 * @throws {StoppedError} When it is stopped.
 */
export async function prepare(
  build: LoadedBuild,
  reporter: Reporter,
  { own: named = [], written = [], databases: all = [], stop, follower, warm, first = [], isShared }: Preparing,
): Promise<Prepared> {
  const { cache, warning } = warm?.begin(build) ?? BuildCache.load(build.folder);
  if (warning !== undefined) reporter.error(warning);
  const own = absoluteOwn(named);
  const really = realFolders(build.folder);
  const stale = new StaleArtifacts(build, cache, really);
  const sources = await expandSources(build.tasks, {
    declared: build.declared,
    index: cache.files,
    really,
    own: [build.source, ...(build.shape?.files ?? []), ...own],
    stop,
    stale,
    memory: warm?.sources,
  });
  follower?.onSources(sources, cache);
  const databases = all.filter((path) => path !== undefined);
  for (const file of written) {
    refuseReplacing(file, { databases, needed: (path) => neededAs(path, build, sources.files) });
  }
  // Templates and sources may look into the same folder.
  for (const odd of new Set([...build.warnings ?? [], ...sources.warnings])) reporter.error(odd);
  const diagnostics = [
    ...overwritten(build, own),
    ...joinedFolders(build),
    ...await strangeFolders(build),
    ...sources.diagnostics,
  ];
  const known = warm?.planOf(build, sources);
  const others = unchosenOf(build);
  const producers = known?.producers ?? new Producers(build.tasks, really);
  if (known === undefined) {
    const { tasks, graph } = build, { origins } = sources;
    const unchosen = others.length === 0 ? undefined : new Producers(others, really);
    const areElsewhere = producers.areElsewhere || unchosen?.areElsewhere === true;
    const overlaps = areElsewhere ? await overlapping(build, really) : [];
    if (overlaps.length > 0) diagnostics.push(...overlaps);
    else diagnostics.push(...checkProducers(tasks, graph, sources.files, { origins, others, producers, unchosen }));
  }
  if (diagnostics.length > 0) throw await build.explain(diagnostics);
  const whole = known ?? makePlan(build.tasks, build.graph, sources.files, {
    producers,
    limits: build.resourceLimits,
    budget: build.budget,
    weights: cache.durations.weights(build.tasks),
    touches: await touchesOf(build.tasks, build.folder, sources.entries),
  });
  warm?.keepPlan(build, sources, whole);
  const plan = first.length > 0 ? withFirst(whole, first) : whole;
  return {
    plan,
    cache,
    sources,
    stale,
    ...await openExtras(plan, cache.files, { others, really, isShared, stop }),
  };
}

/** The tasks that were not chosen and that none of the chosen ones needs. */
function unchosenOf({ tasks, declared }: Pick<LoadedBuild, "tasks" | "declared">): readonly Task[] {
  if (tasks.length === declared.length) return [];
  const chosen = new Set(tasks.map(({ name }) => name));
  return declared.filter(({ name }) => !chosen.has(name));
}

/** What only some tasks need, and is loaded for them alone. */
async function openExtras(
  plan: Plan,
  files: FileIndex,
  { others, really, isShared, stop }: Pick<Preparing, "isShared" | "stop"> & {
    readonly others: readonly Task[];
    readonly really: RealPlace;
  },
): Promise<Pick<Prepared, "discovered" | "modules" | "tools">> {
  const hasDepfile = plan.tasks.some(({ depfile }) => depfile !== undefined);
  const callsModule = plan.tasks.some(({ action }) => action.kind === "module");
  const hasTools = plan.tasks.some(({ tools }) => tools !== undefined);
  if (!hasDepfile && !callsModule && !hasTools) return {};
  const [inputs, graph, tools] = await Promise.all([
    hasDepfile ? later<typeof import("./discovered_inputs.ts")>("./discovered_inputs.ts", import.meta.url) : undefined,
    callsModule ? later<typeof import("./module_graph.ts")>("./module_graph.ts", import.meta.url) : undefined,
    hasTools ? later<typeof import("./tool_outputs.ts")>("./tool_outputs.ts", import.meta.url) : undefined,
  ]);
  return {
    discovered: inputs && new inputs.DiscoveredInputs(plan, files, { others, really, isShared }),
    modules: graph && new graph.ModuleGraph(files),
    tools: tools && new tools.ToolOutputs(files.folder, stop),
  };
}

/** Outputs of the config, chosen or not, that are the same, or lie one inside the other, where links lead. */
async function overlapping({ tasks, declared }: LoadedBuild, really: RealPlace): Promise<Diagnostic[]> {
  const { checkOutputs } = await later<typeof import("../../graph/input/output_overlap.ts")>(
    "../../graph/input/output_overlap.ts",
    import.meta.url,
  );
  const chosen = new Map(tasks.map(({ name }, index) => [name, index]));
  const real = declared.map(({ outputs }) => ({ outputs: outputs.map((output) => atRealPlace(output, really)) }));
  const found: Diagnostic[] = [];
  checkOutputs(real, (task, at) => {
    const { name, outputs } = declared[task], output = outputs[at], index = chosen.get(name) ?? UNCHOSEN;
    return {
      task: { index, name },
      path: placeOfOutput(index, output, at),
      output: outputText(output),
      real: outputText(real[task].outputs[at]),
    };
  }, found);
  const isChosen = (place: Place) => "start" in place || place.path[1] !== UNCHOSEN;
  return found.map((diagnostic) => ({ ...diagnostic, places: diagnostic.places.filter(isChosen) }));
}

/** Folders that commands cannot run in. */
async function strangeFolders({ tasks, folder }: LoadedBuild): Promise<Diagnostic[]> {
  if (!tasks.some(({ action }) => action.kind === "command" && action.cwd !== undefined)) return [];
  const { checkWorkingFolders } = await later<typeof import("./working_folders.ts")>(
    "./working_folders.ts",
    import.meta.url,
  );
  return checkWorkingFolders(tasks, folder);
}

/** What a build would lose with a file, in words. */
function neededAs(
  path: string,
  { source, folder, tasks, shape }: LoadedBuild,
  files: ExpandedSources["files"],
): string | undefined {
  if (path === source || path === realPlace(source)) return "the build configuration";
  if (shape?.files.some((file) => path === file || path === realPlace(file))) return "an included configuration";
  const start = [folder, realPlace(folder)].find((start) => path.startsWith(`${start}/`));
  const own = start === undefined ? path : path.slice(start.length + 1);
  const reader = files.findIndex((sources) => sources.includes(own));
  if (reader >= 0) return `a source of task ${quote(tasks[reader].name)}`;
  const caller = tasks.find(({ action }) => action.kind === "module" && action.module === own);
  if (caller !== undefined) return `the module of task ${quote(caller.name)}`;
}

/** Tasks that join what their dependencies make, which only files can be. */
function joinedFolders({ tasks, graph }: LoadedBuild): Diagnostic[] {
  if (tasks.every(({ outputs }) => outputs.every(({ kind }) => kind !== "folder"))) return [];
  const found: Diagnostic[] = [];
  for (const [index, { name, action, sourceFiles, outputs }] of tasks.entries()) {
    if (action.kind !== "concatenate" || sourceFiles.length > 0 || outputs.length === 0) continue;
    for (let at = graph.dependencyStart[index]; at < graph.inputEnd[index]; at++) {
      const dependency = tasks[graph.dependencies[at]];
      for (const { path, kind } of dependency.outputs) {
        if (kind === "folder") found.push(joinedFolder({ index, name }, dependency.name, path));
      }
    }
  }
  return found;
}

/** The absolute paths of what is a run's own; those of folders keep the slash at their end. */
export function absoluteOwn(named: readonly (string | undefined)[]): string[] {
  return named.filter((path) => path !== undefined).map((path) => resolve(path) + (path.endsWith("/") ? "/" : ""));
}

/** Tasks whose artifact would replace a file of the run's own. */
function overwritten({ tasks, folder, source, shape }: LoadedBuild, own: readonly string[]): Diagnostic[] {
  const taken = withCompanions(own), here = [source, ...(shape?.files ?? []), `${folder}/${CACHE_FILE}`];
  const really = withCompanions([...own, ...here].map(realPlace));
  // Only of what is called so it is asked where it really lies, by links in the folders on the way.
  const names = new Set([...taken, ...really].map((path) => basename(path)));
  const folders = [...taken].filter((path) => path.endsWith("/"));
  const found: Diagnostic[] = [];
  for (let index = 0; index < tasks.length; index++) {
    const { name, outputs } = tasks[index];
    for (let at = 0; at < outputs.length; at++) {
      const output = outputs[at], { path, kind } = output;
      const lost = names.has(path.slice(path.lastIndexOf("/") + 1)) && isTaken(`${folder}/${path}`)
        ? path
        : (kind === "folder" || kind === "path" ? lostIn(path) : undefined) ?? folderOf(`${folder}/${path}`);
      if (lost === undefined) continue;
      found.push(outputIsOwn({ index, name }, placeOfOutput(index, output, at), lost.replace(/\/$/, "")));
    }
  }
  return found;

  /** A folder of the run's own that an output lies in. */
  function folderOf(path: string): string | undefined {
    const own = folders.find((own) => path.startsWith(own));
    return own?.slice(folder.length + 1);
  }

  function isTaken(path: string): boolean {
    return taken.has(path) || really.has(realPlace(path));
  }

  /** A file of the run's own in a folder, which is replaced with all that is in it. */
  function lostIn(path: string): string | undefined {
    const prefix = `${folder}/${path}/`;
    for (const own of taken) if (own.startsWith(prefix)) return own.slice(folder.length + 1);
  }
}
