/**
 * Owns a member's options: what each may be, the variable of the environment that stands in for it, and the default.
 * An option counts over the environment, the environment over the default. It is read when it is asked, not before.
 *
 * @module
 */
import type { FailurePolicy, RetryLimits } from "../../graph/crew/status.ts";
import { nearest } from "../../graph/suggest.ts";
import { CrewError } from "./store/crew_error.ts";
import { DEFAULT_WORKFLOW, HEARTBEAT_INTERVAL_MS } from "./store/view.ts";
import { lostIn, quote } from "../../graph/text.ts";

/** The database that is meant when none is named. */
export const DEFAULT_DATABASE = "crew.sqlite";

/** Choices for a member. Those with a variable named here are read from the environment where they are left out. */
export interface CrewOptions {
  /** Path of the database; default `crew.sqlite`. */
  readonly db?: string;
  /** Which of the workflows in the database; default `main`. */
  readonly workflow?: string;
  /**
   * Whose tasks these are, the same for all members: to work with those of another project, which may have equal ids, is
   * refused. Default what nobody else's are told from.
   */
  readonly project?: string;
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
  /** Lines of each task's audit trail that stay when nothing is left to do; at least 1, default 100. */
  readonly keepStatuses?: number;
  /** Do completed tasks again whose fingerprint has changed; default false. `TROUPE_ENABLE_FINGERPRINTS` */
  readonly enableFingerprints?: boolean;
  /** Plain iteration over all, without a database and without locks; default false. `TROUPE_DISABLED` */
  readonly disabled?: boolean;
  /**
   * The database is on a network file system: a rollback journal, and a lock around every access; default false. One that
   * hosts share already is used so in any case.
   */
  readonly sharedFs?: boolean;
}

/** The same with everything decided. */
export interface CrewSettings extends RetryLimits {
  readonly db: string;
  readonly workflow: string;
  /** Absent where there is none to be told from others. */
  readonly project?: string;
  readonly identifier: string | (() => string) | undefined;
  readonly labels: readonly string[];
  readonly failurePolicy: FailurePolicy;
  readonly heartbeatIntervalMs: number;
  readonly heartbeatTimeoutMs: number;
  /** Absent where it is left to prune.ts's number. */
  readonly keepStatuses?: number;
  readonly enableFingerprints: boolean;
  readonly disabled: boolean;
  readonly sharedFs: boolean;
}

const KEYS: Readonly<Record<keyof CrewOptions, true>> = {
  db: true,
  workflow: true,
  project: true,
  identifier: true,
  labels: true,
  failurePolicy: true,
  heartbeatIntervalMs: true,
  heartbeatTimeoutMs: true,
  maxFailedRetries: true,
  maxKilledRetries: true,
  keepStatuses: true,
  enableFingerprints: true,
  disabled: true,
  sharedFs: true,
};

/**
 * Finds options that there are not.
 *
 * @throws {CrewError} Naming the first one.
 */
export function checkKeys(options: object): void {
  const unknown = Object.keys(options).find((key) => !Object.hasOwn(KEYS, key));
  if (unknown === undefined) return;
  const meant = nearest(unknown, Object.keys(KEYS));
  const hint = meant === undefined ? "" : `, did you mean ${quote(meant)}?`;
  throw new CrewError("option", `Unknown option ${quote(unknown)}${hint}`);
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

  if (typeof identifier !== "function") checkName("identifier", identifier);
  checkName("workflow", options.workflow);
  checkName("project", options.project);
  if (!isPolicy(failurePolicy)) throw unusable("failurePolicy", "'continue' or 'stop'", `'${failurePolicy}'`);
  checkCount("maxFailedRetries", maxFailedRetries);
  checkCount("maxKilledRetries", maxKilledRetries);
  if (options.keepStatuses !== undefined) checkCount("keepStatuses", options.keepStatuses, 1);
  checkDuration("heartbeatIntervalMs", heartbeatIntervalMs);
  checkDuration("heartbeatTimeoutMs", heartbeatTimeoutMs);
  if (heartbeatTimeoutMs <= heartbeatIntervalMs) {
    throw unusable("heartbeatTimeoutMs", `more than heartbeatIntervalMs (${heartbeatIntervalMs})`, heartbeatTimeoutMs);
  }
  const labels = labelsOf(options.labels ?? []);
  for (const name of ["enableFingerprints", "disabled", "sharedFs"] as const) checkFlag(name, options[name]);
  return {
    db: options.db ?? DEFAULT_DATABASE,
    workflow: options.workflow ?? DEFAULT_WORKFLOW,
    ...(options.project === undefined ? {} : { project: options.project }),
    identifier,
    labels,
    failurePolicy,
    heartbeatIntervalMs,
    heartbeatTimeoutMs,
    maxFailedRetries,
    maxKilledRetries,
    ...(options.keepStatuses === undefined ? {} : { keepStatuses: options.keepStatuses }),
    enableFingerprints: options.enableFingerprints ?? isOn("ENABLE_FINGERPRINTS") ?? false,
    disabled: options.disabled ?? isOn("DISABLED") ?? false,
    sharedFs: options.sharedFs ?? false,
  };
}

/**
 * The name of a member, asked for where it is a function; undefined where the member is to find one.
 *
 * @throws {CrewError} When what it answers cannot be one.
 */
export function identifierOf({ identifier }: Pick<CrewSettings, "identifier">): string | undefined {
  if (typeof identifier !== "function") return identifier;
  const name: unknown = identifier();
  checkName("What identifier answers", name ?? null);
  return name as string;
}

/** Texts that the database gives back as they are. */
function checkName(name: string, value: unknown): void {
  if (value === undefined) return;
  if (typeof value !== "string" || value === "") throw unusable(name, "a text", shown(value));
  const lost = lostIn(value);
  if (lost !== undefined) throw unusable(name, `a text without ${lost}`, shown(value));
}

function labelsOf(labels: Iterable<unknown>): string[] {
  if (typeof labels !== "object" || labels === null || !(Symbol.iterator in labels)) {
    throw unusable("labels", "several texts", shown(labels));
  }
  const list = [...labels];
  for (const label of list) checkName("Each of labels", label ?? null);
  return list as string[];
}

function checkFlag(name: string, value: unknown): void {
  if (value !== undefined && typeof value !== "boolean") throw unusable(name, "true or false", shown(value));
}

function shown(value: unknown): string {
  return typeof value === "string" ? quote(value) : String(value);
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

function checkCount(name: string, value: number, least = 0): void {
  if (!Number.isSafeInteger(value) || value < least) throw unusable(name, `a whole number from ${least}`, value);
}

function checkDuration(name: string, value: number): void {
  if (!(value > 0 && Number.isFinite(value))) throw unusable(name, "a number of milliseconds above 0", value);
}

function unusable(name: string, wanted: string, value: unknown): CrewError {
  return new CrewError("option", `${name} must be ${wanted}, not ${value}`);
}
