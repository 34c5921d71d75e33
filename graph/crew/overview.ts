/**
 * Owns the words of a look at a crew: how far it is, who is in it, what runs and what failed, as lines for people.
 * It reads neither the clock nor the database, and colours nothing: it is given records, and names a tone for each text.
 *
 * @module
 */
import type { Overview, OverviewWorker, Snapshot } from "./snapshot.ts";
import { type CrewTaskState, FAILED_STATES } from "./status.ts";
import { counted, escapeControls, quote } from "../text.ts";
import { cutLine, padTo, type TextCell, widthOf } from "../text_width.ts";

export type OverviewLine = readonly TextCell[];

/** What lines are made for. */
export interface Room {
  /** Unix milliseconds. */
  readonly nowMs: number;
  /** Whether it is a terminal that may be coloured. */
  readonly hasBar?: boolean;
  /** The size of a terminal that may be redrawn, which is never exceeded; absent where lines go elsewhere. */
  readonly terminal?: { readonly columns: number; readonly rows: number };
}

/** A heading with what stands below it. */
interface OverviewSection {
  readonly heading: string;
  readonly lines: readonly OverviewLine[];
  /** How many there are in truth. */
  readonly total: number;
}

/** In the order in which they are shown: the way of a task. */
const STATES = ["completed", "running", "ready", "waiting", "blocked", "failed", "killed", "abandoned"] as const;

const BAR_WIDTH = 40;

/** Beyond this nobody reads on; `--json` has more. */
const MOST_SHOWN = { atWork: 40, gone: 5, running: 20, failed: 5 } as const;

/** How many tasks there will be, as far as anybody knows, and how many are over. */
export function progressOf({ totalTasks, discoveredTasks, counts }: Overview): { done: number; total: number } {
  const failed = FAILED_STATES.reduce((sum, state) => sum + counts[state as keyof typeof counts], 0);
  // A list that has become shorter leaves tasks of a longer one behind
  return { done: counts.completed + failed, total: Math.max(totalTasks ?? 0, discoveredTasks) };
}

/** Whether every task was completed, those to come included. */
export function isAllCompleted(overview: Overview): boolean {
  return overview.counts.completed === progressOf(overview).total;
}

/** All lines of a look. */
export function snapshotLines(snapshot: Snapshot, room: Room): OverviewLine[] {
  const lines = "waiting" in snapshot ? waitingLines(snapshot.waiting) : overviewLines(snapshot, room);
  const { terminal } = room;
  return terminal === undefined ? lines : lines.slice(0, terminal.rows).map((line) => cutLine(line, terminal.columns));
}

/** A line without its tones. */
export function textOf(line: OverviewLine): string {
  return line.map(({ text }) => text).join("");
}

/** The one line in which `troupe crew` says how the workflow stands at its end. */
export function crewSummaryLine(overview: Overview, { members, ms }: { members: number; ms: number }): string {
  const { total } = progressOf(overview);
  const others = STATES.filter((state) => state !== "completed" && overview.counts[state] > 0);
  const rest = others.map((state) => `, ${overview.counts[state]} ${state}`).join("");
  const crew = counted(members, "member");
  return `Crew of ${crew} ended after ${
    (ms / 1000).toFixed(2)
  }s: ${overview.counts.completed} of ${total} tasks completed${rest}`;
}

/** How long something lasts, in the largest unit that fits; a clock that differs must not show as less than nothing. */
export function ageText(ms: number): string {
  const seconds = Math.floor(Math.max(0, ms) / 1000);
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 2 * 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 2 * 86400) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86400)} d`;
}

function waitingLines(why: string): OverviewLine[] {
  return [[dim("Waiting for a crew: "), plain(escapeControls(why))]];
}

function overviewLines(overview: Overview, { nowMs, hasBar = false, terminal }: Room): OverviewLine[] {
  const head = [
    progressLine(overview),
    ...(hasBar ? [bar(overview)] : []),
    ...stateLines(overview),
  ];
  const sections = [workerSection(overview), runningSection(overview, nowMs), failedSection(overview)];
  return [...head, ...fitted(sections, terminal === undefined ? Infinity : terminal.rows - head.length)];
}

function progressLine(overview: Overview): OverviewLine {
  const { done, total } = progressOf(overview);
  const what = overview.totalTasks === null ? "discovered tasks" : "tasks";
  const figures = total === 0 ? "no tasks yet" : `${done} of ${total} ${what} done (${percentage(done, total)})`;
  return [plain(`Workflow ${quote(overview.workflow)}: ${figures}`)];
}

function bar(overview: Overview): OverviewLine {
  const { done, total } = progressOf(overview);
  const width = (count: number) => total === 0 ? 0 : Math.floor(BAR_WIDTH * count / total);
  const completed = width(overview.counts.completed), ended = width(done);
  return [
    { text: "━".repeat(completed), tone: "good" },
    { text: "━".repeat(ended - completed), tone: "bad" },
    dim("━".repeat(BAR_WIDTH - ended)),
  ];
}

function stateLines(overview: Overview): OverviewLine[] {
  const { total } = progressOf(overview);
  const counts: [string, number][] = STATES.map((state) => [state, overview.counts[state]]);
  counts.push(["unknown yet", total - overview.discoveredTasks]);
  const rows = counts.filter(([, count]) => count > 0).map(([state, count]) => ({
    cells: [state, `${count}`, percentage(count, total)],
    tone: FAILED_STATES.includes(state as CrewTaskState) ? "bad" as const : "plain" as const,
  }));
  return table(rows, { right: [1, 2] });
}

function workerSection({ workers }: Overview): OverviewSection {
  const isAtWork = ({ status }: OverviewWorker) => status === "idle" || status === "busy";
  const atWork = workers.filter(isAtWork);
  const gone = workers.filter((worker) => !isAtWork(worker)).reverse();
  const rows = [...atWork.slice(0, MOST_SHOWN.atWork), ...gone.slice(0, MOST_SHOWN.gone)].map((worker) => ({
    cells: [
      worker.id,
      worker.status + (worker.isStale ? " (stale)" : ""),
      `${ageText(worker.heartbeatAgeMs)} ago`,
      `${worker.processedTasks}`,
      worker.hostname,
      `${worker.pid}`,
      worker.labels.join(", "),
    ],
    tone: worker.isStale || worker.status === "killed"
      ? "bad" as const
      : isAtWork(worker)
      ? "plain" as const
      : "dim" as const,
  }));
  const titles = { cells: ["member", "status", "heartbeat", "tasks", "host", "pid", "labels"], tone: "dim" as const };
  const heading = `Members: ${atWork.length} at work${gone.length > 0 ? `, ${gone.length} gone` : ""}`;
  const [title, ...lines] = table([titles, ...rows], { right: [3, 5] });
  return { heading, lines: rows.length === 0 ? [] : [title, ...lines], total: workers.length + 1 };
}

function runningSection({ counts, running }: Overview, nowMs: number): OverviewSection {
  const rows = running.slice(0, MOST_SHOWN.running).map(({ task, worker, startedAt }) => ({
    cells: [task, worker, `for ${ageText(nowMs - startedAt)}`],
    tone: "plain" as const,
  }));
  // Several members may be at one task
  return { heading: "Running", lines: table(rows), total: Math.max(counts.running, running.length) };
}

function failedSection(overview: Overview): OverviewSection {
  const { counts, failed } = overview;
  const lines = failed.slice(0, MOST_SHOWN.failed).flatMap(
    ({ task, state, detail, last_lines = [] }): OverviewLine[] => {
      const why = detail === null ? "" : `: ${escapeControls(detail.trim().split("\n")[0])}`;
      const said = last_lines.map((line): OverviewLine => [dim(`    | ${escapeControls(line)}`)]);
      return [[{ text: `  ${escapeControls(task)} ${state}${why}`, tone: "bad" }], ...said];
    },
  );
  const total = progressOf(overview).done - counts.completed;
  return { heading: "Failed", lines, total: lines.length + total - Math.min(failed.length, MOST_SHOWN.failed) };
}

/** The sections in at most so many lines: the longest gives up lines first, and says how many it has not shown. */
function fitted(sections: readonly OverviewSection[], rows: number): OverviewLine[] {
  const shown = sections.filter(({ lines }) => lines.length > 0);
  const room = shown.map(({ lines, total }) => lines.length + (total > lines.length ? 1 : 0));
  let needed = room.reduce((sum, count) => sum + count + 2, 0);
  const blanks: OverviewLine[] = needed > rows ? [] : [[]];
  needed -= shown.length * (1 - blanks.length);
  while (needed > rows && Math.max(...room) > 2) {
    room[room.indexOf(Math.max(...room))]--;
    needed--;
  }
  return shown.flatMap(({ heading, lines, total }, i) => {
    const isWhole = total <= lines.length && room[i] >= lines.length;
    const kept = isWhole ? lines : lines.slice(0, room[i] - 1);
    const rest: OverviewLine[] = isWhole ? [] : [[dim(`  … and ${total - kept.length} more`)]];
    return [...blanks, [plain(heading)], ...kept, ...rest];
  });
}

interface OverviewRow {
  readonly cells: readonly string[];
  readonly tone: TextCell["tone"];
}

/** Rows with their columns in line; those named are set to the right. */
function table(rows: readonly OverviewRow[], { right = [] }: { right?: readonly number[] } = {}): OverviewLine[] {
  const texts = rows.map(({ cells }) => cells.map(escapeControls));
  const widths = (texts[0] ?? []).map((_, column) =>
    texts.reduce((width, row) => Math.max(width, widthOf(row[column])), 0)
  );
  return texts.map((cells, i): OverviewLine => {
    const padded = cells.map((cell, column) =>
      right.includes(column) ? cell.padStart(widths[column]) : padTo(cell, widths[column])
    );
    return [{ text: `  ${padded.join("  ")}`.trimEnd(), tone: rows[i].tone }];
  });
}

/** Never 100 % before it is all. */
function percentage(part: number, whole: number): string {
  return `${(Math.floor(1000 * part / whole) / 10).toFixed(1)}%`;
}

function plain(text: string): TextCell {
  return { text, tone: "plain" };
}

function dim(text: string): TextCell {
  return { text, tone: "dim" };
}
