/**
 * Owns every question that is asked of the history, in SQL and as values.
 * It changes nothing in the file.
 *
 * @module
 */
import type { Declarations } from "../graph/task.ts";
import { type Database, openDatabase } from "./database.ts";
import { HISTORY_SCHEMA } from "./history_schema.ts";
import { type Liveness, livenessOf } from "./process_identity.ts";

/** How a task of a run ended. */
export type TaskStatus = "passed" | "failed" | "skipped" | "timeout";

/** What is needed to run a task again without the file it came from. */
export interface TaskDefinition {
  readonly name: string;
  readonly command: string;
  readonly dependencies: readonly string[];
  readonly timeoutMs?: number;
  readonly retries: number;
  readonly env: Readonly<Record<string, string>>;
  /** What keeps it apart from others; absent where nothing was declared. */
  readonly declared?: Declarations;
}

/** `interrupted`: by a signal, or because troupe itself was killed. */
export type RunState = "running" | "finished" | "interrupted";

/** One run. Times in Unix seconds. */
export interface RunRecord {
  readonly id: number;
  readonly state: RunState;
  readonly startedAt: number;
  /** Null while it goes on, and for ever if troupe was killed. */
  readonly finishedAt: number | null;
  readonly durationMs: number | null;
  readonly totalTasks: number;
  readonly passed: number;
  /** Those that timed out count too. */
  readonly failed: number;
  readonly skipped: number;
  readonly timeouts: number;
  /** The signal that stopped it. */
  readonly interruptedBy: string | null;
  readonly kind: "run" | "build";
  readonly source: string;
  readonly folder: string;
  readonly retryOf: number | null;
}

/** One task of a run; without a status it runs, was never started, or troupe was killed. */
export interface TaskRecord {
  readonly name: string;
  readonly command: string;
  readonly status: TaskStatus | null;
  readonly exitCode: number | null;
  /** Unix seconds. */
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
  readonly durationMs: number | null;
  readonly error: string | null;
  readonly attempts: number;
}

/** A task with what it printed, byte for byte; null when it was never started or runs. */
export interface TaskWithOutput extends TaskRecord {
  readonly stdout: Uint8Array | null;
  readonly stderr: Uint8Array | null;
}

/** What a retry of a run has to do. */
export interface RetrySet {
  /** Those that did not pass, in the order of the task file. */
  readonly tasks: readonly (TaskDefinition & { readonly status: TaskStatus | null })[];
  /** Names that these depend on and that are not among them: they passed, so nobody waits for them. */
  readonly passed: ReadonlySet<string>;
}

/** A run on another host cannot be asked whether it lives: for so long after its start it is believed to. */
const BELIEVED_SECONDS = 86_400;

const RUN = `select id, started_at startedAt, finished_at finishedAt, duration_ms durationMs, total_tasks totalTasks,
  passed, failed, skipped, timeouts, interrupted interruptedBy, kind, source, folder, retry_of retryOf,
  host, pid, process_birth birth from runs`;

const TASK_COLUMNS = `d.name, d.command, t.status, t.exit_code exitCode, t.started_at startedAt,
  t.finished_at finishedAt, t.duration_ms durationMs, t.error, coalesce(t.attempts, 0) attempts`;

const DEFINED = "from definitions d left join tasks t on t.run_id = d.run_id and t.name = d.name where d.run_id = ?";

/** Every statement of this file. Exported so that a test can hold their query plans. */
export const QUERIES = {
  recent: `${RUN} order by id desc limit ?`,
  run: `${RUN} where id = ?`,
  last: `${RUN} order by id desc limit 1`,
  tasks: `select ${TASK_COLUMNS} ${DEFINED} order by d.position`,
  failedTasks: `select ${TASK_COLUMNS} ${DEFINED} and t.status in ('failed', 'timeout') order by d.position`,
  task:
    `select ${TASK_COLUMNS}, cast(t.stdout as blob) stdout, cast(t.stderr as blob) stderr ${DEFINED} and d.name = ?`,
  retry:
    `select d.name, d.command, d.dependencies, d.timeout_ms timeoutMs, d.retries, d.env, d.declared, t.status ${DEFINED}
    and t.status is not 'passed' order by d.position`,
} as const;

type RunRow = Omit<RunRecord, "state"> & { host: string; pid: number; birth: string | null };

interface DefinitionRow {
  readonly name: string;
  readonly command: string;
  readonly dependencies: string;
  readonly timeoutMs: number | null;
  readonly retries: number;
  readonly env: string;
  readonly declared: string | null;
  readonly status: TaskStatus | null;
}

/** The history as those see it who only look. */
export class HistoryView implements Disposable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /**
   * Opens a history to look at it.
   *
   * @throws {DatabaseError} Also when there is none: it is not made.
   */
  static async open(path: string): Promise<HistoryView> {
    return new HistoryView(await openDatabase(path, { schema: HISTORY_SCHEMA, access: "look" }));
  }

  /** The newest runs, newest first. */
  recent(limit: number): RunRecord[] {
    return this.#database.all<RunRow>(QUERIES.recent, limit).map(runOf);
  }

  /** One run; undefined when there is none of that number, or none at all. */
  run(id: number | "last"): RunRecord | undefined {
    const row = id === "last" ? this.#database.get<RunRow>(QUERIES.last) : this.#database.get<RunRow>(QUERIES.run, id);
    return row && runOf(row);
  }

  /** The tasks of a run in the order of its file. `failed` leaves out all but those that failed or timed out. */
  tasks(run: number, only?: "failed"): TaskRecord[] {
    const rows = this.#database.all<TaskRecord>(only === "failed" ? QUERIES.failedTasks : QUERIES.tasks, run);
    return rows.map((row) => ({ ...row }));
  }

  /** One task with what it printed; undefined when the run has none of that name. */
  task(run: number, name: string): TaskWithOutput | undefined {
    const row = this.#database.get<TaskWithOutput>(QUERIES.task, run, name);
    return row && { ...row };
  }

  /** What did not pass: failed, timed out, skipped, or without an end because troupe was killed. */
  retrySet(run: number): RetrySet {
    const tasks = this.#database.all<DefinitionRow>(QUERIES.retry, run).map(definitionOf);
    const passed = new Set(tasks.flatMap(({ dependencies }) => dependencies));
    for (const { name } of tasks) passed.delete(name);
    return { tasks, passed };
  }

  close(): void {
    this.#database.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

function runOf({ host, pid, birth, ...row }: RunRow): RunRecord {
  return { ...row, state: stateOf(row, livenessOf.bind(null, { host, pid, birth })) };
}

function stateOf(run: Omit<RunRecord, "state">, liveness: () => Liveness): RunState {
  if (run.finishedAt !== null) return run.interruptedBy === null ? "finished" : "interrupted";
  switch (liveness()) {
    case "alive":
      return "running";
    case "dead":
      return "interrupted";
    case "unknown":
      return Date.now() / 1000 - run.startedAt < BELIEVED_SECONDS ? "running" : "interrupted";
  }
}

function definitionOf(row: DefinitionRow): RetrySet["tasks"][number] {
  const { name, command, dependencies, timeoutMs, retries, env, declared, status } = row;
  return {
    name,
    command,
    dependencies: JSON.parse(dependencies),
    ...(timeoutMs === null ? {} : { timeoutMs }),
    retries,
    env: JSON.parse(env),
    ...(declared === null ? {} : { declared: JSON.parse(declared) }),
    status,
  };
}
