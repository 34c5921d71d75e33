/**
 * Owns the deletion of artifacts: of what lies at the outputs of tasks, exactly those files that a build has put there
 * and nobody has touched since, and of folders that are outputs what is empty then. Nothing else is ever deleted; the build
 * cache stays as it is, which finds them missing.
 *
 * @module
 */
import { parseTree } from "../../graph/artifact.ts";
import { Glob } from "../../graph/glob.ts";
import type { Task } from "../../graph/task.ts";
import { absoluteIn } from "../../graph/paths.ts";
import type { CleanedArtifact, CleanReport, KeptReason } from "../../graph/report/clean_report.ts";
import type { LoadedBuild } from "../input/load.ts";
import { isThere } from "../machine/regular_file.ts";
import { systemDetail } from "../machine/system_error.ts";
import type { Stop } from "../process/stop_listener.ts";
import type { FileIndex } from "../storage/file_index.ts";
import { makeWritable } from "../storage/removal.ts";
import { matchesOf } from "../storage/output_glob.ts";
import type { BuildCache } from "./build_cache.ts";
import { artifactsIn } from "./cache_form.ts";
import { OutputPlaces } from "./output_places.ts";
import { StaleArtifacts } from "./stale_artifacts.ts";

/** After so many files others have their turn, a signal among them. */
const TURN = 256;

/** What is to be cleaned. */
export interface CleaningChoices {
  /** Tasks whose artifacts are; none for those of no task any more alone. */
  readonly tasks: readonly Task[];
  /** Whether those of tasks that the config has no more are. */
  readonly stale: boolean;
  readonly isDryRun: boolean;
  readonly stop: Stop;
}

/**
 * Deletes artifacts; called by the holder of the build lock.
 *
 * @throws {StoppedError} When it is stopped; what was deleted by then is.
 */
export async function cleanArtifacts(
  build: LoadedBuild,
  cache: BuildCache,
  { tasks, stale, isDryRun, stop }: CleaningChoices,
): Promise<Pick<CleanReport, "deleted" | "kept" | "failed">> {
  const { files } = cache;
  const left = new StaleArtifacts(build, cache);
  const failed: CleanReport["failed"][number][] = [];
  const asked: CleanedArtifact[] = [
    ...tasks.flatMap((task) => {
      const onClosed = (path: string, error: string) => failed.push({ path, task: task.name, error });
      return filesOf(task, build.folder, onClosed).map((path) => ({ path, task: task.name }));
    }),
    ...(stale ? left.find().all.map((path) => ({ path, task: null })) : []),
  ];
  const links = linksMade(tasks, cache);
  const made: (CleanedArtifact & { readonly size: number })[] = [];
  const kept: CleanReport["kept"][number][] = [];
  await inTurns(asked, stop, async (artifact) => {
    const { path, task } = artifact;
    if (!isThere(absoluteIn(build.folder, path))) return;
    const isLinkInFolder = links.get(path) === linkAt(absoluteIn(build.folder, path)) && links.has(path);
    const config = task === null ? undefined : left.config;
    const reason = isLinkInFolder ? undefined : await reasonToKeep(path, { files, config });
    if (reason !== undefined) kept.push({ ...artifact, reason });
    else made.push({ ...artifact, size: files.isLink(path) ? 0 : files.size(path) });
  });
  if (isDryRun) return { deleted: made, kept, failed };
  const deleted: typeof made = [];
  await inTurns(made, stop, ({ path, task, size }) => {
    try {
      removeFrom(build.folder, path, tasks);
      deleted.push({ path, task, size });
    } catch (error) {
      failed.push({ path, task, error: systemDetail(error) });
    }
  });
  for (const { outputs } of tasks) {
    for (const { path, kind } of outputs) if (kind !== "file" && kind !== "glob") removeEmpty(build.folder, path);
  }
  return { deleted, kept, failed };
}

/** Deletes a file, in an output folder also where its task has made folders that may not be written to. */
function removeFrom(folder: string, path: string, tasks: readonly Task[]): void {
  const absolute = absoluteIn(folder, path);
  try {
    Deno.removeSync(absolute);
  } catch (error) {
    const own = tasks.flatMap(({ outputs }) => outputs)
      .find((output) => (output.kind === "folder" || output.kind === "path") && path.startsWith(`${output.path}/`));
    if (own === undefined || !makeWritable(absoluteIn(folder, own.path))) throw error;
    Deno.removeSync(absolute);
  }
}

/** Told of a folder that cannot be looked into, with the system's words. */
type OnClosed = (path: string, error: string) => void;

/** What lies at the outputs of a task: files, and in folders all that is no folder. */
function filesOf({ outputs }: Task, folder: string, onClosed: OnClosed): string[] {
  return outputs.flatMap(({ path, kind }) => {
    if (kind === "glob") return matchesOf(folder, new Glob(path));
    return kind === "file" || !isPlainFolder(absoluteIn(folder, path)) ? [path] : filesIn(folder, path, onClosed);
  });
}

function filesIn(folder: string, path: string, onClosed: OnClosed): string[] {
  return [...entriesOf(absoluteIn(folder, path), (error) => onClosed(path, error))]
    .sort((a, b) => a.name < b.name ? -1 : 1)
    .flatMap(({ name, isDirectory }) =>
      isDirectory ? filesIn(folder, `${path}/${name}`, onClosed) : [`${path}/${name}`]
    );
}

function entriesOf(path: string, onClosed: (error: string) => void): Deno.DirEntry[] {
  try {
    return [...Deno.readDirSync(path)];
  } catch (error) {
    onClosed(systemDetail(error));
    return [];
  }
}

/** The links in folders that tasks have made when they were last done, and their texts: no index of files has them. */
function linksMade(tasks: readonly Task[], cache: BuildCache): Map<string, string | undefined> {
  const links = new Map<string, string | undefined>();
  const places = new OutputPlaces(cache);
  for (const task of tasks) {
    const { name, outputs } = task;
    const last = outputs.some(({ kind }) => kind !== "file") ? cache.trace(name) : undefined;
    const entry = last && cache.get(last[0], outputs[0].path);
    for (const { artifact_path: path, tree } of entry === undefined ? [] : artifactsIn(places.asOwn(task, entry))) {
      for (const one of parseTree(tree ?? "") ?? []) {
        if (one.kind === "link") links.set(`${path}/${one.path}`, one.target);
      }
    }
  }
  return links;
}

function linkAt(path: string): string | undefined {
  try {
    return Deno.readLinkSync(path);
  } catch {
    return undefined;
  }
}

/** Removes a folder that a task has made with the folders in it, as far as nothing is left in them. */
function removeEmpty(folder: string, path: string): void {
  const absolute = absoluteIn(folder, path);
  if (!isPlainFolder(absolute)) return;
  for (const { name, isDirectory } of entriesOf(absolute, () => {})) {
    if (isDirectory) removeEmpty(folder, `${path}/${name}`);
  }
  try {
    Deno.removeSync(absolute);
  } catch {
    // Something is left in it.
  }
}

function isPlainFolder(path: string): boolean {
  try {
    return Deno.lstatSync(path).isDirectory;
  } catch {
    return false;
  }
}

/** Does something to each, until it is stopped. */
async function inTurns<Item>(
  items: readonly Item[],
  { aborted }: Stop,
  act: (item: Item) => void | Promise<void>,
): Promise<void> {
  for (const [at, item] of items.entries()) {
    if (at % TURN === TURN - 1) await new Promise((resolve) => setTimeout(resolve, 0));
    aborted.throwIfAborted();
    await act(item);
  }
}

/** Undefined for an artifact as a build has put it there, for this config if one is named: by how it looks and by what it holds. */
async function reasonToKeep(
  path: string,
  { files, config }: { readonly files: FileIndex; readonly config: string | undefined },
): Promise<KeptReason | undefined> {
  const made = files.remembered(path), owners = files.madeFor(path);
  if (owners === undefined) return files.wasMade(path) ? "edited since it was made" : "not made by troupe";
  if (config !== undefined && !owners.includes(config)) return "not made by troupe";
  if (files.isLink(path)) return undefined; // what it leads to is not what is deleted
  files.begin();
  let digest = files.digest(path);
  while (typeof digest === "object" && "tooMuch" in digest) {
    await files.readSlowly(path);
    digest = files.digest(path);
  }
  return digest === made ? undefined : "edited since it was made";
}
