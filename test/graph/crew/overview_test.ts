import { assert, assertEquals } from "@std/assert";
import {
  ageText,
  crewSummaryLine,
  isAllCompleted,
  progressOf,
  type Room,
  snapshotLines,
  textOf,
} from "../../../graph/crew/overview.ts";
import type { Overview, OverviewWorker, Snapshot } from "../../../graph/crew/snapshot.ts";
import { snapshotReport } from "../../../graph/crew/overview_report.ts";
import { widthOf } from "../../../graph/text_width.ts";

const NOW_MS = 1_000_000_000_000;
const NONE = { completed: 0, running: 0, ready: 0, waiting: 0, blocked: 0, failed: 0, killed: 0, abandoned: 0 };

function worker(id: string, choices: Partial<OverviewWorker> = {}): OverviewWorker {
  return {
    id,
    status: "busy",
    isStale: false,
    lastHeartbeat: NOW_MS - 3000,
    heartbeatAgeMs: 3000,
    heartbeatIntervalMs: 30_000,
    heartbeatTimeoutMs: 60_000,
    processedTasks: 0,
    hostname: "host",
    pid: 12,
    labels: [],
    startedAt: NOW_MS - 60_000,
    endedAt: null,
    ...choices,
  };
}

function overview(
  choices: Omit<Partial<Overview>, "counts"> & { counts?: Partial<Overview["counts"]> } = {},
): Overview {
  const counts = { ...NONE, ...choices.counts };
  const discoveredTasks = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const tasks = { totalTasks: discoveredTasks, discoveredTasks };
  return { workflow: "main", createdAt: NOW_MS, workers: [], running: [], failed: [], ...tasks, ...choices, counts };
}

function texts(snapshot: Snapshot, room: Partial<Room> = {}): string[] {
  return snapshotLines(snapshot, { nowMs: NOW_MS, ...room }).map(textOf);
}

// S3.47
Deno.test("snapshotLines() shows progress, states, members, what runs and what failed", () => {
  const snapshot = overview({
    counts: { completed: 5, running: 2, waiting: 3, failed: 1, killed: 1 },
    workers: [
      worker("gone", { status: "offline", heartbeatAgeMs: 200_000, processedTasks: 2 }),
      worker("a", { processedTasks: 3, labels: ["gpu", "linux"] }),
      worker("bert", { status: "idle", isStale: true, heartbeatAgeMs: 61_000, pid: 4711 }),
    ],
    running: [
      { task: "compile", worker: "a", startedAt: NOW_MS - 12_400 },
      { task: "link", worker: "bert", startedAt: NOW_MS + 60_000 }, // by a clock that is ahead
    ],
    failed: [
      { task: "lint", state: "failed", detail: "Command failed with exit code 1\nand more" },
      { task: "deploy", state: "killed", detail: null },
    ],
  });
  assertEquals(texts(snapshot), [
    "Workflow 'main': 7 of 12 tasks done (58.3%)",
    "  completed  5  41.6%",
    "  running    2  16.6%",
    "  waiting    3  25.0%",
    "  failed     1   8.3%",
    "  killed     1   8.3%",
    "",
    "Members: 2 at work, 1 gone",
    "  member  status        heartbeat  tasks  host   pid  labels",
    "  a       busy          3 s ago        3  host    12  gpu, linux",
    "  bert    idle (stale)  61 s ago       0  host  4711",
    "  gone    offline       3 min ago      2  host    12",
    "",
    "Running",
    "  compile  a     for 12 s",
    "  link     bert  for 0 s",
    "",
    "Failed",
    "  lint failed: Command failed with exit code 1",
    "  deploy killed",
  ]);
});

Deno.test("snapshotLines() counts what is discovered where the total is unknown, and what is still unknown where it is not", () => {
  assertEquals(texts(overview({ totalTasks: null, counts: { completed: 1, ready: 1 } })), [
    "Workflow 'main': 1 of 2 discovered tasks done (50.0%)",
    "  completed  1  50.0%",
    "  ready      1  50.0%",
  ]);
  assertEquals(texts(overview({ totalTasks: 4, counts: { completed: 1, ready: 1 } })), [
    "Workflow 'main': 1 of 4 tasks done (25.0%)",
    "  completed    1  25.0%",
    "  ready        1  25.0%",
    "  unknown yet  2  50.0%",
  ]);
  assertEquals(
    texts(overview({ totalTasks: 1, counts: { completed: 2 } }))[0],
    "Workflow 'main': 2 of 2 tasks done (100.0%)",
  );
  assertEquals(texts(overview()), ["Workflow 'main': no tasks yet"]);
  assertEquals(texts({ waiting: "Database 'x' does not exist" }), ["Waiting for a crew: Database 'x' does not exist"]);
});

Deno.test("snapshotLines() never says 100 % before it is all", () => {
  const [line] = texts(overview({ counts: { completed: 99_999, running: 1 } }));
  assertEquals(line, "Workflow 'main': 99999 of 100000 tasks done (99.9%)");
});

Deno.test("snapshotLines() puts columns in line by what a terminal shows", () => {
  const lines = texts(overview({ workers: [worker("構築"), worker("e\u0301"), worker("abcd")] }));
  assertEquals(lines.slice(-3), [
    "  構築    busy    3 s ago        0  host   12",
    "  e\u0301       busy    3 s ago        0  host   12",
    "  abcd    busy    3 s ago        0  host   12",
  ]);
});

Deno.test("snapshotLines() keeps to the size of a terminal, however small", () => {
  const snapshot = overview({
    counts: { completed: 5, running: 30, failed: 9 },
    workers: Array.from({ length: 60 }, (_, i) => worker(`member ${i}`)),
    running: Array.from({ length: 30 }, (_, i) => ({ task: `t${i}`, worker: `member ${i}`, startedAt: NOW_MS })),
    failed: Array.from({ length: 9 }, (_, i) => ({ task: `f${i}`, state: "failed", detail: "失敗".repeat(150) })),
  });
  for (let rows = 1; rows < 120; rows++) {
    const columns = 10 + rows;
    const lines = texts(snapshot, { hasBar: true, terminal: { columns, rows } });
    assert(lines.length <= rows, `${lines.length} lines on ${rows} rows`);
    assert(lines.every((line) => widthOf(line) <= columns), `on ${columns} columns: ${lines.join("\n")}`);
  }
  const shown = texts(snapshot, { hasBar: true, terminal: { columns: 80, rows: 23 } });
  const names = (pattern: RegExp) => shown.filter((line) => pattern.test(line)).length;
  assertEquals(shown.filter((line) => /^(Members|Running|Failed)/.test(line)), [
    "Members: 60 at work",
    "Running",
    "Failed",
  ]);
  assertEquals(shown.filter((line) => / more$/.test(line)), [
    `  … and ${60 - names(/^ {2}member \d/)} more`,
    `  … and ${30 - names(/^ {2}t\d/)} more`,
    `  … and ${9 - names(/^ {2}f\d/)} more`,
  ]);
  assertEquals(shown.length, 23);
});

Deno.test("snapshotLines() shows all at work, and the newest of those that are gone", () => {
  const gone = Array.from({ length: 30 }, (_, i) => worker(`gone ${i}`, { status: "offline" }));
  const lines = texts(overview({ workers: [...gone, worker("here")] }));
  assertEquals(lines.slice(2, 3), ["Members: 1 at work, 30 gone"]);
  assertEquals(lines.slice(4).map((line) => line.slice(2, 9).trim()), [
    ...["here", "gone 29", "gone 28", "gone 27", "gone 26", "gone 25"],
    "… and 2",
  ]);
  assertEquals(lines.at(-1), "  … and 25 more");
});

Deno.test("snapshotLines() shows a bar on a terminal only, and lets nobody move the cursor", () => {
  const snapshot = overview({
    counts: { completed: 2, failed: 1, running: 1 },
    workers: [worker("a\x1b[2J")],
    running: [{ task: "x\ny", worker: "a", startedAt: NOW_MS }],
    failed: [{ task: "z\r", state: "failed", detail: "\x1b[31mred" }],
  });
  const terminal = { columns: 80, rows: 40 };
  const bar = snapshotLines(snapshot, { nowMs: NOW_MS, hasBar: true })[1];
  assertEquals(bar.map(({ text, tone }) => [text.length, tone]), [[20, "good"], [10, "bad"], [10, "dim"]]);
  assert(!texts(snapshot).some((line) => line.includes("━")));
  // deno-lint-ignore no-control-regex
  assert(!texts(snapshot, { terminal }).some((line) => /[\x00-\x1f]/.test(line)));
});

Deno.test("ageText() takes the largest unit that fits, and is never below nothing", () => {
  const ages = [-5000, 0, 999, 3000, 119_999, 120_000, 7_199_000, 7_200_000, 172_799_000, 172_800_000];
  assertEquals(ages.map(ageText), ["0 s", "0 s", "0 s", "3 s", "119 s", "2 min", "119 min", "2 h", "47 h", "2 d"]);
});

Deno.test("crewSummaryLine() says how the workflow stands", () => {
  const done = overview({ counts: { completed: 3 } });
  assertEquals(
    crewSummaryLine(done, { members: 1, ms: 1234 }),
    "Crew of 1 member ended after 1.23s: 3 of 3 tasks completed",
  );
  const open = overview({ totalTasks: 9, counts: { completed: 3, blocked: 2, failed: 1 } });
  assertEquals(
    crewSummaryLine(open, { members: 4, ms: 0 }),
    "Crew of 4 members ended after 0.00s: 3 of 9 tasks completed, 2 blocked, 1 failed",
  );
  assertEquals([isAllCompleted(done), isAllCompleted(open)], [true, false]);
  assertEquals(progressOf(open), { done: 4, total: 9 });
});

// S3.47
Deno.test("snapshotReport() has the same in the names of the database, in seconds", () => {
  const place = { database: "crew.sqlite", workflow: "main", nowMs: NOW_MS };
  const looked = { time: NOW_MS / 1000, database: "crew.sqlite", workflow: "main" };
  assertEquals(snapshotReport({ waiting: "not there" }, place), { ...looked, waiting: "not there" });
  const snapshot = overview({
    totalTasks: null,
    counts: { completed: 1, failed: 1, running: 1 },
    workers: [worker("a", { isStale: true, endedAt: NOW_MS })],
    running: [{ task: "t", worker: "a", startedAt: NOW_MS - 500 }],
    failed: [{ task: "f", state: "abandoned", detail: null }],
  });
  assertEquals(snapshotReport(snapshot, place), {
    ...looked,
    waiting: null,
    total_tasks: null,
    discovered_tasks: 3,
    done_tasks: 2,
    counts: { ...NONE, completed: 1, failed: 1, running: 1 },
    workers: [{
      id: "a",
      status: "busy",
      stale: true,
      last_heartbeat: 999_999_997,
      heartbeat_age: 3,
      heartbeat_interval: 30,
      heartbeat_timeout: 60,
      processed_tasks: 0,
      hostname: "host",
      pid: 12,
      labels: [],
      started_at: 999_999_940,
      ended_at: 1_000_000_000,
    }],
    running: [{ task: "t", worker: "a", started_at: 999_999_999.5 }],
    failed: [{ task: "f", state: "abandoned", detail: null }],
  });
});
