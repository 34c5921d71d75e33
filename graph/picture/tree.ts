/**
 * Owns the tree of a graph as lines: who is needed by nobody stands at the left, below it what it needs (─) or only comes
 * after (╌). Each task has one
 * line; where it is needed once more, a line tells that it stands elsewhere. So there are at most twice as many lines as tasks.
 *
 * @module
 */
import { durationText } from "../report/closing.ts";
import { counted, escapeControls, listed } from "../text.ts";
import { cutLine, type TextCell } from "../text_width.ts";
import type { Drawing } from "./drawing.ts";
import { lookOf } from "./standing.ts";

/** So many names of what stands elsewhere are told. */
const MOST_ELSEWHERE = 4;

/** What marks a task of the critical path. */
const CRITICAL = " ◆";

/** A line that is to come: a box, or what else is needed and stands elsewhere. */
type Coming = {
  readonly indent: string;
  readonly isLast: boolean;
  readonly isRoot?: boolean;
  /** It is not needed, only waited for. */
  readonly isAfter?: boolean;
} & ({ readonly box: number } | { readonly elsewhere: readonly number[] });

/** The lines; `columns` of a terminal, that none may be wider than, or undefined for no limit. */
export function treeLines(drawing: Drawing, columns: number | undefined): TextCell[][] {
  const lines = [...boxLines(drawing), [], ...closingLines(drawing)];
  return columns === undefined ? lines : lines.map((line) => cutLine(line, columns));
}

function boxLines(drawing: Drawing): TextCell[][] {
  const { graph, boxes } = drawing;
  const lines: TextCell[][] = [];
  const isShown = new Uint8Array(graph.size);
  // Of a ring of boxes none is needed by nobody, so all are tried.
  for (const isRoot of [true, false]) {
    for (let root = 0; root < graph.size; root++) {
      if (isShown[root] || (isRoot && graph.dependentStart[root] < graph.dependentStart[root + 1])) continue;
      const coming: Coming[] = [{ indent: "", isLast: true, isRoot: true, box: root }];
      isShown[root] = 1;
      for (let next = coming.pop(); next !== undefined; next = coming.pop()) {
        const stem = next.isRoot ? "" : `${next.isLast ? "└" : "├"}${next.isAfter ? "╌" : "─"} `;
        const indent = next.isRoot ? "" : next.indent + (next.isLast ? "   " : "│  ");
        if ("elsewhere" in next) {
          const names = listed(next.elsewhere.map((box) => boxes[box].label), MOST_ELSEWHERE);
          lines.push([{ text: `${next.indent}${stem}also ${names}`, tone: "dim" }]);
          continue;
        }
        lines.push(boxLine(drawing, next.box, next.indent + stem));
        const needed = graph.dependencies.subarray(
          graph.dependencyStart[next.box],
          graph.dependencyStart[next.box + 1],
        );
        const own: number[] = [], elsewhere: number[] = [];
        const needs = graph.inputEnd[next.box] - graph.dependencyStart[next.box];
        const after = new Set(needed.subarray(needs));
        for (const box of needed) {
          (isShown[box] ? elsewhere : own).push(box);
          isShown[box] = 1;
        }
        const rows: Coming[] = own.map((box, at) => ({
          indent,
          isLast: elsewhere.length === 0 && at === own.length - 1,
          isAfter: after.has(box),
          box,
        }));
        if (elsewhere.length > 0) rows.push({ indent, isLast: true, elsewhere });
        coming.push(...rows.reverse());
      }
    }
  }
  return lines;
}

function boxLine({ boxes }: Drawing, at: number, stem: string): TextCell[] {
  const { label, standing, seconds, count, counts, isCritical } = boxes[at];
  const { sign, word, tone } = lookOf(standing);
  const time = seconds === null ? "" : `  ${durationText(1000 * seconds)}`;
  const cells: TextCell[] = [
    { text: stem, tone: "dim" },
    { text: `${sign} `, tone },
    { text: escapeControls(label), tone: isCritical ? "good" : "plain" },
    { text: isCritical ? CRITICAL : "", tone: "good" },
    { text: count === 1 ? `  ${word}` : `  ${counted(count, "task")}: ${counts}`, tone },
    { text: time, tone: "dim" },
  ];
  return cells.filter(({ text }) => text !== "");
}

function closingLines({ boxes, tasks, critical }: Drawing): TextCell[][] {
  const folded = boxes.length < tasks ? `, folded to ${counted(boxes.length, "line")}; --all shows each` : "";
  const lines: TextCell[][] = [[{ text: `${counted(tasks, "task")}${folded}`, tone: "plain" }]];
  if (critical.names.length > 1) {
    const path = listed(critical.names, 8).replaceAll(", ", " → ");
    lines.push([{
      text: `◆ critical path: ${durationText(1000 * critical.seconds)} over ${
        counted(critical.names.length, "task")
      }: ${path}`,
      tone: "plain",
    }]);
  }
  return lines;
}
