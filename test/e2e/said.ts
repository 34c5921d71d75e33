/**
 * Owns the reading of what a build said: which tasks it started, and its lines without what differs from run to run.
 *
 * @module
 */
import type { Ended } from "../rig.ts";
import type { BuildReport } from "../../graph/report/build_report.ts";

/** Names of the tasks that workers were given to execute, sorted. */
export function executed({ stdout }: { readonly stdout: string }): string[] {
  return [...stdout.matchAll(/^Worker \d+: Started task '(.+)' \(/gm)].map((match) => match[1]).sort();
}

/** Names of the tasks whose artifacts came out of the store, sorted. */
export function restored({ stdout }: { readonly stdout: string }): string[] {
  return [...stdout.matchAll(/^Task '(.+)' restored: store hit/gm)].map((match) => match[1]).sort();
}

/** Names of the tasks that the cache answered for, sorted. */
export function hits({ stdout }: { readonly stdout: string }): string[] {
  return [...stdout.matchAll(/^Task '(.+)' skipped: cache hit/gm)].map((match) => match[1]).sort();
}

/** The lines of a text, durations as `#`. */
export function lines(text: string): string[] {
  return text.split("\n").slice(0, -1).map((line) => line.replace(/\b\d+\.\d\ds/g, "#s"));
}

/** Lines whose order is up to the workers, comparable: sorted, and with `Worker N` for all of them. */
export function anyOrder(text: string): string[] {
  return lines(text).map((line) => line.replace(/^Worker \d+:/, "Worker N:")).sort();
}

/** The report that `--json` wrote; throws when there is anything else beside it. */
export function reportOf({ stdout }: Ended): BuildReport {
  return JSON.parse(stdout);
}
