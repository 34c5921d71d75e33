/**
 * Owns a member's options: what each may be, the variable of the environment that stands in for it, and the default.
 * An option counts over the environment, the environment over the default. It is read when it is asked, not before.
 *
 * @module
 */
import type { FailurePolicy, RetryLimits } from "../../graph/crew/status.ts";
import { CrewError } from "./crew_error.ts";
import { DEFAULT_WORKFLOW, HEARTBEAT_INTERVAL_MS } from "./view.ts";

/** The database that is meant when none is named. */
export const DEFAULT_DATABASE = "crew.sqlite";

/**
 * Choices for a member. Those with a variable named here are read from the environment where they are left out.
 *
 * @example
 * ```ts
 * import { Crew, type CrewOptions } from "./mod.ts";
 *
 * const options: CrewOptions = { db: "options.sqlite", labels: ["gpu"], heartbeatIntervalMs: 5000 };
 * await using crew = new Crew(["a"], options);
 * for await (const task of crew) console.log(task.data);
 * ```
 */
export interface CrewOptions {
  /** Path of the database; default `crew.sqlite`. */
  readonly db?: string;
  /** Which of the workflows in the database; default `main`. */
  readonly workflow?: string;
  /** The name of this member, unlike that of any other at work; default the process id. `TROUPE_IDENTIFIER` */
  readonly identifier?: string | (() => string);
  /** What it may be given: only tasks all of whose requirements are among these. */
  readonly labels?: Iterable<string>;
  /** Whether the others go on (`continue`, the default) or stop when a task has failed. `TROUPE_FAILURE_POLICY` */
  readonly failurePolicy?: FailurePolicy;
  /** Between two signs of life; default 30 s. `TROUPE_HEARTBEAT_INTERVAL`, in seconds */
  readonly heartbeatIntervalMs?: number;
  /**
   * Without a sign of life for so long it counts as dead; default twice the interval. `TROUPE_HEARTBEAT_TIMEOUT`, in
   * seconds
   */
  readonly heartbeatTimeoutMs?: number;
  /** Further attempts at a task after one that failed; default 0. `TROUPE_MAX_FAILED_RETRIES` */
  readonly maxFailedRetries?: number;
  /** Further attempts after one whose member died; default 0. `TROUPE_MAX_KILLED_RETRIES` */
  readonly maxKilledRetries?: number;
  /** Do completed tasks again whose fingerprint has changed; default false. `TROUPE_ENABLE_FINGERPRINTS` */
  readonly enableFingerprints?: boolean;
  /** Plain iteration over all, without a database and without locks; default false. `TROUPE_DISABLED` */
  readonly disabled?: boolean;
  /**
   * The database is on a network file system: a rollback journal, and a file lock around every access; default false.
   */
  readonly sharedFs?: boolean;
}

/** The same with everything decided. */
export interface CrewSettings extends RetryLimits {
  readonly db: string;
  readonly workflow: string;
  readonly identifier: string | (() => string) | undefined;
  readonly labels: readonly string[];
  readonly failurePolicy: FailurePolicy;
  readonly heartbeatIntervalMs: number;
  readonly heartbeatTimeoutMs: number;
  readonly enableFingerprints: boolean;
  readonly disabled: boolean;
  readonly sharedFs: boolean;
}

/** Looks up one variable. */
export type Environment = (name: string) => string | undefined;

/**
 * Decides everything.
 *
 * @throws {CrewError} When an option or a variable has no usable value; the first one is named.
 */
export function readSettings(options: CrewOptions, environment: Environment = Deno.env.get): CrewSettings {
  const variable = <Value>(name: string, read: (text: string) => Value | undefined, wanted: string) => {
    const text = environment(`TROUPE_${name}`);
    if (text === undefined || text === "") return undefined;
    const value = read(text.trim());
    if (value === undefined) throw unusable(`TROUPE_${name}`, wanted, `'${text}'`);
    return value;
  };
  const whole = (name: string) => variable(name, wholeOf, "a whole number from 0");
  const seconds = (name: string) => variable(name, millisecondsOf, "a number of seconds above 0");
  const isOn = (name: string) => variable(name, booleanOf, "true or false");

  const identifier = options.identifier ?? variable("IDENTIFIER", (text) => text || undefined, "a text");
  const failurePolicy = options.failurePolicy ??
    variable("FAILURE_POLICY", (text) => isPolicy(text) ? text : undefined, "'continue' or 'stop'") ?? "continue";
  const heartbeatIntervalMs = options.heartbeatIntervalMs ?? seconds("HEARTBEAT_INTERVAL") ?? HEARTBEAT_INTERVAL_MS;
  const heartbeatTimeoutMs = options.heartbeatTimeoutMs ?? seconds("HEARTBEAT_TIMEOUT") ?? 2 * heartbeatIntervalMs;
  const maxFailedRetries = options.maxFailedRetries ?? whole("MAX_FAILED_RETRIES") ?? 0;
  const maxKilledRetries = options.maxKilledRetries ?? whole("MAX_KILLED_RETRIES") ?? 0;

  if (identifier === "") throw unusable("identifier", "a text", "''");
  if (!isPolicy(failurePolicy)) throw unusable("failurePolicy", "'continue' or 'stop'", `'${failurePolicy}'`);
  checkCount("maxFailedRetries", maxFailedRetries);
  checkCount("maxKilledRetries", maxKilledRetries);
  checkDuration("heartbeatIntervalMs", heartbeatIntervalMs);
  checkDuration("heartbeatTimeoutMs", heartbeatTimeoutMs);
  if (heartbeatTimeoutMs <= heartbeatIntervalMs) {
    throw unusable("heartbeatTimeoutMs", `more than heartbeatIntervalMs (${heartbeatIntervalMs})`, heartbeatTimeoutMs);
  }
  if (typeof options.labels === "string") throw unusable("labels", "several texts", `'${options.labels}'`);
  return {
    db: options.db ?? DEFAULT_DATABASE,
    workflow: options.workflow ?? DEFAULT_WORKFLOW,
    identifier,
    labels: [...options.labels ?? []],
    failurePolicy,
    heartbeatIntervalMs,
    heartbeatTimeoutMs,
    maxFailedRetries,
    maxKilledRetries,
    enableFingerprints: options.enableFingerprints ?? isOn("ENABLE_FINGERPRINTS") ?? false,
    disabled: options.disabled ?? isOn("DISABLED") ?? false,
    sharedFs: options.sharedFs ?? false,
  };
}

function isPolicy(text: string): text is FailurePolicy {
  return text === "continue" || text === "stop";
}

function wholeOf(text: string): number | undefined {
  return /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}

function millisecondsOf(text: string): number | undefined {
  const seconds = Number(text);
  return text !== "" && seconds > 0 && Number.isFinite(seconds) ? seconds * 1000 : undefined;
}

function booleanOf(text: string): boolean | undefined {
  if (/^(1|true|yes|on)$/i.test(text)) return true;
  return /^(0|false|no|off)$/i.test(text) ? false : undefined;
}

function checkCount(name: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 0) throw unusable(name, "a whole number from 0", value);
}

function checkDuration(name: string, value: number): void {
  if (!(value > 0 && Number.isFinite(value))) throw unusable(name, "a number of milliseconds above 0", value);
}

function unusable(name: string, wanted: string, value: unknown): CrewError {
  return new CrewError("option", `${name} must be ${wanted}, not ${value}`);
}
