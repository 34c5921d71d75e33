/**
 * Owns the shape of what a page is told, in reports and live: as few characters a task as can be, since there may be 10 000.
 * The page's script reads it by the same names; times are milliseconds from the start of the run, -1 where there is none.
 *
 * @module
 */
import type { Flakiness } from "../report/flaky.ts";
import { whatRan } from "../report/history_lines.ts";
import { factsOf, type PicturedRun, rowsOf, type RunPicture } from "./run_picture.ts";
import { ALL_STANDINGS, isBad, lookOf, type Standing } from "./standing.ts";

/** Another version of the page's script could not read this one's data. */
export const PAGE_VERSION = 1;

/** What changes of a task while a run goes on. */
export type PageRow = readonly [
  startMs: number,
  tookMs: number,
  attempts: number,
  maxAttempts: number,
  worker: string,
  why: string,
  error: string,
];

/** A bar of the timeline. */
export type PageBar = readonly [task: number, worker: number, startMs: number, tookMs: number, standing: string];

/** A run in words and numbers. */
export interface PageRun {
  readonly id: number;
  /** Such as `build` or `nightly.txt`. */
  readonly what: string;
  readonly source: string;
  /** Unix milliseconds. */
  readonly started: number;
  readonly tookMs: number;
  readonly state: PicturedRun["state"];
}

/** A run as a point of a plot of many. */
export interface PagePoint {
  readonly id: number;
  /** Unix milliseconds. */
  readonly started: number;
  readonly tookMs: number;
  readonly total: number;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** Where the boxes of the graph lie, computed beforehand. */
export interface PageLayout {
  readonly width: number;
  readonly height: number;
  readonly boxes: readonly {
    readonly x: number;
    readonly y: number;
    readonly w: number;
    readonly h: number;
    readonly label: string;
    readonly members: readonly number[];
  }[];
  /** From and to by box, and the corners of the way as x, y, x, y… */
  readonly arrows: readonly (readonly [from: number, to: number, points: readonly number[]])[];
}

/** One input of a task, or a difference of one: what it is, its name, and digests. */
export type PageInput = readonly [what: string, name: string, before: string, after: string];

/** What is told of one task once it is looked at. */
export interface PageDetail {
  readonly command: string;
  /** Null when they are not on record. */
  readonly inputs: readonly PageInput[] | null;
  /** What was otherwise than the time before; null when that is not known. */
  readonly changes: readonly PageInput[] | null;
  /** The run of the time before. */
  readonly before: number | null;
  /** What each attempt printed; the note says what was left out. */
  readonly logs: readonly {
    readonly attempt: number;
    readonly stdout: string;
    readonly stderr: string;
    readonly note: string;
  }[];
}

/** What of a run changes while it goes on. */
export interface PageChange {
  readonly run: PageRun | null;
  /** The letter of each task's standing. */
  readonly states: string;
  /** New rows by index of the task. */
  readonly rows: readonly (readonly [task: number, row: PageRow])[];
  readonly bars: readonly PageBar[];
  readonly workers: readonly string[];
  readonly critical: readonly number[];
}

/** All of it. */
export interface PageData extends PageChange {
  readonly version: typeof PAGE_VERSION;
  /** How the page gets details: they are in it, or it asks for them. */
  readonly mode: "report" | "live";
  readonly title: string;
  /** Letter, sign, word, and whether it is bad. */
  readonly looks: readonly (readonly [letter: string, sign: string, word: string, isBad: boolean])[];
  readonly names: readonly string[];
  readonly needs: readonly (readonly number[])[];
  readonly layout: PageLayout;
  /** What a task usually takes. */
  readonly usual: readonly number[];
  /** The last results of each, the newest last, by letter. */
  readonly past: readonly string[];
  readonly flaky: Readonly<Record<number, Flakiness>>;
  readonly points: readonly PagePoint[];
  readonly details: Readonly<Record<number, PageDetail>>;
}

/** The looks of all standings. */
export const PAGE_LOOKS: PageData["looks"] = ALL_STANDINGS.map((standing) => {
  const { letter, sign, word } = lookOf(standing);
  return [letter, sign, word, isBad(standing)];
});

/** The letters of standings, one a task. */
export function statesOf(standings: Iterable<Standing>): string {
  return [...standings].map((standing) => lookOf(standing).letter).join("");
}

/** How a run stands, as the page is told it. */
export function pageChange(picture: RunPicture, nowUs: number): PageChange {
  const { run, tasks, attempts } = picture;
  const { endUs, last, critical } = factsOf(picture);
  const rows = [...rowsOf(attempts)];
  const workers = rows.map(([name]) => name);
  const workerOf = new Map(rows.flatMap(([, own], at) => own.map((attempt) => [attempt, at])));
  const ms = (us: number) => Math.max(0, Math.round((us - run.startedUs) / 100) / 10);
  return {
    run: {
      id: run.id,
      what: whatRan(run),
      source: run.source,
      started: Math.round(run.startedUs / 1000),
      tookMs: ms(run.state === "running" ? nowUs : endUs),
      state: run.state,
    },
    states: statesOf(tasks.map(({ standing }) => standing)),
    rows: tasks.map((task, index): [number, PageRow] => {
      const attempt = last[index];
      const start = task.standing === "running" ? task.startedUs : attempt?.startedUs ?? null;
      return [index, [
        start === null ? -1 : ms(start),
        attempt === undefined || task.standing === "running"
          ? -1
          : ms(run.startedUs + attempt.endedUs - attempt.startedUs),
        task.attempts,
        task.maxAttempts,
        attempt === undefined ? "" : workers[workerOf.get(attempt)!],
        attempt?.reason ?? "",
        task.error ?? (task.signal === null ? "" : `Ended by ${task.signal}`),
      ]];
    }),
    bars: attempts.map((attempt): PageBar => [
      attempt.task,
      workerOf.get(attempt)!,
      ms(attempt.startedUs),
      ms(run.startedUs + attempt.endedUs - attempt.startedUs),
      lookOf(attempt.outcome).letter,
    ]),
    workers,
    critical,
  };
}

/** What has become otherwise since; undefined when nothing has. */
export function changeSince(before: PageChange, now: PageChange): PageChange | undefined {
  const known = before.rows.map(([, row]) => JSON.stringify(row));
  const rows = now.rows.filter(([task, row]) => JSON.stringify(row) !== known[task]);
  const isSame = rows.length === 0 && before.states === now.states && before.bars.length === now.bars.length &&
    before.run?.state === now.run?.state;
  // Bars are few words each, and a worker that comes late may shift the rows of all.
  return isSame ? undefined : { ...now, rows };
}
