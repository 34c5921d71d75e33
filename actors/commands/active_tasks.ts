/**
 * Owns the count of tasks that run now beside those that are asked about: by the history, the crew's database and the lock
 * records of a folder. It only reads, and what cannot be read counts for nothing.
 *
 * @module
 */
import { FileLockManager } from "../locks/locks.ts";

/** The paths there is to look at; what is not there yet has nobody in it. */
export interface ActivePlaces {
  readonly history: string;
  readonly crew: string;
}

/** Runs that go on are among the newest. */
const RUNS_LOOKED_AT = 20;
const MOST = 10_000;

/** Tasks of runs and members that go on. */
export async function recordedTasks({ history, crew }: ActivePlaces): Promise<number> {
  return await count(history, runningInHistory) + await count(crew, runningInCrew);
}

/** Tasks for which locks are held in a folder, each once however many files it has locked. */
export function lockingTasks(folder: string): number {
  const held = new FileLockManager(folder).list().filter(({ stale, isWaiting, task }) =>
    stale === null && !isWaiting && task !== null
  );
  return new Set(held.map(({ host, pid, task }) => `${host} ${pid} ${task}`)).size;
}

async function count(path: string, running: (path: string) => Promise<number>): Promise<number> {
  try {
    return Deno.statSync(path).isFile ? await running(path) : 0;
  } catch {
    return 0;
  }
}

async function runningInHistory(path: string): Promise<number> {
  const { HistoryView } = await import("../history/queries.ts");
  using view = await HistoryView.open(path);
  return view.recent(RUNS_LOOKED_AT).reduce((sum, { state, running }) => sum + (state === "running" ? running : 0), 0);
}

async function runningInCrew(path: string): Promise<number> {
  const { Monitor } = await import("../crew/monitor.ts");
  using monitor = await Monitor.open(path);
  const isAtWork = new Set((await monitor.getWorkers()).filter(({ isStale }) => !isStale).map((one) => one.id));
  const { running } = await monitor.getOverview();
  return Math.min(MOST, running.filter(({ worker }) => isAtWork.has(worker)).length);
}
