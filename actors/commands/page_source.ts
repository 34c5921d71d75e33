/**
 * Owns the gathering of what a page is told of a run: its picture, the past of its tasks, other runs of the same file, and
 * of single tasks what they were made of and printed. It draws nothing.
 *
 * @module
 */
import { buildGraph } from "../../graph/graph.ts";
import type { Manifest } from "../../graph/manifest.ts";
import { manifestDifferences } from "../../graph/manifest.ts";
import { logText } from "../../graph/picture/log_text.ts";
import {
  PAGE_LOOKS,
  PAGE_VERSION,
  pageChange,
  type PageData,
  type PageDetail,
  type PageInput,
  type PagePoint,
} from "../../graph/picture/page_data.ts";
import type { RunPicture } from "../../graph/picture/run_picture.ts";
import { lookOf } from "../../graph/picture/standing.ts";
import { pastsOf } from "../../graph/report/task_list.ts";
import type { PictureView } from "../history/pictures.ts";
import type { EndedAttempt, RunRecord } from "../history/records.ts";
import { layoutOf } from "../page/layout.ts";
import { readPicture } from "./run_picture.ts";

/** So many results of each task are shown, and so many attempts are read for them. */
const RESULTS = 20, MOST_RECALLED = 60_000;

const MOST_RUNS = 200;

/** Inputs of a task that anyone reads. */
const MOST_INPUTS = 500;

/** Longer commands are scripts, and stand in the config. */
const LONGEST_COMMAND = 4000;

/** Everything but details. */
export async function pageData(view: PictureView, run: RunRecord, mode: PageData["mode"]): Promise<PageData> {
  const picture = readPicture(view, run);
  const { graph } = buildGraph(picture.tasks);
  const names = picture.tasks.map(({ name }) => name);
  const indexes = new Map(names.map((name, task) => [name, task]));
  const enough = Math.min(MOST_RECALLED, Math.max(1000, RESULTS * names.length));
  const recalled = view.history.ended(run.source, run.kind, enough);
  const pasts = pastsOf(recalled);
  const flaky: Record<number, NonNullable<PageData["flaky"][number]>> = {};
  names.forEach((name, task) => {
    const known = pasts.get(name)?.flaky;
    if (known) flaky[task] = known;
  });
  return {
    version: PAGE_VERSION,
    mode,
    title: `Run #${run.id}`,
    looks: PAGE_LOOKS,
    names,
    needs: picture.tasks.map((_, task) => [
      ...graph.dependencies.subarray(graph.dependencyStart[task], graph.dependencyStart[task + 1]),
    ]),
    layout: await layoutOf(names, graph),
    usual: names.map((name) => Math.round(1000 * (pasts.get(name)?.usual_duration ?? -0.001))),
    past: resultsOf(recalled, indexes),
    flaky,
    points: pointsOf(view, run),
    details: {},
    ...pageChange(picture, Date.now() * 1000),
  };
}

/** The last results of each task, the newest last. */
function resultsOf(recalled: readonly EndedAttempt[], indexes: ReadonlyMap<string, number>): string[] {
  const results: string[] = new Array(indexes.size).fill("");
  // From the newest run to the oldest, but within a run from the first attempt to the last.
  for (let start = 0, end = 0; start < recalled.length; start = end) {
    end = start;
    const own = new Map<number, string>();
    for (; end < recalled.length && recalled[end].run === recalled[start].run; end++) {
      const task = indexes.get(recalled[end].task);
      if (task !== undefined) own.set(task, (own.get(task) ?? "") + lookOf(recalled[end].outcome).letter);
    }
    for (const [task, letters] of own) {
      if (results[task].length < RESULTS) results[task] = (letters + results[task]).slice(-RESULTS);
    }
  }
  return results;
}

/** The last runs of the same file. */
export function pointsOf(view: PictureView, run: RunRecord): PagePoint[] {
  return view.runs(run.source, run.kind, MOST_RUNS).map((point) => ({
    id: point.id,
    started: point.startedAt * 1000,
    tookMs: point.durationMs ?? Math.max(0, (point.finishedAt ?? Date.now() / 1000) - point.startedAt) * 1000,
    total: point.total,
    passed: point.passed,
    failed: point.failed,
    skipped: point.skipped,
  }));
}

/** What is told of one task; `mostBytes` of what it printed, by attempt and stream. */
export function detailOf(
  view: PictureView,
  { run, tasks, attempts }: RunPicture,
  { task, mostBytes }: { readonly task: number; readonly mostBytes: number },
): PageDetail {
  const { name, command } = tasks[task];
  const fingerprint = attempts.findLast((attempt) => attempt.task === task)?.fingerprint ?? undefined;
  const now = fingerprint === undefined ? undefined : view.history.manifest(fingerprint);
  const before = view.history.attemptUpTo(run.id - 1, name, run.source);
  const old = before?.fingerprint == null ? undefined : view.history.manifest(before.fingerprint);
  const differences = now === undefined || old === undefined ? null : manifestDifferences(old, now);
  return {
    command: command.length > LONGEST_COMMAND ? `${command.slice(0, LONGEST_COMMAND)}…` : command,
    inputs: now === undefined ? null : inputsOf(now),
    changes: differences?.slice(0, MOST_INPUTS)
      .map(({ what, name, before, after }): PageInput => [what, name, before ?? "", after ?? ""]) ?? null,
    before: before?.run ?? null,
    logs: view.output(run.id, name).map(({ attempt, stdout, stderr }) => {
      const [out, error] = [logText(stdout, mostBytes), logText(stderr, mostBytes)];
      const left = out.left + error.left;
      return {
        attempt,
        stdout: out.text,
        stderr: error.text,
        note: left === 0 ? "" : `${left} bytes are not shown: troupe show ${run.id} --task NAME has all`,
      };
    }),
  };
}

function inputsOf({ env, sources, artifacts }: Manifest): PageInput[] {
  const all = [["source", sources], ["dependency", artifacts], ["environment", env]] as const;
  return all.flatMap(([what, inputs]) =>
    Object.entries(inputs).map(([name, digest]): PageInput => [what, name, digest, ""])
  ).slice(0, MOST_INPUTS);
}
