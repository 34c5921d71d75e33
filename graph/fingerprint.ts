/**
 * Owns the fingerprint: the record of everything that could change a task's artifact, its digest, and the walk that
 * says in words how two such records differ.
 * It reads no file: digests are given to it.
 *
 * Not in the record: the output path, so that equal work can be shared, and the dependencies' own fingerprints, so
 * that an edit which leaves an artifact unchanged stops there.
 *
 * @module
 */
import { createHash } from "node:crypto";
import type { Task } from "./task.ts";

/** Raised when the record's form changes, so that old fingerprints match nothing. */
const FORM = 1;

/** What one task's artifact depends on, at the moment its turn comes. */
export interface Inputs {
  /** Source paths in order, with the digest of each; the path is in because commands see it in `IN`. */
  readonly sources: readonly string[];
  readonly sourceDigests: readonly string[];
  /** Artifacts of the dependencies in order; the path is in because commands see it in `DEPS`. */
  readonly artifacts: readonly string[];
  readonly artifactDigests: readonly string[];
}

/** What is remembered of a task's last completion in order to say why it runs again. */
export interface Trace {
  /** The fingerprint's first sixteen digits. */
  readonly fingerprint: string;
  /** Digest of the action and of what else it is told. */
  readonly action: string;
  readonly env: Readonly<Record<string, string>>;
  /** Path and digest, alternating. */
  readonly sources: readonly string[];
  /** Dependency name and artifact digest, alternating. */
  readonly dependencies: readonly string[];
}

/** SHA-256 in lower-case hex. */
export function sha256(data: string | Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}

/** The digest that names a task's work: equal digests mean equal artifacts. */
export function fingerprint(task: Task, inputs: Inputs): string {
  const isCommand = task.action.kind === "command";
  return sha256(JSON.stringify([
    FORM,
    actionRecord(task),
    sortedEntries(task.env),
    inputs.sources,
    inputs.sourceDigests,
    isCommand ? inputs.artifacts : [],
    inputs.artifactDigests,
  ]));
}

/** The trace to remember beside the fingerprint of the same inputs. */
export function trace(task: Task, inputs: Inputs, key: string): Trace {
  return {
    fingerprint: key.slice(0, 16),
    action: sha256(JSON.stringify(actionRecord(task))).slice(0, 16),
    env: task.env,
    sources: interleave(inputs.sources, inputs.sourceDigests),
    dependencies: interleave(task.dependencies, inputs.artifactDigests),
  };
}

/**
 * The differences between two traces, most telling first, e.g. `source changed: src/a.c`.
 * Empty when they are the same.
 */
export function differences(before: Trace, after: Trace): string[] {
  const found: string[] = [];
  if (before.action !== after.action) found.push("command changed");
  compare(pairs(sortedEntries(before.env).flat()), pairs(sortedEntries(after.env).flat()), "environment", found);
  compare(pairs(before.sources), pairs(after.sources), "source", found);
  compare(pairs(before.dependencies), pairs(after.dependencies), "dependency", found);
  if (found.length === 0 && !sameOrder(before.sources, after.sources)) found.push("order of sources changed");
  if (found.length === 0 && !sameOrder(before.dependencies, after.dependencies)) {
    found.push("order of dependencies changed");
  }
  return found;
}

/** Two tasks with one command differ when the command asks for the task's name. */
function actionRecord(task: Task): readonly string[] {
  const { action } = task;
  switch (action.kind) {
    case "command":
      return /\bTASK\b/.test(action.command) ? [action.kind, action.command, task.name] : [action.kind, action.command];
    case "content":
      return [action.kind, action.content];
    case "concatenate":
      return [action.kind];
  }
}

function sortedEntries(env: Readonly<Record<string, string>>): [string, string][] {
  const entries = Object.entries(env);
  return entries.length < 2 ? entries : entries.sort(([a], [b]) => a < b ? -1 : 1);
}

function interleave(keys: readonly string[], values: readonly string[]): string[] {
  const joined: string[] = new Array(2 * keys.length);
  for (let i = 0; i < keys.length; i++) {
    joined[2 * i] = keys[i];
    // Sixteen digits tell two versions of a file apart; the full digests are in the fingerprint.
    joined[2 * i + 1] = values[i].slice(0, 16);
  }
  return joined;
}

function pairs(list: readonly string[]): Map<string, string> {
  const map = new Map<string, string>();
  for (let i = 0; i < list.length; i += 2) map.set(list[i], list[i + 1]);
  return map;
}

function compare(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
  what: string,
  found: string[],
): void {
  const changed: string[] = [], added: string[] = [], removed: string[] = [];
  for (const [key, value] of after) {
    const old = before.get(key);
    if (old === undefined) added.push(key);
    else if (old !== value) changed.push(key);
  }
  for (const key of before.keys()) if (!after.has(key)) removed.push(key);
  if (changed.length > 0) found.push(`${what} changed: ${listed(changed)}`);
  if (added.length > 0) found.push(`${what} added: ${listed(added)}`);
  if (removed.length > 0) found.push(`${what} removed: ${listed(removed)}`);
}

function listed(names: readonly string[]): string {
  return names.length <= 3 ? names.join(", ") : `${names.slice(0, 3).join(", ")} and ${names.length - 3} more`;
}

function sameOrder(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((item, i) => item === b[i]);
}
