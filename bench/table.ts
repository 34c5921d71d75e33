/**
 * Owns how results look: the columns, the units, the verdicts, as text, Markdown or JSON.
 * It measures nothing.
 *
 * @module
 */
import type { Goal, Row } from "./workload.ts";

/** Middle and least of what the turns took. */
export interface Summary {
  readonly median: number;
  readonly min: number;
  readonly runs: readonly number[];
}

/** A row with what follows from its numbers. */
export interface Result {
  readonly workload: string;
  readonly unit: Row["unit"];
  readonly troupe: Summary;
  readonly peer: { readonly name: string; readonly installed: boolean } & Partial<Summary> | null;
  /** Median by median and, less disturbed where others use the machine, least by least; null without a peer. */
  readonly ratio: { readonly median: number; readonly min: number } | null;
  readonly goal: Goal | null;
  readonly verdict: "met" | "within bound" | "missed" | null;
}

const COLUMNS = ["workload", "troupe", "peer", "ratio", "goal", "verdict"] as const;

/** Draws the conclusions. */
export function conclude(row: Row): Result {
  const troupe = summarize(row.troupe);
  const values = row.peer?.values;
  const other = values && summarize(values);
  const peer = row.peer === undefined ? null : { name: row.peer.name, installed: values !== undefined, ...other };
  const ratio = other === undefined ? null : { median: troupe.median / other.median, min: troupe.min / other.min };
  const verdict = judge(troupe.median, ratio?.median ?? null, row.goal);
  return { ...row, troupe, peer, ratio, goal: row.goal ?? null, verdict };
}

/** Columns under each other, for a terminal. */
export function textTable(results: readonly Result[]): string {
  const rows = [[...COLUMNS], ...results.map(cells)];
  const widths = COLUMNS.map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column])).join("  ").trimEnd()).join("\n");
}

/** The same for a page of documentation. */
export function markdownTable(results: readonly Result[]): string {
  const rows = [[...COLUMNS], COLUMNS.map(() => "---"), ...results.map(cells)];
  return rows.map((row) => `| ${row.join(" | ")} |`).join("\n");
}

function summarize(values: readonly number[]): Summary {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const median = sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  return { median, min: sorted[0], runs: values };
}

function judge(median: number, ratio: number | null, goal: Goal | undefined): Result["verdict"] {
  if (goal === undefined) return null;
  if (goal.kind === "ratio") return ratio === null ? null : ratio <= goal.most ? "met" : "missed";
  if (median <= goal.most) return "met";
  return goal.bound !== undefined && median <= goal.bound ? "within bound" : "missed";
}

function cells({ workload, unit, troupe, peer, ratio, goal, verdict }: Result): string[] {
  return [
    workload,
    summaryText(troupe, unit),
    peerText(peer, unit),
    ratio === null ? "–" : `${figure(ratio.median)} × (${figure(ratio.min)} ×)`,
    goalText(goal, unit),
    verdict ?? "–",
  ];
}

function summaryText({ median, min }: { median: number; min: number }, unit: Row["unit"]): string {
  return `${amount(median, unit)} (${amount(min, unit)})`;
}

function peerText(peer: Result["peer"], unit: Row["unit"]): string {
  if (peer === null) return "–";
  if (peer.median === undefined || peer.min === undefined) return `${peer.name}: not installed`;
  return `${peer.name}: ${summaryText({ median: peer.median, min: peer.min }, unit)}`;
}

function goalText(goal: Goal | null, unit: Row["unit"]): string {
  if (goal === null) return "–";
  if (goal.kind === "ratio") return `≤ ${goal.most} ×`;
  const bound = goal.bound === undefined ? "" : ` (bound ${amount(goal.bound, unit)})`;
  return `≤ ${amount(goal.most, unit)}${bound}`;
}

/** An amount in the unit that suits its size. */
function amount(value: number, unit: Row["unit"]): string {
  if (unit === "MB") return `${figure(value)} MB`;
  if (value >= 1000) return `${figure(value / 1000)} s`;
  return value >= 0.1 ? `${figure(value)} ms` : `${figure(value * 1000)} µs`;
}

/** Three digits, without zeros that say nothing. */
function figure(value: number): string {
  return value >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(3)));
}
