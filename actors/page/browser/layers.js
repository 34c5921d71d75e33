/**
 * Owns where tasks lie that the reader opens on the page: in layers by who needs whom, from left to right. The graph that the
 * page begins with was laid out before the page was written; this is for a part of it, hence simple.
 *
 * @module
 */
const WIDTH = 210, HEIGHT = 30, GAP_X = 60, GAP_Y = 10, MARGIN = 12;

/** Within a column more are not read. */
const MOST_IN_COLUMN = 60;

/** The layout of some tasks, in the shape of the one that comes with the page. */
export function layersOf(tasks, indexes) {
  const members = new Set(indexes);
  const needs = new Map(indexes.map((index) => [index, tasks[index].needs.filter((needed) => members.has(needed))]));
  const layer = longestFirst(indexes, needs);
  const columns = [];
  for (const index of indexes) (columns[layer.get(index)] ??= []).push(index);
  const place = new Map();
  for (const column of columns) {
    // Near what they need: one pass, from left to right.
    const wish = (index) => {
      const rows = needs.get(index).map((needed) => place.get(needed)).filter((row) => row !== undefined);
      return rows.length === 0 ? 0 : rows.reduce((a, b) => a + b, 0) / rows.length;
    };
    const wishes = new Map(column.map((index) => [index, wish(index)]));
    column.sort((a, b) => wishes.get(a) - wishes.get(b) || a - b);
    column.forEach((index, row) => place.set(index, row));
  }
  return placed(columns, { tasks, needs });
}

/** The layout of a task with what it needs at its left and what needs it at its right, so many steps far. */
export function aroundOf(tasks, index, steps) {
  const left = [], right = [];
  const seen = new Set([index]);
  const walk = (columns, key) => {
    let edge = [index];
    for (let step = 0; step < steps && edge.length > 0; step++) {
      const next = [];
      for (const at of edge) {
        for (const other of tasks[at][key]) {
          if (seen.has(other)) continue;
          seen.add(other);
          next.push(other);
        }
      }
      if (next.length > 0) columns.push(next.slice(0, MOST_IN_COLUMN));
      edge = next.slice(0, MOST_IN_COLUMN);
    }
  };
  walk(left, "needs");
  walk(right, "neededBy");
  const columns = [...left.reverse(), [index], ...right];
  const shown = new Set(columns.flat());
  const needs = new Map([...shown].map((at) => [at, tasks[at].needs.filter((needed) => shown.has(needed))]));
  return placed(columns, { tasks, needs });
}

function longestFirst(indexes, needs) {
  const layer = new Map();
  const open = new Map(indexes.map((index) => [index, needs.get(index).length]));
  const by = new Map(indexes.map((index) => [index, []]));
  for (const index of indexes) for (const needed of needs.get(index)) by.get(needed).push(index);
  const ready = indexes.filter((index) => open.get(index) === 0);
  for (const index of ready) layer.set(index, 0);
  for (let at = 0; at < ready.length; at++) {
    for (const next of by.get(ready[at])) {
      layer.set(next, Math.max(layer.get(next) ?? 0, layer.get(ready[at]) + 1));
      open.set(next, open.get(next) - 1);
      if (open.get(next) === 0) ready.push(next);
    }
  }
  return layer;
}

function placed(columns, { tasks, needs }) {
  const tallest = Math.max(1, ...columns.map((column) => column.length));
  const boxes = [], boxOf = new Map();
  columns.forEach((column, x) => {
    const top = (tallest - column.length) * (HEIGHT + GAP_Y) / 2;
    column.forEach((index, row) => {
      boxOf.set(index, boxes.length);
      boxes.push({
        x: MARGIN + x * (WIDTH + GAP_X),
        y: MARGIN + top + row * (HEIGHT + GAP_Y),
        w: WIDTH,
        h: HEIGHT,
        label: tasks[index].name,
        members: [index],
      });
    });
  });
  const arrows = [];
  for (const [index, all] of needs) {
    for (const needed of all) {
      const from = boxes[boxOf.get(needed)], to = boxes[boxOf.get(index)];
      const points = [from.x + from.w, from.y + from.h / 2, to.x, to.y + to.h / 2];
      arrows.push([boxOf.get(needed), boxOf.get(index), points]);
    }
  }
  return {
    width: 2 * MARGIN + columns.length * (WIDTH + GAP_X) - GAP_X,
    height: 2 * MARGIN + tallest * (HEIGHT + GAP_Y) - GAP_Y,
    boxes,
    arrows,
  };
}
