// A run over time: as a chart in text, and as trace events.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { ganttLines } from "../../../graph/picture/gantt.ts";
import type { PicturedAttempt, RunPicture } from "../../../graph/picture/run_picture.ts";
import { type TraceEvent, traceFile } from "../../../graph/picture/trace_events.ts";
import { widthOf } from "../../../graph/text_width.ts";

const START = 1_700_000_000_000_000;

/** Attempts as task, worker, from and to in milliseconds. */
function pictureOf(
  names: readonly [name: string, ...needs: string[]][],
  tries: readonly [task: number, worker: number | null, from: number, to: number, more?: Partial<PicturedAttempt>][],
): RunPicture {
  const attempts = tries.map(([task, worker, from, to, more]): PicturedAttempt => ({
    task,
    attempt: 1,
    startedUs: START + 1000 * from,
    endedUs: START + 1000 * to,
    worker,
    host: "here",
    outcome: "passed",
    reason: null,
    fingerprint: null,
    cpuUs: null,
    memory: null,
    ...more,
  }));
  return {
    run: {
      id: 7,
      kind: "build",
      source: "/p/build.json",
      startedUs: START,
      endedUs: START + 1000 * Math.max(0, ...tries.map(([, , , to]) => to)),
      state: "finished",
      asked: null,
    },
    tasks: names.map(([name, ...dependencies]) => ({
      name,
      command: "",
      dependencies,
      standing: "passed",
      attempts: 1,
      maxAttempts: 1,
      startedUs: null,
      exitCode: 0,
      signal: null,
      error: null,
    })),
    attempts,
  };
}

const PICTURE = pictureOf([["gen"], ["use", "gen"], ["other"]], [
  [0, 1, 0, 4000],
  [2, 2, 0, 2000, { outcome: "failed" }],
  [1, 1, 4000, 10_000],
]);

function text(picture: RunPicture, columns = 80): string {
  return ganttLines(picture, columns).map((line) => line.map(({ text }) => text).join("")).join("\n");
}

// S6.12
Deno.test("a chart has a row for each worker, bars with names, shares, waiting, the slowest and the critical path", () => {
  const shown = text(PICTURE);
  assertMatch(shown, /^Run #7 build · 3 tasks \(3 passed\) · 10.0s · 2 workers 60 % busy\n/);
  assertMatch(shown, /^worker 1 {2}\[gen━+\]\[use━+\] 100 %$/m);
  assertMatch(shown, /^worker 2 {2}\[other✗─+\] +20 %$/m);
  assertMatch(shown, /Waiting: tasks were ready for 0.00s in all/);
  assertMatch(shown, /Slowest\n {2}use +6.0s {2}60 % of the time, worker 1\n/);
  assertMatch(shown, /Critical path: 10.0s of 10.0s\n {2}◆ gen {2}4.0s\n {2}◆ use {2}6.0s$/);
});

// S6.12
Deno.test("a chart fits any window, however many attempts and workers there are", () => {
  const many = pictureOf(
    Array.from({ length: 5000 }, (_, i): [string] => [`日本:${i}`]),
    Array.from({ length: 5000 }, (_, i) => [i, 1 + i % 100, i, i + 20] as [number, number, number, number]),
  );
  for (const columns of [40, 80, 200]) {
    const lines = text(many, columns).split("\n");
    assert(lines.length < 80, `${lines.length} lines`);
    for (const line of lines) assert(widthOf(line) <= columns, line);
  }
  assertMatch(text(many), /^worker 1 .*[░▒▓█]/m);
  assertMatch(text(many), /and 60 workers more with 3000 attempts/);
  assertMatch(text(pictureOf([["a"]], [])), /No task was tried in this run/);
});

/** What the description of the format says each phase must and may have. */
const FIELDS: Record<TraceEvent["ph"], { must: string[]; may: string[] }> = {
  M: { must: ["name", "pid", "args"], may: ["tid"] },
  X: { must: ["name", "cat", "pid", "tid", "ts", "dur"], may: ["args"] },
  C: { must: ["name", "pid", "ts", "args"], may: [] },
  s: { must: ["name", "cat", "pid", "tid", "ts", "id"], may: [] },
  f: { must: ["name", "cat", "pid", "tid", "ts", "id", "bp"], may: [] },
};

// S6.12
Deno.test("trace events have the fields that their format documents, and none of a thread overlap", () => {
  const shared = pictureOf([["a"], ["b", "a"], ["c"]], [
    [0, 1, 0, 100],
    [2, 1, 50, 120, { host: "here" }],
    [1, null, 120, 120],
  ]);
  for (const picture of [PICTURE, shared]) {
    const { traceEvents, displayTimeUnit } = JSON.parse(JSON.stringify(traceFile(picture)));
    assertEquals(displayTimeUnit, "ms");
    const ends = new Map<number, number>();
    for (const event of traceEvents) {
      const { must, may } = FIELDS[event.ph as TraceEvent["ph"]];
      for (const field of must) assert(field in event, `${event.ph} without ${field}`);
      for (const field in event) assert(["ph", ...must, ...may].includes(field), `${event.ph} with ${field}`);
      for (const field of ["ts", "dur", "pid", "tid"]) {
        if (field in event) assert(Number.isInteger(event[field]) && event[field] >= 0, `${field} ${event[field]}`);
      }
      if (event.ph === "C") assert(Object.values(event.args).every((value) => typeof value === "number"));
      if (event.ph !== "X") continue;
      assert(event.ts >= (ends.get(event.tid) ?? 0), "overlaps");
      ends.set(event.tid, event.ts + event.dur);
    }
    const ofKind = (ph: string) => traceEvents.filter((event: TraceEvent) => event.ph === ph);
    assertEquals(ofKind("X").length, picture.attempts.length);
    assertEquals(ofKind("s").map(({ id }: TraceEvent) => id), ofKind("f").map(({ id }: TraceEvent) => id));
    assertEquals(ofKind("C").at(-1).args.running, 0);
  }
  const names = traceFile(PICTURE).traceEvents.filter(({ name }) => name === "thread_name").map(({ args }) =>
    args?.name
  );
  assertEquals(names, ["worker 1", "worker 2"]);
});
