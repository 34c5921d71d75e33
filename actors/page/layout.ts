/**
 * Owns where the boxes of a graph lie on a page: in layers from left to right, by dagre, which is loaded for this alone.
 * Its time grows faster than the graph, so it is given few boxes, and whoever wants more opens them on the page.
 *
 * @module
 */
import { type Graph, topologicalOrder } from "../../graph/graph.ts";
import { foldByPrefix, type Folded } from "../../graph/picture/fold.ts";
import type { PageLayout } from "../../graph/picture/page_data.ts";
import { widthOf } from "../../graph/text_width.ts";

/** More boxes than these take dagre seconds, and a reader longer; where they must be folded anyway, few are clearer. */
const MOST_BOXES = 110, MOST_FOLDED = 50, MOST_ARROWS = 140;
/** Boxes are not folded further for the sake of arrows. */
const LEAST_BOXES = 8;

/** In the units of the picture, of which a character of a name takes about 7. */
const BOX_HEIGHT = 30, CHARACTER = 7.2, PADDING = 34, WIDEST = 230;

/** The layout of a graph of tasks. */
export async function layoutOf(names: readonly string[], graph: Graph): Promise<PageLayout> {
  const { default: dagre } = await import("@dagrejs/dagre");
  const folded = foldedToFit(names, graph);
  const drawing = new dagre.graphlib.Graph();
  drawing.setGraph({ rankdir: "LR", ranksep: 46, nodesep: 12, marginx: 8, marginy: 8 });
  folded.boxes.forEach(({ label, members }, box) => {
    const text = members.length === 1 ? label : `${label} ${members.length}`;
    const width = Math.min(WIDEST, Math.round(widthOf(text) * CHARACTER) + PADDING);
    drawing.setNode(String(box), { width, height: members.length === 1 ? BOX_HEIGHT : BOX_HEIGHT + 8 });
  });
  for (const [needed, by] of folded.arrows) drawing.setEdge(String(needed), String(by), {});
  dagre.layout(drawing);
  const { width = 0, height = 0 } = drawing.graph() as { width?: number; height?: number };
  return {
    width: finite(width),
    height: finite(height),
    boxes: folded.boxes.map(({ label, members }, box) => {
      const { x, y, width, height } = drawing.node(String(box)) as Record<"x" | "y" | "width" | "height", number>;
      return { x: Math.round(x - width / 2), y: Math.round(y - height / 2), w: width, h: height, label, members };
    }),
    arrows: folded.arrows.map(([needed, by]) => {
      const { points } = drawing.edge(String(needed), String(by)) as { points: { x: number; y: number }[] };
      return [needed, by, points.flatMap(({ x, y }) => [Math.round(x), Math.round(y)])];
    }),
  };
}

function foldedToFit(names: readonly string[], graph: Graph): Folded {
  const whole = foldByPrefix(names, graph, MOST_BOXES);
  if (whole.boxes.length === names.length) return whole;
  const depths = depthsOf(graph);
  for (let most = MOST_FOLDED;; most = Math.floor(most * 0.7)) {
    const folded = foldByPrefix(names, graph, most);
    const arrows = withoutDetours(folded, depths);
    if (arrows.length <= MOST_ARROWS || most <= LEAST_BOXES) return { ...folded, arrows };
  }
}

/** How many tasks must be done before each, one after another. */
function depthsOf(graph: Graph): Int32Array {
  const depths = new Int32Array(graph.size);
  for (const task of topologicalOrder(graph)) {
    for (let i = graph.dependencyStart[task]; i < graph.dependencyStart[task + 1]; i++) {
      depths[task] = Math.max(depths[task], depths[graph.dependencies[i]] + 1);
    }
  }
  return depths;
}

/**
 * The arrows between folded boxes without those that others lead along as well, by way of further boxes. Boxes may need each
 * other in a ring, so only arrows onward, by the mean depth of the tasks, are left out, and only for ways onward.
 */
function withoutDetours({ boxes, arrows }: Folded, depths: Int32Array): Folded["arrows"] {
  const mean = boxes.map(({ members }) => members.reduce((sum, task) => sum + depths[task], 0) / members.length);
  const rank = new Map([...mean.keys()].sort((a, b) => mean[a] - mean[b] || a - b).map((box, at) => [box, at]));
  const isOnward = ([from, to]: Folded["arrows"][number]) => rank.get(from)! < rank.get(to)!;
  const next: Set<number>[] = boxes.map(() => new Set());
  for (const arrow of arrows) if (isOnward(arrow)) next[arrow[0]].add(arrow[1]);
  // From the last box back, each knows all that it leads to.
  const reached: Set<number>[] = boxes.map(() => new Set());
  for (const box of [...rank.keys()].reverse()) {
    for (const to of next[box]) {
      reached[box].add(to);
      for (const further of reached[to]) reached[box].add(further);
    }
  }
  return arrows.filter((arrow) =>
    !isOnward(arrow) || ![...next[arrow[0]]].some((by) => by !== arrow[1] && reached[by].has(arrow[1]))
  );
}

/** Of a graph without tasks dagre says that it is infinitely small. */
function finite(size: number): number {
  return Number.isFinite(size) ? Math.max(0, Math.round(size)) : 0;
}
