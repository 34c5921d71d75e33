/**
 * Owns a run in the form of Chrome's trace events (JSON object form), as Perfetto, chrome://tracing and Speedscope read it:
 * a thread for each worker, a complete event (`X`) for each attempt, arrows along the critical path, and how many ran.
 *
 * @module
 */
import { factsOf, type PicturedAttempt, rowsOf, type RunPicture } from "./run_picture.ts";

/** One event. Times in microseconds. */
export interface TraceEvent {
  readonly ph: "M" | "X" | "C" | "s" | "f";
  readonly name: string;
  readonly pid: number;
  readonly tid?: number;
  readonly ts?: number;
  readonly dur?: number;
  readonly cat?: string;
  readonly id?: number;
  /** Of an arrow's end: it ends at the event that encloses it. */
  readonly bp?: "e";
  readonly args?: Readonly<Record<string, string | number>>;
}

/** The whole file. */
export interface TraceFile {
  readonly traceEvents: readonly TraceEvent[];
  readonly displayTimeUnit: "ms";
  readonly otherData: Readonly<Record<string, string | number>>;
}

const PID = 1;

/** A run as trace events; times count from its start. */
export function traceFile(picture: RunPicture): TraceFile {
  const { run, tasks, attempts } = picture;
  const facts = factsOf(picture);
  const events: TraceEvent[] = [
    { ph: "M", name: "process_name", pid: PID, args: { name: `${run.kind} #${run.id} ${run.source}` } },
  ];
  const places = new Map<PicturedAttempt, number>();
  let tid = 0;
  for (const [name, own] of rowsOf(attempts)) {
    const lanes = lanesOf(own);
    lanes.forEach((lane, at) => {
      tid++;
      events.push(
        { ph: "M", name: "thread_name", pid: PID, tid, args: { name: at === 0 ? name : `${name} (${at + 1})` } },
        { ph: "M", name: "thread_sort_index", pid: PID, tid, args: { sort_index: tid } },
      );
      for (const attempt of lane) places.set(attempt, tid);
    });
  }
  const at = (us: number) => Math.max(0, us - run.startedUs);
  for (const attempt of attempts) {
    events.push({
      ph: "X",
      name: tasks[attempt.task].name,
      cat: attempt.outcome,
      pid: PID,
      tid: places.get(attempt)!,
      ts: at(attempt.startedUs),
      dur: Math.max(0, attempt.endedUs - attempt.startedUs),
      args: {
        attempt: attempt.attempt,
        outcome: attempt.outcome,
        ...(attempt.reason === null ? {} : { reason: attempt.reason }),
        ...(attempt.cpuUs === null ? {} : { cpu_us: attempt.cpuUs }),
        ...(attempt.memory === null ? {} : { max_rss_kb: attempt.memory }),
      },
    });
  }
  facts.critical.forEach((task, id) => {
    const from = facts.last[facts.critical[id - 1] ?? -1], to = facts.last[task];
    if (from === undefined || to === undefined) return;
    const arrow = { name: "critical path", cat: "critical", pid: PID, id };
    events.push(
      { ph: "s", ...arrow, tid: places.get(from)!, ts: at(from.startedUs) },
      { ph: "f", bp: "e", ...arrow, tid: places.get(to)!, ts: Math.max(at(from.startedUs), at(to.startedUs)) },
    );
  });
  for (const [us, running] of runningOf(attempts)) {
    events.push({ ph: "C", name: "running tasks", pid: PID, ts: at(us), args: { running } });
  }
  return {
    traceEvents: events,
    displayTimeUnit: "ms",
    otherData: { run: run.id, source: run.source, started_us: run.startedUs, tasks: tasks.length },
  };
}

/** Complete events of one thread may not overlap, as those of two members that share a name may. */
function lanesOf(attempts: readonly PicturedAttempt[]): PicturedAttempt[][] {
  const lanes: PicturedAttempt[][] = [];
  for (const attempt of attempts) {
    const lane = lanes.find((lane) => lane.at(-1)!.endedUs <= attempt.startedUs);
    if (lane === undefined) lanes.push([attempt]);
    else lane.push(attempt);
  }
  return lanes;
}

/** How many run from a moment on, for each moment at which that changes. */
export function runningOf(attempts: readonly PicturedAttempt[]): [us: number, running: number][] {
  const changes = new Map<number, number>();
  for (const { startedUs, endedUs } of attempts) {
    changes.set(startedUs, (changes.get(startedUs) ?? 0) + 1);
    changes.set(endedUs, (changes.get(endedUs) ?? 0) - 1);
  }
  let running = 0;
  return [...changes].sort(([a], [b]) => a - b).map(([us, change]) => [us, running += change]);
}
