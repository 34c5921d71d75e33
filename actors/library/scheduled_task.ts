/**
 * Owns a task of a program: what it was added with, and what became of it.
 * It runs nothing and checks only what it is itself told.
 *
 * @module
 */
import type { TaskStatus } from "../../graph/library/execution_report.ts";
import { didYouMean } from "../../graph/diagnostics.ts";
import { nearest } from "../../graph/suggest.ts";
import { ModuleExecutor } from "./module_executor.ts";
import { kindOf } from "./kind_of.ts";
import type { TaskContext } from "./task_context.ts";
import { quote } from "../../graph/text.ts";

/** What does a task's work: a function, async or not, or a function of a module that runs in a thread of its own. */
export type TaskExecutor = ((context: TaskContext) => unknown) | ModuleExecutor;

/** Choices for one task. */
export interface TaskOptions {
  /** Limit for one attempt; default 300. */
  readonly timeoutSeconds?: number;
  /** Further attempts after a failed one; default 0. */
  readonly retryCount?: number;
  /** Wait before the first further attempt; each one after it waits twice as long, up to half a minute. Default 100. */
  readonly retryDelayMs?: number;
  /** Whatever the function is to know of its task. */
  readonly metadata?: Readonly<Record<string, unknown>>;
}

const OPTIONS: readonly string[] = [
  "timeoutSeconds",
  "retryCount",
  "retryDelayMs",
  "metadata",
] satisfies (keyof TaskOptions)[];

/** What they are called elsewhere, in troupe too. */
const WORDS_OF_OTHERS: Readonly<Record<string, keyof TaskOptions>> = {
  timeout: "timeoutSeconds",
  timeoutMs: "timeoutSeconds",
  retries: "retryCount",
  maxRetries: "retryCount",
  retryDelay: "retryDelayMs",
};

/** A task as it is now: what it was added with, and what became of it in the last execution. */
export interface ScheduledTask {
  /** Unique in its scheduler. */
  readonly taskId: string;
  /** What does its work. */
  readonly executor: TaskExecutor;
  /** Ids of the tasks that must be completed first, each once. */
  readonly dependencies: readonly string[];
  /** Limit for one attempt. */
  readonly timeoutSeconds: number;
  /** Further attempts after a failed one. */
  readonly retryCount: number;
  /** Wait before the first further attempt. */
  readonly retryDelayMs: number;
  /** Whatever the function is to know of its task. */
  readonly metadata: Readonly<Record<string, unknown>>;
  /** How far it is. */
  readonly status: TaskStatus;
  /** What its attempts took, without the waits between them. */
  readonly durationMs: number;
  /** Why its last attempt failed, or why it was skipped; absent once it is completed. */
  readonly error?: Error;
  /** When it was added. */
  readonly createdAt: Date;
  /** What it returned. */
  readonly result?: unknown;
}

const DEFAULT_TIMEOUT_SECONDS = 300;
const DEFAULT_RETRY_DELAY_MS = 100;
const LONGEST_RETRY_DELAY_MS = 30_000;

/** A task, to be changed by the execution it is in. */
export class TaskRecord implements ScheduledTask {
  readonly taskId: string;
  readonly executor: TaskExecutor;
  readonly dependencies: readonly string[];
  readonly timeoutSeconds: number;
  readonly retryCount: number;
  readonly retryDelayMs: number;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly createdAt = new Date();
  status: TaskStatus = "PENDING";
  durationMs = 0;
  attempts = 0;
  error?: Error;
  result?: unknown;

  /**
   * @throws {TypeError} When the executor or the dependencies are none, or there is no such option.
   * @throws {RangeError} When one of the options cannot be.
   */
  constructor(
    taskId: string,
    { executor, dependencies, options }: {
      readonly executor: TaskExecutor;
      readonly dependencies: readonly string[];
      readonly options: TaskOptions;
    },
  ) {
    this.taskId = taskId;
    this.executor = checkedExecutor(taskId, executor);
    if (!isListOfTexts(dependencies)) {
      throw new TypeError(`Dependencies of task ${quote(taskId)} must be a list of ids, not ${kindOf(dependencies)}`);
    }
    this.dependencies = [...new Set(dependencies)];
    const unknown = Object.keys(options).find((key) => !OPTIONS.includes(key));
    if (unknown !== undefined) throw unknownOption(taskId, unknown);
    this.timeoutSeconds = options.timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS;
    this.retryCount = options.retryCount ?? 0;
    this.retryDelayMs = options.retryDelayMs ?? DEFAULT_RETRY_DELAY_MS;
    this.metadata = options.metadata ?? {};
    if (typeof this.timeoutSeconds !== "number" || !(this.timeoutSeconds > 0)) {
      throw this.#refusal("timeoutSeconds", "must be more than 0");
    }
    if (!Number.isInteger(this.retryCount) || this.retryCount < 0 || this.retryCount > 2 ** 31 - 1) {
      throw this.#refusal("retryCount", "must be an integer from 0");
    }
    if (typeof this.retryDelayMs !== "number" || !(this.retryDelayMs >= 0 && this.retryDelayMs < Infinity)) {
      throw this.#refusal("retryDelayMs", "must be 0 or more");
    }
  }

  /** Forgets the last execution. */
  reset(): void {
    this.status = "PENDING";
    this.durationMs = 0;
    this.attempts = 0;
    this.error = undefined;
    this.result = undefined;
  }

  /** How long to wait after so many failed attempts. */
  delayMs(failedAttempts: number): number {
    const longest = Math.max(LONGEST_RETRY_DELAY_MS, this.retryDelayMs);
    return Math.min(this.retryDelayMs * 2 ** (failedAttempts - 1), longest);
  }

  #refusal(option: "timeoutSeconds" | "retryCount" | "retryDelayMs", rule: string): RangeError {
    return new RangeError(`${option} of task ${quote(this.taskId)} ${rule}, not ${this[option]}`);
  }
}

function checkedExecutor(taskId: string, executor: unknown): TaskExecutor {
  if (typeof executor === "function" || executor instanceof ModuleExecutor) return executor as TaskExecutor;
  const hint = isPromise(executor) ? "pass () => … around what makes it" : "pass a function";
  throw new TypeError(`Executor of task ${quote(taskId)} must be a function, not ${kindOf(executor)}: ${hint}`);
}

function isPromise(value: unknown): boolean {
  return typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function";
}

function isListOfTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((entry) => typeof entry === "string");
}

function unknownOption(taskId: string, option: string): TypeError {
  const guess = didYouMean(WORDS_OF_OTHERS[option] ?? nearest(option, OPTIONS));
  return new TypeError(
    `Unknown option ${quote(option)} of task ${quote(taskId)}${guess === undefined ? "" : `, ${guess}`}`,
  );
}
