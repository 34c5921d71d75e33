/**
 * Owns the way from a {@linkcode Place} in a JSON config to offsets in its text.
 * It is imported dynamically, and only when there is a diagnostic to show: jsonc-parser takes longer to load than a small
 * build takes to find that it has nothing to do.
 *
 * Beside keys and indexes a path may name an entry of a list of strings by its text, or by a name that its pattern matches:
 * `["tasks", 0, "dependencies", "gen"]`.
 *
 * @module
 */
import { type Node, parseTree } from "jsonc-parser";
import type { Place } from "../failure.ts";
import type { Span } from "./source.ts";
import { isPattern, matches } from "./task_names.ts";

const BOM = "\ufeff";

/** Reads a config once and finds any number of places in it. A place that is not there is found at what would hold it. */
export function placeFinder(text: string): (place: Place) => Span | undefined {
  const shift = text.startsWith(BOM) ? 1 : 0;
  const root = readTree(shift ? text.slice(1) : text);
  return (place) => {
    if ("start" in place) return place;
    if (!root) return undefined;
    let node = root;
    for (const segment of place.path) {
      const child = childAt(node, segment);
      if (!child) break;
      node = child;
    }
    const key = node.parent?.type === "property" ? node.parent.children![0] : undefined;
    const shown = place.of === "key" && key ? key : node;
    return { start: shown.offset + shift, end: shown.offset + shown.length + shift };
  };
}

function readTree(text: string): Node | undefined {
  try {
    return parseTree(text, [], { allowTrailingComma: true });
  } catch (error) {
    // Its parser recurses: a config nested thousands of levels deep is shown without excerpts.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function childAt(node: Node, segment: string | number): Node | undefined {
  if (node.type === "array") {
    if (typeof segment === "number") return node.children?.[segment];
    const texts = node.children?.filter((entry) => entry.type === "string");
    return texts?.find((entry) => entry.value === segment) ??
      texts?.find((entry) => isPattern(entry.value) && matches(entry.value, segment));
  }
  // Of a key written twice the last counts, as in JSON.parse; findNodeAtLocation would point at the first.
  const valueOf = (key: string | number) =>
    node.children?.findLast((property) => property.children?.[0]?.value === key)?.children?.[1];
  // Who is told of an output does not know by which of its names it is given.
  return valueOf(segment) ?? (segment === "output_artifact" ? valueOf("output") : undefined);
}
