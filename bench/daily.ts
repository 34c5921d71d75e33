/**
 * Owns the workloads of the daily loop: what it costs to draw the live view, to say how a large build ended, to list tasks,
 * and to ask a history that has been kept for years. Each turn is a process of its own:
 *
 *     deno run -A bench/daily.ts PIECE [DATABASE]
 *
 * @module
 */
import { DatabaseSync } from "node:sqlite";
import process from "node:process";
import { history, show } from "../actors/commands/history.ts";
import { why } from "../actors/commands/why.ts";
import { History } from "../actors/history/history.ts";
import { LiveRegion } from "../actors/terminal/live_region.ts";
import { frame, type LiveState } from "../actors/terminal/live_view.ts";
import type { ScreenStream } from "../actors/terminal/screen_stream.ts";
import { closingDetails, closingLine, type Outcome } from "../graph/report/closing.ts";
import { contest, denoArgs, timeProgram } from "./contest.ts";
import { type Bench, each, type Row, type Workload } from "./workload.ts";

export const DAILY_WORKLOADS: readonly Workload[] = [
  { name: "screen", run: screen },
  { name: "list", run: list },
  { name: "past", run: past },
];

const FRAMES = 1000;
const TASKS = 10_000;
const RUNS = 1000, TASKS_OF_RUN = 1000;

/** Name of a piece → what it measures, in milliseconds. */
const PIECES: Readonly<Record<string, (database: string) => Promise<number> | number>> = {
  frames,
  closing,
  history: (db) => timed(() => history({ db })),
  show: (db) => timed(() => show("last", { db })),
  why: (db) => timed(() => why("t500", { db })),
};

/** Ten frames a second may take a hundredth of a core. */
async function screen({ turns }: Bench): Promise<Row[]> {
  const taken = await contest(["frames", "closing"].map((name) => ({ name, turn: () => measure(name) })), turns);
  return [
    {
      workload: "processor time for one frame of the live view, with 8 tasks running",
      unit: "ms",
      troupe: each(taken.get("frames")!, FRAMES),
      goal: { kind: "amount", most: 1 },
    },
    {
      workload: `the last lines of a build of ${TASKS} tasks of which half failed`,
      unit: "ms",
      troupe: taken.get("closing")!,
      goal: { kind: "amount", most: 200 },
    },
  ];
}

/** The list has what a dry run finds out, and what the history knows. */
async function list({ space, turns }: Bench): Promise<Row[]> {
  const folder = space.folder("list");
  const tasks = Array.from({ length: TASKS }, (_, i) => ({
    name: `t${i}`,
    description: `Makes the file number ${i}`,
    output_artifact: `out/${i}`,
    dependencies: i < 10 ? [] : [`t${i - 10}`],
    content: `${i}`,
  }));
  Deno.writeTextFileSync(`${folder}/build.json`, JSON.stringify({ tasks }));
  const troupe = (...args: string[]) => timeProgram(Deno.execPath(), [...denoArgs("main.ts"), ...args], folder);
  await troupe("build", "-q");
  const taken = await contest([
    { name: "list", turn: () => troupe("list") },
    { name: "dry run", turn: () => troupe("build", "--dry-run") },
  ], turns);
  return [{
    workload: `list of ${TASKS} tasks`,
    unit: "ms",
    troupe: taken.get("list")!,
    peer: { name: "its own dry run", values: taken.get("dry run") },
    goal: { kind: "ratio", most: 1.5 },
  }];
}

/** A history of many runs, and what it takes on the disk. */
async function past({ space, turns }: Bench): Promise<Row[]> {
  const database = `${space.folder("past")}/taskrun.db`;
  await fill(database);
  const questions = ["history", "show", "why"];
  const taken = await contest(questions.map((name) => ({ name, turn: () => measure(name, database) })), turns);
  const bytes = Deno.statSync(database).size / (RUNS * TASKS_OF_RUN);
  console.error(`${bytes.toFixed(0)} bytes an attempt (goal: 400)`);
  return questions.map((name): Row => ({
    workload: `${name} from a history of ${RUNS} runs of ${TASKS_OF_RUN} tasks, beyond the start`,
    unit: "ms",
    troupe: taken.get(name)!,
    goal: { kind: "amount", most: 50 },
  }));
}

async function measure(piece: string, database = ""): Promise<number> {
  const args = [...denoArgs("bench/daily.ts"), piece, database];
  const { stdout } = await new Deno.Command(Deno.execPath(), { args, stderr: "inherit" }).output();
  return JSON.parse(new TextDecoder().decode(stdout));
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}

function frames(): number {
  const busy = new Map(
    Array.from({ length: 8 }, (_, i) => [i + 1, { task: `package_${i}:check`, index: i, since: -1000 * i }]),
  );
  const state: LiveState = {
    cached: () => 20,
    busy,
    table: {
      size: 200,
      read: () => "running",
      counts: () => ({ pending: 92, running: 8, completed: 99, failed: 1, skipped: 0 }),
    },
    usualMs: () => 4000,
  };
  let bytes = 0;
  const stream = { isBehind: false, put: (piece: Uint8Array) => void (bytes += piece.length) };
  const region = new LiveRegion(stream as unknown as ScreenStream);
  const begun = process.cpuUsage();
  for (let at = 0; at < FRAMES; at++) region.paint(frame(state, at * 100, { columns: 80, rows: 24 }, 5000));
  const { user, system } = process.cpuUsage(begun);
  if (bytes === 0) throw new Error("Nothing was drawn");
  return (user + system) / 1000;
}

function closing(): number {
  const tasks = Array.from(
    { length: TASKS },
    (_, i) => ({ name: `t${i}`, dependencies: i % 2 === 0 ? [] : [`t${i - 1}`] }),
  );
  const failed: Outcome = { kind: "failed", failure: { kind: "exit", code: 1 }, telling: "src/a.c:1:2 no luck" };
  const outcomes = tasks.map((_, i): Outcome => i % 2 === 0 ? failed : { kind: "skipped" });
  const run = { tasks, outcomes, warned: 0, durationMs: 1000, done: "built" as const };
  const begun = performance.now();
  const lines = [closingLine(run), ...closingDetails(run)];
  if (lines.length < TASKS / 2) throw new Error(`Only ${lines.length} lines`);
  return performance.now() - begun;
}

/** As a build would have recorded them, one input of each task edited before each run. */
async function fill(database: string): Promise<void> {
  (await History.open(database, console.error)).close();
  using filled = new DatabaseSync(database);
  filled.exec(`
    begin;
    with recursive run (id) as (select 1 union all select id + 1 from run where id < ${RUNS})
    insert into runs (id, started_at, finished_at, duration_ms, total_tasks, passed, kind, source, folder, host, pid)
      select id, 1700000000 + 100 * id, 1700000050 + 100 * id, 50000, ${TASKS_OF_RUN}, ${TASKS_OF_RUN}, 'build',
        '/home/me/project/build.json', '/home/me/project', 'laptop', 1000 + id from run;
    create temp table task as
      with recursive t (i) as (select 0 union all select i + 1 from t where i < ${TASKS_OF_RUN - 1}) select i from t;
    insert into definitions (run_id, position, name, command, dependencies, retries, env)
      select r.id, i, 't' || i, 'cc -c t' || i || '.c', '[]', 0, '{}' from runs r, task where r.id > ${RUNS - 10};
    insert into tasks (run_id, name, command, status, exit_code, started_at, finished_at, duration_ms)
      select r.id, 't' || i, 'cc -c t' || i || '.c', 'passed', 0, r.started_at, r.started_at, 40 from runs r, task
      where r.id > ${RUNS - 10};
    insert into attempts (run_id, task, attempt, started_us, ended_us, worker, host, exit_code, outcome, how, reason,
        fingerprint, cpu_us)
      select r.id, 't' || i, 1, r.started_at * 1000000 + i * 40000, r.started_at * 1000000 + (i + 1) * 40000, 1 + i % 8,
        'laptop', 0, 'passed', 'executed', 'source changed: src/t' || i || '.c', printf('%08x%08x', r.id, i), 35000
      from runs r, task;
    insert into manifests (fingerprint, base, depth, content)
      select printf('%08x%08x', r.id, i), case r.id % 33 when 1 then null else printf('%08x%08x', r.id - 1, i) end,
        (r.id - 1) % 33, case r.id % 33 when 1 then
          '{"action":["command","cc -c t' || i || '.c"],"env":{},"sources":{"src/t' || i || '.c":"0011223344556677"},"artifacts":{}}'
        else '{"sources":{"src/t' || i || '.c":"' || printf('%016x', r.id) || '"}}' end
      from runs r, task;
    commit;
  `);
}

if (import.meta.main) console.log(await PIECES[Deno.args[0]](Deno.args[1]));
