/**
 * Owns the settings of the gates: what each may hold, and which of several sources counts: a flag over the environment
 * over a file over the default. It reads neither files nor the environment; diagnostics in a file have places in its text.
 *
 * @module
 */
import type { Diagnostic, JsonPath } from "../failure.ts";
import { parseJsonText } from "../input/json_text.ts";
import { didYouMean } from "../diagnostics.ts";
import { GateError, isAmount } from "./gate_task.ts";
import { nearest } from "../suggest.ts";
import { quote, shownValue } from "../text.ts";

/** What becomes of tasks that may not run together: one after another, or not at all. */
export type ConflictResolution = "sequential" | "refuse";
/** How much the gates say. */
export type LogLevel = "DEBUG" | "INFO" | "WARNING" | "ERROR";

/** What the gates go by. */
export interface GateSettings {
  readonly maxParallelTasks: number;
  readonly maxContextComplexity: number;
  readonly lockTimeoutSeconds: number;
  /** Seconds before each further attempt to get a lock, the last one repeated. */
  readonly retryDelays: readonly number[];
  readonly conflictResolution: ConflictResolution;
  readonly enableMonitoring: boolean;
  /** The build cache is on the disk after every so many tasks done. */
  readonly checkpointFrequency: number;
  /** From the environment alone. */
  readonly logLevel: LogLevel;
}

export const DEFAULT_SETTINGS: GateSettings = Object.freeze({
  maxParallelTasks: 5,
  maxContextComplexity: 30,
  lockTimeoutSeconds: 30,
  retryDelays: Object.freeze([0.1, 0.5, 1, 2]),
  conflictResolution: "sequential",
  enableMonitoring: true,
  checkpointFrequency: 3,
  logLevel: "INFO",
});

/** What a value must be, and whether it is. */
interface Rule {
  readonly field: keyof GateSettings;
  readonly expected: string;
  readonly isGood: (value: unknown) => boolean;
}

const MOST = 10_000;
const COUNT = { expected: `an integer from 1 to ${MOST}`, isGood: (value: unknown) => isCount(value) };
const MOST_SECONDS = 1_000_000;
const SECONDS = {
  expected: `a number of seconds from 0 to ${MOST_SECONDS}`,
  isGood: (value: unknown) => isSeconds(value),
};
const LEVELS: readonly LogLevel[] = ["DEBUG", "INFO", "WARNING", "ERROR"];

/** By their names in a file. */
const RULES: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ["max_parallel_tasks", { field: "maxParallelTasks", ...COUNT }],
  ["max_context_complexity", { field: "maxContextComplexity", ...COUNT }],
  ["lock_timeout_seconds", { field: "lockTimeoutSeconds", ...SECONDS }],
  ["retry_delays", {
    field: "retryDelays",
    expected: `a list of numbers of seconds from 0 to ${MOST_SECONDS}, of one at least`,
    isGood: (value) => Array.isArray(value) && value.length > 0 && value.every(isSeconds),
  }],
  ["conflict_resolution", {
    field: "conflictResolution",
    expected: "'sequential' or 'refuse'",
    isGood: (value) => value === "sequential" || value === "refuse",
  }],
  ["enable_monitoring", {
    field: "enableMonitoring",
    expected: "true or false",
    isGood: (value) => typeof value === "boolean",
  }],
  ["checkpoint_frequency", { field: "checkpointFrequency", ...COUNT }],
]);

/** Settings that the environment may set, by their names there. */
const ENVIRONMENT: ReadonlyMap<string, Rule & { readonly read: (text: string) => unknown }> = new Map([
  ["MAX_PARALLEL_TASKS", { field: "maxParallelTasks", ...COUNT, read: toNumber }],
  ["MAX_CONTEXT_COMPLEXITY", { field: "maxContextComplexity", ...COUNT, read: toNumber }],
  ["LOCK_TIMEOUT", { field: "lockTimeoutSeconds", ...SECONDS, read: toNumber }],
  ["GATE_LOG_LEVEL", {
    field: "logLevel",
    expected: "DEBUG, INFO, WARNING or ERROR",
    isGood: (value: unknown) => LEVELS.includes(value as LogLevel),
    read: (text: string) => text.toUpperCase(),
  }],
]);

/** What a source says, and every diagnostic in it. */
export interface ParsedSettings {
  readonly settings: Partial<GateSettings>;
  readonly diagnostics: Diagnostic[];
}

/** Parses and checks the text of a settings file. */
export async function parseSettings(text: string): Promise<ParsedSettings> {
  const json = await parseJsonText(text);
  if ("diagnostic" in json) return { settings: {}, diagnostics: [json.diagnostic] };
  const { settings, diagnostics } = checkSettings(json.value);
  return { settings, diagnostics: [...json.diagnostics, ...diagnostics] };
}

/** Checks a parsed settings file. */
function checkSettings(value: unknown): ParsedSettings {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return {
      settings: {},
      diagnostics: [{ message: "The gate settings must be an object", places: [at([], "value")] }],
    };
  }
  const settings: Record<string, unknown> = {}, diagnostics: Diagnostic[] = [];
  for (const [key, entry] of Object.entries(value)) {
    const rule = RULES.get(key);
    if (rule === undefined) {
      const free = [...RULES.keys()].filter((name) => !Object.hasOwn(value, name));
      const hint = didYouMean(nearest(key, free));
      if (key !== "$schema") {
        diagnostics.push({
          message: `Unknown key ${quote(key)} in the gate settings`,
          places: [at([key], "key")],
          hint,
        });
      }
    } else if (rule.isGood(entry)) settings[rule.field] = entry;
    else diagnostics.push({ message: wrong(key, rule, entry), places: [at([key], "value")] });
  }
  return { settings, diagnostics };
}

/** What the environment says; an empty variable says nothing. */
export function readEnvironment(get: (name: string) => string | undefined): ParsedSettings {
  const settings: Record<string, unknown> = {}, diagnostics: Diagnostic[] = [];
  for (const [name, rule] of ENVIRONMENT) {
    const text = get(name);
    if (text === undefined || text === "") continue;
    const value = rule.read(text);
    if (rule.isGood(value)) settings[rule.field] = value;
    else diagnostics.push({ message: wrong(name, rule, text), places: [] });
  }
  return { settings, diagnostics };
}

/**
 * Refuses settings that a program gives and that cannot be; of further options it looks at none.
 *
 * @throws {GateError} Naming the first of them.
 */
export function refuseWrong(options: Partial<GateSettings>): void {
  for (const rule of [...RULES.values(), ...ENVIRONMENT.values()]) {
    const value = options[rule.field];
    if (value !== undefined && !rule.isGood(value)) {
      throw new GateError(`${rule.field} must be ${rule.expected}, not ${String(value)}`);
    }
  }
}

/**
 * Refuses limits of resources that limit nothing or leave nothing.
 *
 * @throws {GateError} Naming the first of them.
 */
export function refuseWrongLimits(limits: Readonly<Record<string, number>> = {}): void {
  for (const [name, limit] of Object.entries(limits)) {
    if (isAmount(limit)) continue;
    throw new GateError(`resourceLimits.${name} must be a number above 0, not ${String(limit)}`);
  }
}

/** The settings in force: of several sources the first that says something counts, then the default. */
export function mergeSettings(...sources: readonly Partial<GateSettings>[]): GateSettings {
  return Object.assign({}, DEFAULT_SETTINGS, ...sources.toReversed().map(said));
}

function said(source: Partial<GateSettings>): Partial<GateSettings> {
  return Object.fromEntries(Object.entries(source).filter(([, value]) => value !== undefined));
}

function wrong(name: string, { expected }: Rule, value: unknown): string {
  return `${quote(name)} must be ${expected}, not ${typeof value === "string" ? quote(value) : shownValue(value)}`;
}

function at(path: JsonPath, of: "key" | "value"): { path: JsonPath; of: "key" | "value" } {
  return { path, of };
}

function toNumber(text: string): number {
  return /^\d+(?:\.\d+)?$/.test(text.trim()) ? Number(text) : NaN;
}

function isCount(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= MOST;
}

function isSeconds(value: unknown): boolean {
  return typeof value === "number" && value >= 0 && value <= MOST_SECONDS;
}
