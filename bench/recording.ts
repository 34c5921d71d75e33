/**
 * Owns the workload of the history: what it costs to record a build, a task, in processor time, beside what SQLite takes
 * to enter the same rows in one transaction. Each turn is a process of its own, which tells the recorder of tasks as a
 * build would, one a millisecond, or enters again what was recorded:
 *
 *     deno run -A bench/recording.ts first|edited|hits DATABASE|none
 *     deno run -A bench/recording.ts rows DATABASE
 *
 * @module
 */
import process from "node:process";
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { BuildRecorder } from "../actors/history/build_recorder.ts";
import type { Reporter } from "../actors/terminal/reporter.ts";
import type { RunEvent } from "../actors/engine/run_event.ts";
import type { MadeOf } from "../actors/engine/work.ts";
import { sha256 } from "../graph/digest.ts";
import { type Trace, trace } from "../graph/fingerprint.ts";
import type { Plan } from "../graph/schedule/plan.ts";
import type { Task } from "../graph/task.ts";
import { contest, denoArgs } from "./contest.ts";
import { type Bench, each, type Row, type Workload } from "./workload.ts";

export const RECORDING_WORKLOADS: readonly Workload[] = [{ name: "history", run: history }];

const TASKS = 10_000;
/** How often tasks start and end, and how many of them each time. */
const PACE_MS = 20, AT_ONCE = 20;
const WORKERS = 8;

/** Name of a build → what it does. */
const SCENARIOS = {
  first: "all built for the first time",
  edited: "all built again, one of their sources each edited",
  hits: "all up to date but one",
} as const;

type Scenario = keyof typeof SCENARIOS;

/** What a build costs with its history, less what it costs without. */
async function history({ space, turns }: Bench): Promise<Row[]> {
  const before = `${space.folder("recorded")}/taskrun.db`;
  await measure("first", before);
  const rows: Row[] = [];
  for (const [scenario, what] of Object.entries(SCENARIOS)) {
    let database = "";
    const taken = await contest([
      {
        name: "with",
        prepare() {
          database = `${space.folder("history")}/taskrun.db`;
          if (scenario !== "first") Deno.copyFileSync(before, database);
        },
        turn: () => measure(scenario, database),
      },
      { name: "without", turn: () => measure(scenario, "none") },
      { name: "rows", turn: () => measure("rows", database) },
    ], turns);
    const without = taken.get("without")!;
    rows.push({
      workload: `processor time for the history of one task, of ${TASKS}: ${what}`,
      unit: "ms",
      troupe: each(taken.get("with")!.map((ms, turn) => ms - without[turn]), TASKS),
      peer: { name: "the same rows in one transaction", values: each(taken.get("rows")!, TASKS) },
      goal: { kind: "amount", most: 0.06 },
    });
  }
  return rows;
}

async function measure(piece: string, database: string): Promise<number> {
  const args = [...denoArgs("bench/recording.ts"), piece, database];
  const { stdout } = await new Deno.Command(Deno.execPath(), { args, stderr: "inherit" }).output();
  return JSON.parse(new TextDecoder().decode(stdout));
}

/** Answers with the milliseconds of processor time that a build takes for telling its recorder. */
async function record(scenario: Scenario, database: string): Promise<number> {
  const tasks = Array.from({ length: TASKS }, (_, i) => taskOf(i));
  // As a build makes them, whether it is recorded or not.
  const madeOf = scenario === "hits" ? [] : tasks.map((task, i): MadeOf => {
    const before = traceOf(task, i, "old");
    return scenario === "first" ? { trace: before } : { trace: traceOf(task, i, "new", before), before };
  });
  const error = (sentence: string) => {
    throw new Error(sentence);
  };
  const begun = process.cpuUsage();
  const recorder = database === "none" ? undefined : new BuildRecorder(
    { tasks } as unknown as Plan,
    { database, source: "/project/build.json", folder: "/project", begunMs: performance.now() },
    { error } as unknown as Reporter,
  );
  const note = (event: RunEvent) => recorder?.note(event, false);
  let last = 0;
  if (scenario === "hits") {
    for (last = 0; last < TASKS - 1; last++) note({ kind: "hit", task: last, by: "fresh", worker: null });
    madeOf[last] = { trace: traceOf(tasks[last], last, "new") };
  }
  for (let started = last, ended = last; ended < TASKS;) {
    for (const until = Math.min(TASKS, started + AT_ONCE); started < until; started++) {
      const reason = scenario === "first" ? "never completed" : `source changed: src/module_${started}.c`;
      note({ kind: "reason", task: started, reason });
      note({ kind: "started", task: started, worker: 1 + started % WORKERS, madeOf: madeOf[started] });
    }
    for (; ended < (started === TASKS ? TASKS : started - WORKERS); ended++) {
      const usage = { cpuUs: 1500 + ended, maxRssKb: 4096 };
      note({ kind: "executed", task: ended, worker: 1 + ended % WORKERS, durationMs: 8, usage });
    }
    await new Promise((resolve) => setTimeout(resolve, PACE_MS));
  }
  await recorder?.finish(undefined);
  const { user, system } = process.cpuUsage(begun);
  return (user + system) / 1000;
}

/** One of a program in C: compiled of a file and two headers, after another one. */
function taskOf(i: number): Task {
  const name = `part_${i % 97}:compile_${i}`;
  return {
    name,
    outputs: [{ path: `out/module_${i}.o`, kind: "file" }],
    action: { kind: "command", command: `cc -O2 -Iinclude -c src/module_${i}.c -o out/module_${i}.o` },
    dependencies: i < 100 ? [] : [`part_${(i - 100) % 97}:compile_${i - 100}`],
    env: {},
    retries: 0,
    timeoutMs: 60_000,
  } as unknown as Task;
}

function traceOf(task: Task, i: number, version: string, last?: Trace): Trace {
  return trace(task, {
    sources: [`src/module_${i}.c`, "include/config.h", `include/module_${i}.h`],
    sourceDigests: [sha256(`${version} ${i}`), sha256("config"), sha256(`header ${i}`)],
    artifacts: i < 100 ? [] : [`out/module_${i - 100}.o`],
    artifactDigests: i < 100 ? [] : [sha256(`artifact ${i}`)],
  }, last);
}

/** Enters the rows of the last run once more, in a new database; answers with the milliseconds of processor time. */
function enterRows(database: string): number {
  using recorded = new DatabaseSync(database);
  using copy = new DatabaseSync(`${database}-copy`);
  copy.exec("pragma journal_mode=wal; pragma synchronous=normal; pragma ignore_check_constraints=on");
  copy.exec("pragma foreign_keys=off"); // not to what lies beside them
  const schema = recorded.prepare("select sql from sqlite_schema where sql is not null and name not like 'sqlite_%'");
  for (const { sql } of schema.all()) copy.exec(`${sql}`);
  const last = "= (select max(id) from runs)";
  const tables = Object.entries({
    definitions: `where run_id ${last}`,
    tasks: `where run_id ${last}`,
    attempts: `where run_id ${last}`,
    manifests: `where fingerprint in (select fingerprint from attempts where run_id ${last})`,
  }).map(([table, which]) => ({
    table,
    rows: recorded.prepare(`select * from ${table} ${which}`).all().map((row) => Object.values(row) as SQLInputValue[]),
  }));
  const begun = process.cpuUsage();
  copy.exec("begin");
  for (const { table, rows } of tables) {
    if (rows.length === 0) continue;
    const insert = copy.prepare(`insert into ${table} values (${rows[0].map(() => "?")})`);
    for (const row of rows) insert.run(...row);
  }
  copy.exec("commit");
  const { user, system } = process.cpuUsage(begun);
  return (user + system) / 1000;
}

if (import.meta.main) {
  const [piece, database] = Deno.args;
  console.log(piece === "rows" ? enterRows(database) : await record(piece as Scenario, database));
}
