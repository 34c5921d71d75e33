/**
 * Owns a graph in the languages of diagrams: Graphviz's DOT, and Mermaid. Names are quoted so that nothing in them is taken
 * for the language.
 *
 * @module
 */
import { durationText } from "../report/closing.ts";
import { counted, escapeControls } from "../text.ts";
import type { Drawing, DrawnBox } from "./drawing.ts";
import { isBad, lookOf } from "./standing.ts";

/** In the language of Graphviz: an arrow goes from what is needed to who needs it. */
export function dotText(drawing: Drawing): string {
  const { boxes } = drawing;
  const string = (text: string) => `"${text.replace(/[\\"]/g, "\\$&")}"`;
  return [
    "digraph tasks {",
    "  rankdir=LR; node [shape=box, style=rounded, fontname=sans];",
    ...boxes.map((box, at) => {
      const more = [
        ...(box.isCritical ? ["penwidth=2.5"] : []),
        ...(isBad(box.standing) ? ['color="#c2410c"', 'style="rounded,bold"'] : []),
        ...(box.count > 1 ? ["peripheries=2"] : []),
      ];
      // A backslash and n is the language's own line break, so it is not one of the text's.
      const label = labelLines(box).map((line) => string(line).slice(1, -1)).join("\\n");
      return `  b${at} [${[`label="${label}"`, ...more].join(", ")}];`;
    }),
    ...arrows(drawing).map(([needed, by, isAfter]) => {
      const look = isAfter ? " [style=dashed]" : isCritical(needed, by) ? " [penwidth=2.5]" : "";
      return `  b${needed} -> b${by}${look};`;
    }),
    "}",
  ].join("\n");

  function isCritical(needed: number, by: number): boolean {
    return boxes[needed].isCritical && boxes[by].isCritical;
  }
}

/** In the language of Mermaid. */
export function mermaidText(drawing: Drawing): string {
  const { boxes } = drawing;
  const text = (line: string) => line.replace(/[^\p{L}\p{N} .,:/_=()-]/gu, (other) => `#${other.codePointAt(0)};`);
  const lines = boxes.map((box, at) => {
    const label = `"${labelLines(box).map(text).join("<br/>")}"`;
    return `  b${at}${box.count > 1 ? `[[${label}]]` : `(${label})`}`;
  });
  const classed = (is: (box: DrawnBox) => boolean, name: string, style: string) => {
    const names = boxes.flatMap((box, at) => is(box) ? [`b${at}`] : []);
    return names.length === 0 ? [] : [`  classDef ${name} ${style}`, `  class ${names.join(",")} ${name}`];
  };
  return [
    "flowchart LR",
    ...lines,
    ...arrows(drawing).map(([needed, by, isAfter]) => `  b${needed} ${isAfter ? "-.->" : "-->"} b${by}`),
    ...classed(({ isCritical }) => isCritical, "critical", "stroke-width:3px"),
    ...classed(({ standing }) => isBad(standing), "failed", "stroke:#c2410c,stroke-dasharray:5 2"),
  ].join("\n");
}

function labelLines({ label, standing, seconds, count, counts }: DrawnBox): string[] {
  const { sign, word } = lookOf(standing);
  const time = seconds === null ? [] : [durationText(1000 * seconds)];
  const state = count > 1 ? `${counted(count, "task")}: ${counts}` : `${sign} ${word}`;
  return [escapeControls(label), [state, ...time].join(" · ")];
}

function arrows({ graph }: Drawing): [needed: number, by: number, isAfter: boolean][] {
  const all: [number, number, boolean][] = [];
  for (let by = 0; by < graph.size; by++) {
    for (let i = graph.dependencyStart[by]; i < graph.dependencyStart[by + 1]; i++) {
      all.push([graph.dependencies[i], by, i >= graph.inputEnd[by]]);
    }
  }
  return all;
}
