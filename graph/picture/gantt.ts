/**
 * Owns a run as a chart in text: workers from top to bottom, time from left to right, fitted to a window; then what they
 * waited for, what was slowest, and the critical path.
 *
 * @module
 */
import { durationText } from "../report/closing.ts";
import { whatRan } from "../report/history_lines.ts";
import { counted, escapeControls } from "../text.ts";
import { cutLine, cutTo, padTo, type TextCell, widthOf } from "../text_width.ts";
import { factsOf, type PicturedAttempt, rowsOf, type RunFacts, type RunPicture } from "./run_picture.ts";
import { standingsText } from "./standing.ts";

/** More rows than anyone compares are told as one line. */
const MOST_ROWS = 40;
const SLOWEST = 10;
/** Critical paths are told from both ends. */
const MOST_STEPS = 24;
/** Narrower, a bar has no room for a name. */
const LEAST_NAMED = 5;
const SHADES = [" ", "░", "▒", "▓", "█"];
const SHARE_COLUMNS = 6;

/** The lines, none wider than `columns`. */
export function ganttLines(picture: RunPicture, columns: number): TextCell[][] {
  const { run, tasks, attempts } = picture;
  const facts = factsOf(picture);
  const total = Math.max(1, facts.endUs - run.startedUs);
  const rows = [...rowsOf(attempts)];
  const busy = attempts.reduce((sum, attempt) => sum + spanOf(attempt), 0);
  const workers = rows.filter(([, own]) => own[0].worker !== null).length;
  const head = [
    `Run #${run.id} ${whatRan(run)}${run.state === "finished" ? "" : `, ${run.state}`}`,
    `${counted(tasks.length, "task")} (${standingsText(tasks.map(({ standing }) => standing))})`,
    durationText(total / 1000),
    ...(workers === 0 ? [] : [`${counted(workers, "worker")} ${percent(busy, workers * total)} busy`]),
  ].join(" · ");
  if (attempts.length === 0) return [plain(head), [], plain("No task was tried in this run.")].map(cut);

  const names = Math.min(24, Math.max(...rows.map(([name]) => widthOf(name))));
  const width = Math.max(10, columns - names - 2 - SHARE_COLUMNS - 1);
  const critical = new Set(facts.critical);
  const shown = rows.slice(0, MOST_ROWS);
  const hidden = rows.slice(MOST_ROWS).flatMap(([, own]) => own);
  const lines: TextCell[][] = [
    plain(head),
    [],
    [{ text: `${" ".repeat(names + 2)}${scale(total, width)}`, tone: "dim" }],
    ...shown.map(([name, own]): TextCell[] => [
      { text: `${padTo(cutTo(escapeControls(name), names), names)}  `, tone: "plain" },
      ...bars(own, { picture, critical, total, width }),
      { text: ` ${percent(own.reduce((sum, attempt) => sum + spanOf(attempt), 0), total).padStart(5)}`, tone: "dim" },
    ]),
    ...(hidden.length === 0
      ? []
      : [plain(`and ${counted(rows.length - MOST_ROWS, "worker")} more with ${counted(hidden.length, "attempt")}`)]),
    [],
    ...waitingLines(picture, facts),
    ...slowestLines(picture, total),
    ...criticalLines(picture, facts, total),
  ];
  return lines.map(cut);

  function cut(line: TextCell[]): TextCell[] {
    return cutLine(line, columns);
  }
}

interface Chart {
  readonly picture: RunPicture;
  readonly critical: ReadonlySet<number>;
  readonly total: number;
  readonly width: number;
}

/** The bars of one worker: those that have room with their names, the others as how much of the time was busy. */
function bars(own: readonly PicturedAttempt[], { picture, critical, total, width }: Chart): TextCell[] {
  const { run, tasks } = picture;
  const column = total / width;
  const busy = new Float64Array(width);
  const isBad = new Uint8Array(width);
  const named: { readonly from: number; readonly to: number; readonly attempt: PicturedAttempt }[] = [];
  let free = 0;
  for (const attempt of own) {
    const start = Math.max(0, attempt.startedUs - run.startedUs),
      end = Math.max(start, attempt.endedUs - run.startedUs);
    const from = Math.min(width - 1, Math.round(start / column)), to = Math.min(width, Math.round(end / column));
    if (to - from >= LEAST_NAMED && from >= free) {
      named.push({ from, to, attempt });
      free = to;
      continue;
    }
    for (let at = Math.floor(start / column); at < width && at * column <= end; at++) {
      busy[at] += Math.max(0, Math.min(end, (at + 1) * column) - Math.max(start, at * column));
      // What is over at once is seen all the same.
      if (busy[at] === 0) busy[at] = 1;
      if (attempt.outcome !== "passed") isBad[at] = 1;
    }
  }
  const cells: TextCell[] = [];
  let at = 0;
  for (const { from, to, attempt } of named) {
    shade(from);
    const isCritical = critical.has(attempt.task);
    const line = isCritical ? "━" : "─";
    const name = cutTo(escapeControls(tasks[attempt.task].name), to - from - 3);
    const sign = attempt.outcome === "passed" ? "" : "✗";
    const inner = padWith(`${name}${sign}`, to - from - 2, line);
    const tone = attempt.outcome === "passed" ? isCritical ? "good" : "plain" : "bad";
    cells.push({ text: `[${inner}]`, tone });
    at = to;
  }
  shade(width);
  return cells;

  function shade(until: number): void {
    while (at < until) {
      const bad = isBad[at];
      let text = "";
      for (; at < until && isBad[at] === bad; at++) {
        text += SHADES[busy[at] === 0 ? 0 : Math.min(4, Math.max(1, Math.round(4 * busy[at] / column)))];
      }
      cells.push({ text, tone: bad ? "bad" : "plain" });
    }
  }
}

function padWith(text: string, columns: number, filler: string): string {
  return text + filler.repeat(Math.max(0, columns - widthOf(text)));
}

/** Where the time stands: begin, middle, end. */
function scale(total: number, width: number): string {
  const middle = durationText(total / 2000), end = durationText(total / 1000);
  const half = Math.floor(width / 2);
  const left = padTo("0s", half) + middle;
  return width < 30 ? padTo("0s", width - end.length) + end : padTo(left, width - end.length) + end;
}

/** How long tasks stood ready before a worker had them. */
function waitingLines({ run, tasks, attempts }: RunPicture, { graph, last }: RunFacts): TextCell[][] {
  let sum = 0, longest = 0, which = -1;
  for (const { task, attempt, startedUs } of attempts) {
    if (attempt > 1) continue;
    let readyUs = run.startedUs;
    for (let i = graph.dependencyStart[task]; i < graph.dependencyStart[task + 1]; i++) {
      readyUs = Math.max(readyUs, last[graph.dependencies[i]]?.endedUs ?? 0);
    }
    const waited = Math.max(0, startedUs - readyUs);
    sum += waited;
    if (waited > longest) [longest, which] = [waited, task];
  }
  const most = which < 0 ? "" : `, ${escapeControls(tasks[which].name)} for ${durationText(longest / 1000)}`;
  return [
    plain(`Waiting: tasks were ready for ${durationText(sum / 1000)} in all before a worker had them${most}`),
    [],
  ];
}

function slowestLines({ tasks, attempts }: RunPicture, total: number): TextCell[][] {
  const slowest = [...attempts].sort((a, b) => spanOf(b) - spanOf(a)).slice(0, SLOWEST);
  const names = slowest.map(({ task }) => escapeControls(tasks[task].name));
  const width = Math.min(40, Math.max(...names.map(widthOf)));
  return [
    plain("Slowest"),
    ...slowest.map((attempt, at): TextCell[] => {
      const { outcome, worker, attempt: number } = attempt;
      const more = [
        `${percent(spanOf(attempt), total)} of the time`,
        ...(worker === null ? [] : [`worker ${worker}`]),
        ...(number > 1 ? [`attempt ${number}`] : []),
        ...(outcome === "passed" ? [] : [outcome]),
      ].join(", ");
      return [
        { text: `  ${padTo(cutTo(names[at], width), width)}  `, tone: outcome === "passed" ? "plain" : "bad" },
        { text: durationText(spanOf(attempt) / 1000).padStart(7), tone: "plain" },
        { text: `  ${more}`, tone: "dim" },
      ];
    }),
    [],
  ];
}

function criticalLines({ tasks }: RunPicture, { critical, last }: RunFacts, total: number): TextCell[][] {
  const took = critical.reduce((sum, task) => sum + (last[task] === undefined ? 0 : spanOf(last[task])), 0);
  const step = (task: number): TextCell[] => [
    { text: "  ◆ ", tone: "good" },
    { text: escapeControls(tasks[task].name), tone: "plain" },
    { text: `  ${durationText((last[task] === undefined ? 0 : spanOf(last[task])) / 1000)}`, tone: "dim" },
  ];
  const between = critical.length - MOST_STEPS;
  const steps = between > 0
    ? [
      ...critical.slice(0, MOST_STEPS / 2).map(step),
      plain(`  … ${between} more`),
      ...critical.slice(-MOST_STEPS / 2).map(step),
    ]
    : critical.map(step);
  return [plain(`Critical path: ${durationText(took / 1000)} of ${durationText(total / 1000)}`), ...steps];
}

function spanOf({ startedUs, endedUs }: PicturedAttempt): number {
  return Math.max(0, endedUs - startedUs);
}

function percent(part: number, whole: number): string {
  return `${Math.min(100, Math.round(100 * part / Math.max(1, whole)))} %`;
}

function plain(text: string): TextCell[] {
  return text === "" ? [] : [{ text, tone: "plain" }];
}
