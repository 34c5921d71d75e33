/**
 * Owns small pieces of history for tests.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { History, type NewRun } from "../../../actors/history/history.ts";
import type { TaskDefinition } from "../../../actors/history/records.ts";
import type { Output } from "../../../actors/process/output.ts";
import { type Allowed, Statements } from "../storage/statements.ts";
import { TempFolder } from "../temp_folder.ts";

/** Steps that go through a table, or sort what is not in order already. */
const GOES_THROUGH_ALL = /^SCAN|TEMP B-TREE/;

/**
 * Whether there is anything at all; the newest of all runs, read from the end of the table in the order of its key; and,
 * once after runs were deleted, which manifests are of no use any more.
 */
const ALLOWED: readonly Allowed[] = [
  { sql: /^with recursive used .* delete from manifests where/, step: /^SCAN (manifests|attempts|used)$/ },
  { sql: /^select 1 from sqlite_schema limit 1$/, step: /^SCAN sqlite_schema$/ },
  { sql: /order by id desc limit/, step: /^SCAN runs$/ },
];

/** A test in a folder of its own; every statement that it comes to finds what it needs by an index. */
export function historyTest(name: string, body: (temp: TempFolder) => Promise<void>): void {
  Deno.test(name, async () => {
    using temp = new TempFolder();
    using statements = new Statements();
    await body(temp);
    assertEquals(statements.stepsLike(GOES_THROUGH_ALL, ALLOWED), []);
  });
}

export function definition(name: string, dependencies: string[] = [], more: Partial<TaskDefinition> = {}) {
  return { name, command: `echo ${name}`, dependencies, retries: 0, env: {}, ...more };
}

/** What a command printed, nothing dropped unless told. */
export function output(stdout: string | Uint8Array<ArrayBuffer>, stderr = "", dropped = 0): Output {
  const bytes = typeof stdout === "string" ? new TextEncoder().encode(stdout) : stdout;
  return { stdout: { bytes, dropped }, stderr: { bytes: new TextEncoder().encode(stderr), dropped: 0 } };
}

/** A history where nothing may go wrong. */
export function open(path: string): Promise<History> {
  return History.open(path, (sentence) => {
    throw new Error(sentence);
  });
}

export function newRun(tasks: readonly TaskDefinition[], more: Partial<NewRun> = {}): NewRun {
  return { kind: "run", source: "/project/tasks.txt", folder: "/project", tasks, begunMs: performance.now(), ...more };
}

/** Records a run in which every task passes. */
export async function record(
  history: History,
  tasks: readonly TaskDefinition[],
  more: Partial<NewRun> = {},
): Promise<number> {
  const id = (await history.begin(newRun(tasks, more)))!;
  tasks.forEach((_, i) => history.ended(id, i, { status: "passed", exitCode: 0, durationMs: 1, output: output("") }));
  assert(await history.finish(id));
  return id;
}

/** Five tasks that depend on each other in two ways. */
export const SOME = [
  definition("fetch", [], { timeoutMs: 60_000, retries: 2, env: { A: "1" } }),
  definition("lint", ["fetch"]),
  definition("test", ["fetch"]),
  definition("slow", []),
  definition("deploy", ["lint", "test"]),
];
