/**
 * Owns what the tests of `troupe join` share: members of a crew as processes, what they report, and what the database
 * and the build cache say afterwards. It kills nobody.
 *
 * @module
 */
import { assertEquals, assertMatch } from "@std/assert";
import type { CrewReport } from "../../../graph/crew/member_report.ts";
import { query } from "../../actors/storage/raw_database.ts";
import type { AskChoices, Ended, Rig, RunChoices, Running } from "../../rig.ts";
import { executed } from "../said.ts";
import { startTroupe } from "./crew.ts";

/** So short that nobody waits long for the dead; the sign of life is a thread's, so load does no harm. */
export const HEARTBEAT = ["--heartbeat-interval=0.2", "--heartbeat-timeout=5"];

/** Starts a member. */
export function startMember(rig: Rig, args: readonly string[] = [], choices: RunChoices = {}): Running {
  return startTroupe(rig, joining(args), choices);
}

/** Has a program of the file's be a member (see asked.ts), for who asks nothing of it but how it ends. */
export function memberAtWork(rig: Rig, args: readonly string[] = [], choices: AskChoices = {}): Pick<Running, "ended"> {
  return { ended: rig.ask(joining(args), choices) };
}

/** Runs a member to its end. */
export async function member(rig: Rig, ...args: string[]): Promise<Ended> {
  return await rig.ask(joining(args));
}

function joining(args: readonly string[]): string[] {
  const input = args[0]?.startsWith("-") === false ? args : ["build.json", ...args];
  return ["join", ...HEARTBEAT, ...input];
}

/** Runs a member to its end, which must be a good one; the answer is what it executed. */
export async function memberExecutes(rig: Rig, ...args: string[]): Promise<string[]> {
  const ended = await member(rig, ...args);
  assertEquals([ended.code, ended.stderr], [0, ""], ended.stdout);
  return executed(ended);
}

/** What `--json` wrote. */
export function crewReportOf({ stdout }: Ended): CrewReport {
  return JSON.parse(stdout);
}

/** The words of the audit trails, by task. */
export function trails(rig: Rig, database = "crew.sqlite"): Record<string, string> {
  const rows = query<{ name: string; words: string }>(
    rig.path(database),
    `select name, group_concat(word, ' ') words from (select name, s.status word from task_statuses s
      join tasks t on t.id = s.task_id order by s.id) group by name order by name`,
  );
  return Object.fromEntries(rows.map(({ name, words }) => [name, words]));
}

/** Each task was executed or found to be right once, by anybody. */
export function assertDoneOnce(rig: Rig, count: number): void {
  const all = Object.entries(trails(rig));
  assertEquals(all.length, count);
  for (const [name, words] of all) assertMatch(words, /^running completed$/, name);
}

/** What the build cache says, without what differs from file to file. */
export function cacheOf(rig: Rig, folder = "."): unknown {
  const { version, entries, traces } = JSON.parse(rig.read(`${folder}/.build_cache.json`));
  const sorted = (object: object) => Object.fromEntries(Object.entries(object).sort(([a], [b]) => a < b ? -1 : 1));
  return { version, entries: sorted(entries), traces: sorted(traces) };
}

/** The artifacts below a folder, by path. */
export function contents(rig: Rig, folder: string): Record<string, string> {
  return Object.fromEntries(rig.files(folder).map((path) => [path.slice(folder.length), rig.read(path)]));
}
