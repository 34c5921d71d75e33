/**
 * Owns what the fault tests of the task runner have in common: a folder with a task file, `troupe` in a process of its
 * own, and the questions to its history afterwards.
 * It knows no fault.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { dirname, fromFileUrl } from "@std/path";
import { query } from "../../actors/storage/raw_database.ts";
import { doorOfFile } from "../../asked.ts";
import { type Ended, FaultFolder, type Running, said, start, type StartOptions } from "../rig.ts";

/** The program, without a command. */
export const TROUPE = [Deno.execPath(), "run", "-A", fromFileUrl(new URL("../../../main.ts", import.meta.url))];

/** A folder with a task file and its history, removed when it goes out of scope. */
export class TaskProject extends FaultFolder {
  /** Where runs are recorded unless told otherwise. */
  database = this.path("taskrun.db");

  constructor(tasks: string) {
    super();
    this.write("tasks.txt", tasks);
  }

  /** Starts any command of troupe on this history. */
  start(command: readonly string[], { args = [], through = [], env = {} }: StartOptions = {}): Running {
    return start([...through, ...TROUPE, ...this.#words(command), ...args], { TMPDIR: this.temp, ...env });
  }

  #words(command: readonly string[]): readonly string[] {
    return command[0] === "run" || !command.includes("--db") ? [...command, "--db", this.database] : command;
  }

  /** Starts a run of the task file. */
  startRun(options: StartOptions = {}): Running {
    return this.start(["run", this.path("tasks.txt")], options);
  }

  run(options: StartOptions = {}): Promise<Ended> {
    return this.startRun(options).ended;
  }

  /** What a command that looks at the history prints. */
  async look(...command: string[]): Promise<string> {
    const door = doorOfFile();
    const asked = { args: this.#words(command), cwd: this.home, env: { TMPDIR: this.temp } };
    const ended = await (door?.isBusy === false ? door.ask(asked) : this.start(command).ended);
    assertEquals([ended.code, ended.stderr], [0, ""], said(ended));
    return ended.stdout;
  }

  rows(sql: string): Record<string, unknown>[] {
    return query<Record<string, unknown>>(this.database, sql).map((row) => ({ ...row }));
  }

  /** Name → status of the tasks of a run that have a row. */
  statuses(run = 1): Record<string, unknown> {
    const rows = this.rows(`select name, status from tasks where run_id = ${run} order by name`);
    return Object.fromEntries(rows.map(({ name, status }) => [name, status]));
  }

  /** The file is a whole database, and what troupe's temp folder held is gone. */
  assertSound(): void {
    assertEquals(this.rows("pragma integrity_check"), [{ integrity_check: "ok" }]);
    assertEquals(this.rows("pragma foreign_key_check"), []);
  }
}

/** Name → word of each task's line. */
export function outcomes({ stdout }: Ended): Record<string, string> {
  return Object.fromEntries(
    [...stdout.matchAll(/^\[\d+\/\d+\] (\w+):.* \.{4,} ([A-Z]+)/gm)].map(([, ...pair]) => pair),
  );
}

/** The folder of this file, for programs that tests start. */
export const HERE = dirname(fromFileUrl(import.meta.url));
