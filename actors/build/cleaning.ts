/**
 * Owns the deletion of artifacts: of what lies at the outputs of tasks, exactly those files that a build has put there
 * and nobody has touched since. Nothing else is ever deleted, no folder either; the build cache stays as it is, which
 * finds them missing.
 *
 * @module
 */
import type { Task } from "../../graph/task.ts";
import { absoluteIn } from "../../graph/paths.ts";
import type { CleanedArtifact, CleanReport, KeptReason } from "../../graph/report/clean_report.ts";
import type { LoadedBuild } from "../input/load.ts";
import { isThere } from "../machine/regular_file.ts";
import { systemDetail } from "../machine/system_error.ts";
import type { Stop } from "../process/stop_listener.ts";
import type { FileIndex } from "../storage/file_index.ts";
import type { BuildCache } from "./build_cache.ts";
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
  const asked: CleanedArtifact[] = [
    ...tasks.map(({ name, output }) => ({ path: output, task: name })),
    ...(stale ? left.find().all.map((path) => ({ path, task: null })) : []),
  ];
  const made: (CleanedArtifact & { readonly size: number })[] = [];
  const kept: CleanReport["kept"][number][] = [];
  await inTurns(asked, stop, async (artifact) => {
    const { path, task } = artifact;
    if (!isThere(absoluteIn(build.folder, path))) return;
    const reason = await reasonToKeep(path, { files, config: task === null ? undefined : left.config });
    if (reason !== undefined) kept.push({ ...artifact, reason });
    else made.push({ ...artifact, size: files.isLink(path) ? 0 : files.size(path) });
  });
  if (isDryRun) return { deleted: made, kept, failed: [] };
  const deleted: typeof made = [];
  const failed: CleanReport["failed"][number][] = [];
  await inTurns(made, stop, ({ path, task, size }) => {
    try {
      Deno.removeSync(absoluteIn(build.folder, path));
      deleted.push({ path, task, size });
    } catch (error) {
      failed.push({ path, task, error: systemDetail(error) });
    }
  });
  return { deleted, kept, failed };
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
