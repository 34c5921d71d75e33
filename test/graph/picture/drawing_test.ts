// Graphs as trees and as diagrams, and the critical path.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { buildGraph } from "../../../graph/graph.ts";
import { longestChain, shortestPath, waitedChain } from "../../../graph/picture/critical_path.ts";
import { dotText, mermaidText } from "../../../graph/picture/diagrams.ts";
import { chosenAround, drawingOf, type DrawnTask } from "../../../graph/picture/drawing.ts";
import { treeLines } from "../../../graph/picture/tree.ts";
import { widthOf } from "../../../graph/text_width.ts";

/** `c: a b 1.5` depends on a and b and takes 1.5 seconds. */
function tasksOf(...lines: readonly string[]): DrawnTask[] {
  return lines.map((line) => {
    const [name, ...words] = line.split(/:? /);
    const seconds = words.find((word) => /^[\d.]+$/.test(word));
    return {
      name,
      dependencies: words.filter((word) => word !== seconds),
      standing: "fresh",
      seconds: seconds === undefined ? null : Number(seconds),
    };
  });
}

const DIAMOND = tasksOf("a: 1", "b: a 2", "c: a 0.5", "d: b c 1");

function tree(tasks: readonly DrawnTask[], most = Infinity, columns?: number): string[] {
  return treeLines(drawingOf(tasks, most), columns).map((line) => line.map(({ text }) => text).join(""));
}

// S6.11
Deno.test("a tree has each task once, and tells what else is needed; the critical path is marked", () => {
  assertEquals(tree(DIAMOND), [
    "= d ◆  up to date  1.0s",
    "├─ = b ◆  up to date  2.0s",
    "│  └─ = a ◆  up to date  1.0s",
    "└─ = c  up to date  0.50s",
    "   └─ also a",
    "",
    "4 tasks",
    "◆ critical path: 4.0s over 3 tasks: a → b → d",
  ]);
  const after = [...tasksOf("a", "b"), { ...tasksOf("c: b")[0], after: ["a"] }];
  assertEquals(tree(after).slice(0, 3), ["= c  up to date", "├─ = b  up to date", "└╌ = a  up to date"]);
  assertMatch(dotText(drawingOf(after, 10)), /b1 -> b2;\n {2}b0 -> b2 \[style=dashed\];/);
  assertEquals(tree(tasksOf("a", "b")), ["= a  up to date", "= b  up to date", "", "2 tasks"]);
});

// S6.11
Deno.test("many tasks are folded, also where the boxes then need each other, and no line is too wide", () => {
  const tasks = tasksOf(...Array.from({ length: 10_000 }, (_, i) => {
    const area = ["api", "web", "ui"][i % 3];
    return `${area}:${i}: ${i > 4 ? `${["api", "web", "ui"][(i - 4) % 3]}:${i - 4}` : ""} 1`.replace("  ", " ");
  }));
  const lines = tree(tasks, 3, 60);
  assertEquals(lines.length, 4 + 3, lines.join("\n"));
  assertMatch(lines.join("\n"), /api:\* ◆ {2}3334 tasks: 3334 up to date/);
  assert(lines.every((line) => widthOf(line) <= 60));
  assertEquals(tree(tasks).length > 10_000, true);
});

// S6.11
Deno.test("a chain of 50 000 tasks, and one task that needs as many, are drawn", () => {
  const chain = tasksOf(...Array.from({ length: 50_000 }, (_, i) => i === 0 ? "t0" : `t${i}: t${i - 1} 1`));
  assertEquals(drawingOf(chain, 50).critical.names.length, 50_000);
  const fan: DrawnTask = { ...chain[0], name: "all", dependencies: chain.map(({ name }) => name) };
  const flat = chain.map((task) => ({ ...task, dependencies: [] }));
  assertEquals(tree([...flat, fan]).length, 50_001 + 3);
});

// S6.11
Deno.test("what is needed, what needs it, and the shortest way between two tasks", () => {
  const { graph } = buildGraph(DIAMOND);
  assertEquals(chosenAround(graph, [1], { needs: true, neededBy: false }), [0, 1]);
  assertEquals(chosenAround(graph, [1], { needs: false, neededBy: true }), [1, 3]);
  assertEquals(chosenAround(graph, [1], { needs: true, neededBy: true }), [0, 1, 3]);
  assertEquals(shortestPath(graph, 3, 0), [3, 1, 0]);
  assertEquals(shortestPath(graph, 0, 3), undefined);
  assertEquals(longestChain(graph, [0, 0, 0, 0]), []);
  // b came last of what d needs, and a before it; what was right already has no end.
  assertEquals(waitedChain(graph, [3, 5, 4, 9]), [0, 1, 3]);
  assertEquals(waitedChain(graph, [-1, 5, 4, 9]), [1, 3]);
  assertEquals(waitedChain(graph, [-1, -1, -1, -1]), []);
});

// S6.11
Deno.test("names cannot break out of a diagram", () => {
  const hostile = [{ ...DIAMOND[0], name: 'a"];\nb\\n<script>#35;`${x}`' }];
  const dot = dotText(drawingOf(hostile, 10)), mermaid = mermaidText(drawingOf(hostile, 10));
  assertMatch(dot, /^ {2}b0 \[label="a\\"\];\\\\nb\\\\\\\\n|^ {2}b0 \[label="a\\"\];\\\\nb\\\\n/m);
  assertEquals(dot.split("\n").length, 4);
  assertEquals(/<script|"\]|`/.test(mermaid.split("\n")[1].slice(6, -2)), false, mermaid);
  assertEquals(mermaidText(drawingOf(DIAMOND, 10)).match(/-->/g)?.length, 4);
  assertMatch(dotText(drawingOf(DIAMOND, 10)), /b0 -> b1 \[penwidth=2.5\];\n {2}b0 -> b2;/);
});
