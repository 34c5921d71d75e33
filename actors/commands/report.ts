/**
 * Owns the report of a run as one page of HTML that needs nothing beside it, as a command, typed or called.
 *
 * Details (inputs, output) are put in as far as a page stays quick to open: first of what failed, then of what took longest.
 *
 * @module
 */
import { buildGraph } from "../../graph/graph.ts";
import { drawnTask } from "../../graph/picture/drawing.ts";
import { longestChain } from "../../graph/picture/critical_path.ts";
import { PAGE_LOOKS, PAGE_VERSION, type PageData, type PageDetail, statesOf } from "../../graph/picture/page_data.ts";
import { factsOf, type RunPicture } from "../../graph/picture/run_picture.ts";
import { isBad } from "../../graph/picture/standing.ts";
import { DEFAULT_HISTORY } from "../../graph/report/typed_commands.ts";
import { PictureView } from "../history/pictures.ts";
import { layoutOf } from "../page/layout.ts";
import { pageOf } from "../page/page.ts";
import type { GraphReport } from "./graph.ts";
import { detailOf, pageData } from "./page_source.ts";
import { findRun } from "./recorded_run.ts";
import { readPicture } from "./run_picture.ts";

/** Characters of details that a page may have in all, and bytes of one stream that failed or did not. */
const MOST_DETAILS = 6_000_000, FAILED_BYTES = 65_536, PASSED_BYTES = 8192;

/** Details cost several questions of the database each. */
const MOST_DETAILED = 2000;

/** Choices for {@linkcode report}. */
export interface ReportOptions {
  /** Path of the history; default `taskrun.db`. */
  readonly db?: string;
}

/**
 * The page about a recorded run: what `troupe report` writes to a file.
 *
 * @example
 * ```ts
 * import { report, run } from "./mod.ts";
 *
 * const { id } = await run("fixtures/tasks/pipeline.txt");
 * await Deno.writeTextFile("/tmp/report.html", await report(id!));
 * ```
 *
 * @throws {InputError} When there is no such run.
 * @throws {DatabaseError} When there is no such history, or it cannot be read.
 */
export async function report(
  which: number | "last" = "last",
  { db = DEFAULT_HISTORY }: ReportOptions = {},
): Promise<string> {
  using view = await PictureView.open(db);
  const run = findRun(view.history, which, db);
  const data = await pageData(view, run, "report");
  return (await pageOf({ ...data, details: detailsOf(view, readPicture(view, run)) })).html;
}

function detailsOf(view: PictureView, picture: RunPicture): Record<number, PageDetail> {
  const { last } = factsOf(picture);
  const took = (task: number) => last[task] === undefined ? -1 : last[task].endedUs - last[task].startedUs;
  const isFailed = (task: number) => isBad(picture.tasks[task].standing);
  const order = [...picture.tasks.keys()].sort((a, b) =>
    Number(isFailed(b)) - Number(isFailed(a)) || took(b) - took(a)
  );
  const details: Record<number, PageDetail> = {};
  let room = MOST_DETAILS;
  for (const task of order.slice(0, MOST_DETAILED)) {
    const detail = detailOf(view, picture, { task, mostBytes: isFailed(task) ? FAILED_BYTES : PASSED_BYTES });
    room -= JSON.stringify(detail).length;
    if (room < 0) break;
    details[task] = detail;
  }
  return details;
}

/** The page about a graph of tasks before they are run. */
export async function graphPage({ file, tasks }: GraphReport): Promise<string> {
  const { graph } = buildGraph(tasks);
  const drawn = tasks.map(drawnTask);
  const names = tasks.map(({ name }) => name);
  const data: PageData = {
    version: PAGE_VERSION,
    mode: "report",
    title: file,
    looks: PAGE_LOOKS,
    names,
    needs: tasks.map((_, task) => [
      ...graph.dependencies.subarray(graph.dependencyStart[task], graph.dependencyStart[task + 1]),
    ]),
    layout: await layoutOf(names, graph),
    usual: tasks.map(({ usual_duration: usual }) => usual === null ? -1 : Math.round(1000 * usual)),
    past: tasks.map(() => ""),
    flaky: Object.fromEntries(tasks.flatMap(({ flaky }, task) => flaky === null ? [] : [[task, flaky]])),
    points: [],
    details: {},
    run: null,
    states: statesOf(drawn.map(({ standing }) => standing)),
    rows: tasks.map(({ last, reason }, task) => {
      const took = last === null ? -1 : Math.round(1000 * last.duration);
      return [task, [-1, took, last === null ? 0 : 1, 1, "", reason ?? "", last?.error ?? ""]];
    }),
    bars: [],
    workers: [],
    critical: longestChain(graph, drawn.map(({ seconds }) => seconds ?? 0)),
  };
  return (await pageOf(data)).html;
}
