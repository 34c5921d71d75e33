/**
 * Owns what the tests of `run`, `history`, `show` and `retry` have in common: the program by its main door, what it said
 * without what differs from run to run, and the database behind it.
 *
 * @module
 */
import { fromFileUrl } from "@std/path";
import type { TaskReport } from "../../../graph/report/run_records.ts";
import { query } from "../../actors/storage/raw_database.ts";
import type { Ended, Held, Rig, RunChoices, Running } from "../../rig.ts";

const MAIN = fromFileUrl(new URL("../../../main.ts", import.meta.url));

/** Times of day are shown in this zone. */
export const ZONE = "Asia/Kathmandu";

/** Starts `troupe` with arguments. */
export function startTroupe(rig: Rig, args: readonly string[], choices: RunChoices = {}): Running {
  return rig.start(args, { ...choices, env: { TZ: ZONE, ...choices.env }, deno: ["run", "-A", MAIN] });
}

/** Runs `troupe` to its end. */
export async function troupe(rig: Rig, ...args: string[]): Promise<Ended> {
  return await rig.ask(args, { env: { TZ: ZONE } });
}

/** The command of a held task; a shell task has no artifact to write. */
export function holding({ command }: Held): string {
  return `OUT=/dev/null; ${command}`;
}

/** A text with durations as `#s` and times of day as `TIME`. */
export function masked(text: string): string {
  return text.replace(/\b\d+\.\d\d?s/g, "#s").replace(/\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\b/g, "TIME");
}

/** Lines of a text, masked and sorted, without the counter of those that are a task's. */
export function anyOrder(text: string): string[] {
  return masked(text).trimEnd().split("\n").map((line) => line.replace(/^\[\d+\//, "[_/")).sort();
}

/** Name → word of each task's line. */
export function outcomes(text: string): Record<string, string> {
  return Object.fromEntries([...text.matchAll(/^\[\d+\/\d+\] (\w+):.* \.{4,} ([A-Z]+)/gm)].map(([, ...pair]) => pair));
}

/** Everything of one kind in a history. */
export function rows(rig: Rig, sql: string, database = "taskrun.db"): Record<string, unknown>[] {
  return query<Record<string, unknown>>(rig.path(database), sql).map((row) => ({ ...row }));
}

/** Name → status of the tasks of a run, in the order of the file. */
export function statuses(rig: Rig, run: number, database?: string): Record<string, unknown> {
  const found = rows(
    rig,
    `select d.name, t.status from definitions d left join tasks t using (run_id, name) where d.run_id = ${run}
      order by d.position`,
    database,
  );
  return Object.fromEntries(found.map(({ name, status }) => [name, status]));
}

/** One task as `show --task --json` tells it. */
export async function shown(
  rig: Rig,
  run: number | "last",
  task: string,
  database = "taskrun.db",
): Promise<TaskReport> {
  return JSON.parse((await troupe(rig, "show", `${run}`, "--task", task, "--json", "--db", database)).stdout);
}
