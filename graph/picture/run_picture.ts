/**
 * Owns the shape of one recorded run as pictures of it need it: every task with how it stands, and every attempt with when
 * and where it was made. Types, and what follows from them alone.
 *
 * @module
 */
import { buildGraph, type Graph } from "../graph.ts";
import { waitedChain } from "./critical_path.ts";
import type { Standing } from "./standing.ts";

/** A run. Times in Unix microseconds. */
export interface PicturedRun {
  readonly id: number;
  readonly kind: "run" | "build";
  /** Absolute path of the config or task file. */
  readonly source: string;
  readonly startedUs: number;
  /** Null while it goes on. */
  readonly endedUs: number | null;
  readonly state: "running" | "finished" | "interrupted";
  /** The names that were asked for; null for all. */
  readonly asked: readonly string[] | null;
}

/** A task of it. */
export interface PicturedTask {
  readonly name: string;
  readonly command: string;
  readonly dependencies: readonly string[];
  readonly standing: Standing;
  /** How often it was tried, and may be. */
  readonly attempts: number;
  readonly maxAttempts: number;
  /** When it was begun, as far as that is known of one that runs. */
  readonly startedUs: number | null;
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly error: string | null;
}

/** An attempt at one. */
export interface PicturedAttempt {
  readonly task: number;
  readonly attempt: number;
  readonly startedUs: number;
  readonly endedUs: number;
  readonly worker: number | null;
  readonly host: string | null;
  readonly outcome: "passed" | "failed" | "timeout" | "cancelled";
  readonly reason: string | null;
  readonly fingerprint: string | null;
  readonly cpuUs: number | null;
  /** KiB. */
  readonly memory: number | null;
}

/** All of it. */
export interface RunPicture {
  readonly run: PicturedRun;
  readonly tasks: readonly PicturedTask[];
  /** In the order in which they were begun. */
  readonly attempts: readonly PicturedAttempt[];
}

/** What follows from a picture. */
export interface RunFacts {
  readonly graph: Graph;
  /** Until its end or, of one that goes on, its last sign of life; Unix microseconds. */
  readonly endUs: number;
  /** The last attempt at each task. */
  readonly last: readonly (PicturedAttempt | undefined)[];
  /** Tasks, each of which waited for the one before. */
  readonly critical: readonly number[];
}

/** What follows. */
export function factsOf({ run, tasks, attempts }: RunPicture): RunFacts {
  const { graph } = buildGraph(tasks);
  const last: (PicturedAttempt | undefined)[] = new Array(tasks.length).fill(undefined);
  let endUs = run.endedUs ?? run.startedUs;
  for (const attempt of attempts) {
    last[attempt.task] = attempt;
    endUs = Math.max(endUs, attempt.endedUs);
  }
  const ends = last.map((attempt) => attempt?.endedUs ?? -1);
  return { graph, endUs, last, critical: waitedChain(graph, ends) };
}

/** Who made an attempt, as rows of pictures name it: with its host where there are several. */
export function workerNames(attempts: readonly PicturedAttempt[]): (attempt: PicturedAttempt) => string {
  const hosts = new Set(attempts.map(({ host }) => host));
  return ({ worker, host }) => {
    const name = worker === null ? "no worker" : `worker ${worker}`;
    return hosts.size > 1 && host !== null ? `${host} ${name}` : name;
  };
}

/** Attempts by who made them, ordered by name as people count. */
export function rowsOf(attempts: readonly PicturedAttempt[]): Map<string, PicturedAttempt[]> {
  const nameOf = workerNames(attempts);
  const rows = new Map<string, PicturedAttempt[]>();
  for (const attempt of attempts) {
    const name = nameOf(attempt);
    const row = rows.get(name);
    if (row === undefined) rows.set(name, [attempt]);
    else row.push(attempt);
  }
  const order = new Intl.Collator("en", { numeric: true });
  return new Map([...rows].sort(([a], [b]) => order.compare(a, b)));
}
