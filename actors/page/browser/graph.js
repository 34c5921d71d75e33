/**
 * Owns the view of the graph: boxes and arrows, what is opened in them, and the window that is moved over it.
 *
 * @module
 */
import { cutText, h, nameText, oncePerFrame, s, visibleText } from "./elements.js";
import { around } from "./detail.js";
import { aroundOf, layersOf } from "./layers.js";
import { choose, countStates, isFiltered, isWanted, lookOf, model, worstOf } from "./model.js";
import { countText } from "./words.js";

/** More tasks than these are looked at in the table. */
const MOST_OPENED = 300;
const STEPS_AROUND = 2;
const LEAST_FITTED = 0.6, LEAST_SCALE = 0.08, MOST_SCALE = 4, CHARACTER = 7.2;

/** What is shown: the whole, or what was opened in it. */
const shown = {
  layout: null,
  crumbs: [],
  scale: 1,
  x: 0,
  y: 0,
  element: null,
  world: null,
  boxes: [],
  openTable: null,
};

/** Draws the view into an element. `openTable` shows tasks by the beginning of their names where they are too many. */
export function drawGraph(element, openTable) {
  shown.openTable = openTable;
  around.show = showAround;
  shown.layout ??= model.data.layout;
  const svg = s("svg", { class: "canvas", role: "group", "aria-label": "Graph of tasks", tabindex: 0 });
  const marker = s(
    "marker",
    { id: "tip", viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, orient: "auto" },
    s("path", { d: "M0 0L8 4L0 8z", class: "tip" }),
  );
  shown.world = s("g");
  svg.append(s("defs", {}, marker), shown.world);
  shown.element = svg;
  element.replaceChildren(toolbar(), svg);
  drawBoxes();
  fit();
  new ResizeObserver(fitAgain).observe(svg);
  listenTo(svg);
}

/** Forgets what was opened: the tasks are others. */
export function resetGraph() {
  shown.layout = null;
  shown.crumbs = [];
}

/** Moves the window to the task that is looked at, if it is shown. */
export function revealChosen() {
  const found = shown.boxes.find(({ box }) => box.members.includes(model.chosen));
  if (found !== undefined && shown.element.isConnected) reveal(found.box);
}

/** Gives the boxes the looks of how their tasks stand now. */
export const paintGraph = oncePerFrame(() => {
  if (shown.element === null || !shown.element.isConnected) return;
  for (const { box, group, sign, bar } of shown.boxes) {
    const letter = box.members.length === 1
      ? model.tasks[box.members[0]].state
      : worstOf(new Set(box.members.map((index) => model.tasks[index].state)));
    const look = lookOf(letter);
    const isFaint = isFiltered() && !box.members.some((index) => isWanted(model.tasks[index]));
    const classes = [
      "box",
      `s-${letter}`,
      ...(box.members.length > 1 ? ["many"] : []),
      ...(box.members.some((index) => model.critical.has(index)) ? ["critical"] : []),
      ...(box.members.includes(model.chosen) ? ["chosen"] : []),
      ...(isFaint ? ["faint"] : []),
    ];
    group.setAttribute("class", classes.join(" "));
    sign.textContent = look.sign;
    const counts = countStates(box.members);
    const words = counts.map(([letter, count]) => `${count} ${lookOf(letter).word}`).join(", ");
    group.setAttribute(
      "aria-label",
      box.members.length === 1 ? `${box.label}, ${look.word}` : `${box.label}, ${words}`,
    );
    if (bar !== null) paintBar(bar, box, counts);
  }
  const chosen = shown.boxes.findIndex(({ box }) => box.members.includes(model.chosen));
  const critical = criticalPairs();
  for (const { from, to, path } of shown.arrows) {
    const isNear = chosen >= 0 && (from === chosen || to === chosen);
    const isCritical = critical.has(`${from} ${to}`);
    path.setAttribute("class", `arrow${isNear ? " near" : ""}${isCritical ? " critical" : ""}`);
  }
});

/** Boxes that follow each other on the critical path. */
function criticalPairs() {
  const boxOf = new Map(shown.boxes.flatMap(({ box }, at) => box.members.map((index) => [index, at])));
  const pairs = new Set(), path = [...model.critical];
  for (let at = 1; at < path.length; at++) pairs.add(`${boxOf.get(path[at - 1])} ${boxOf.get(path[at])}`);
  return pairs;
}

function paintBar(bar, { x, y, w, h: height, members }, counts) {
  let at = x + 4;
  const room = w - 8;
  bar.replaceChildren(...counts.map(([letter, count]) => {
    const width = room * count / members.length;
    const part = s("rect", {
      x: at,
      y: y + height - 8,
      width: Math.max(1, width - 0.5),
      height: 4,
      class: `fill s-${letter}`,
    });
    at += width;
    return part;
  }));
}

function toolbar() {
  const crumbs = [
    h("button", { class: "link", onclick: () => open(model.data.layout, []) }, countText(model.tasks.length, "task")),
    ...shown.crumbs.flatMap((label) => [" ▸ ", h("span", {}, nameText(label))]),
  ];
  return h(
    "div",
    { class: "tools" },
    h("span", { class: "crumbs" }, ...crumbs),
    h("button", { title: "Smaller (−)", "aria-label": "Smaller", onclick: () => zoom(1 / 1.3) }, "−"),
    h("button", { title: "Larger (+)", "aria-label": "Larger", onclick: () => zoom(1.3) }, "+"),
    h("button", { title: "Fit to the window (0)", onclick: fit }, "fit"),
  );
}

function drawBoxes() {
  const { boxes, arrows } = shown.layout;
  shown.arrows = arrows.map(([from, to, points]) => ({
    from,
    to,
    path: s("path", { d: wayOf(points), "marker-end": "url(#tip)" }),
  }));
  shown.boxes = boxes.map((box, at) => {
    const count = box.members.length;
    const sign = s("text", { x: box.x + 9, y: box.y + 20, class: "sign" });
    const number = count > 1 ? ` ${count}` : "";
    const label = cutText(visibleText(box.label), Math.round((box.w - 34) / CHARACTER) - number.length) + number;
    const bar = count > 1 ? s("g") : null;
    const group = s(
      "g",
      {
        tabindex: 0,
        role: "button",
        "data-box": at,
        onclick: () => act(box),
        onkeydown: (event) => keyOnBox(event, at),
      },
      s("title", {}, visibleText(box.label)),
      s("rect", { x: box.x, y: box.y, width: box.w, height: box.h, rx: 6 }),
      sign,
      s("text", { x: box.x + 27, y: box.y + 20 }, label),
    );
    if (bar !== null) group.append(bar);
    return { box, group, sign, bar };
  });
  shown.world.replaceChildren(...shown.arrows.map(({ path }) => path), ...shown.boxes.map(({ group }) => group));
  paintGraph();
}

/** A way through its corners, rounded. */
function wayOf(points) {
  const [x0, y0] = points;
  if (points.length === 4) {
    const [, , x1, y1] = points, middle = (x0 + x1) / 2;
    return x1 > x0 ? `M${x0} ${y0}C${middle} ${y0} ${middle} ${y1} ${x1} ${y1}` : `M${x0} ${y0}L${x1} ${y1}`;
  }
  let d = `M${x0} ${y0}`;
  for (let at = 2; at + 3 < points.length; at += 2) {
    const [x, y, nextX, nextY] = points.slice(at, at + 4);
    const isLast = at + 4 >= points.length;
    d += `Q${x} ${y} ${isLast ? nextX : (x + nextX) / 2} ${isLast ? nextY : (y + nextY) / 2}`;
  }
  return d;
}

/** A task is looked at; many are opened. */
function act(box) {
  if (box.members.length === 1) return choose(box.members[0]);
  if (box.members.length > MOST_OPENED) return shown.openTable(box.label.replace(/\*$/, ""));
  open(layersOf(model.tasks, box.members), [box.label]);
}

function showAround(index) {
  open(aroundOf(model.tasks, index, STEPS_AROUND), [model.tasks[index].name]);
  choose(index);
}

function open(layout, crumbs) {
  shown.layout = layout;
  shown.crumbs = crumbs;
  shown.element.previousElementSibling.replaceWith(toolbar());
  drawBoxes();
  fit();
}

/** Moves to who is needed, to who needs it, or to the nearest box above or below. */
function keyOnBox(event, at) {
  if (event.key === "Enter" || event.key === " ") {
    event.preventDefault();
    return act(shown.boxes[at].box);
  }
  const { box } = shown.boxes[at];
  const next = {
    ArrowLeft: () => shown.arrows.find(({ to }) => to === at)?.from,
    ArrowRight: () => shown.arrows.find(({ from }) => from === at)?.to,
    ArrowUp: () => nearest(box, -1),
    ArrowDown: () => nearest(box, 1),
  }[event.key]?.();
  if (next === undefined) return;
  event.preventDefault();
  event.stopPropagation();
  shown.boxes[next].group.focus();
  reveal(shown.boxes[next].box);
}

function nearest(from, direction) {
  let best, least = Infinity;
  shown.boxes.forEach(({ box }, at) => {
    const down = (box.y - from.y) * direction;
    if (down <= 0) return;
    const distance = down + 2 * Math.abs(box.x - from.x);
    if (distance < least) [best, least] = [at, distance];
  });
  return best;
}

/** Moves the window so that a box is in it. */
function reveal({ x, y, w, h: height }) {
  const { clientWidth, clientHeight } = shown.element;
  const left = x * shown.scale + shown.x, top = y * shown.scale + shown.y;
  if (left < 0) shown.x -= left - 12;
  if (left + w * shown.scale > clientWidth) shown.x -= left + w * shown.scale - clientWidth + 12;
  if (top < 0) shown.y -= top - 12;
  if (top + height * shown.scale > clientHeight) shown.y -= top + height * shown.scale - clientHeight + 12;
  move();
}

/** The whole in the window, but no smaller than can be read: then its beginning. */
function fit() {
  const { clientWidth, clientHeight } = shown.element;
  const { width, height } = shown.layout;
  const whole = Math.min((clientWidth - 16) / Math.max(1, width), (clientHeight - 16) / Math.max(1, height));
  shown.scale = Math.min(1.25, Math.max(LEAST_FITTED, whole));
  shown.x = Math.max(6, (clientWidth - width * shown.scale) / 2);
  shown.y = (clientHeight - height * shown.scale) / 2;
  // Where not all of it can be seen, what is needed first is.
  const first = shown.layout.boxes.reduce((a, b) => b.x < a.x ? b : a, shown.layout.boxes[0]);
  if (shown.y < 6) shown.y = first === undefined ? 6 : clientHeight / 2 - first.y * shown.scale;
  shown.isMoved = false;
  move();
}

/** The window has become another, for which the picture is fitted again unless the reader has moved it. */
const fitAgain = oncePerFrame(() => {
  if (shown.isMoved || !shown.element.isConnected) return;
  fit();
  revealChosen();
});

function zoom(factor, atX = shown.element.clientWidth / 2, atY = shown.element.clientHeight / 2) {
  const scale = Math.min(MOST_SCALE, Math.max(LEAST_SCALE, shown.scale * factor));
  shown.x = atX - (atX - shown.x) * scale / shown.scale;
  shown.y = atY - (atY - shown.y) * scale / shown.scale;
  shown.scale = scale;
  shown.isMoved = true;
  move();
}

/** All of it on paper, however small; and afterwards as it was. */
export function printGraph(isPrinting) {
  const { element, world, layout } = shown;
  if (element === null || !element.isConnected) return;
  if (isPrinting) {
    element.setAttribute("viewBox", `0 0 ${Math.max(1, layout.width)} ${Math.max(1, layout.height)}`);
    world.removeAttribute("transform");
  } else {
    element.removeAttribute("viewBox");
    move();
  }
}

function move() {
  shown.world.setAttribute("transform", `translate(${shown.x} ${shown.y}) scale(${shown.scale})`);
}

function listenTo(svg) {
  svg.addEventListener("wheel", (event) => {
    event.preventDefault();
    if (event.shiftKey) {
      shown.x -= event.deltaY;
      return move();
    }
    const { left, top } = svg.getBoundingClientRect();
    zoom(Math.exp(-event.deltaY / 400), event.clientX - left, event.clientY - top);
  }, { passive: false });
  const pointers = new Map();
  svg.addEventListener("pointerdown", (event) => pointers.set(event.pointerId, event));
  svg.addEventListener("pointermove", (event) => {
    const before = pointers.get(event.pointerId);
    if (before === undefined) return;
    // A finger that taps a box trembles; only what moves is taken from it.
    if (Math.hypot(event.clientX - before.clientX, event.clientY - before.clientY) < 3) return;
    if (!svg.hasPointerCapture(event.pointerId)) svg.setPointerCapture(event.pointerId);
    const other = [...pointers.values()].find(({ pointerId }) => pointerId !== event.pointerId);
    if (other === undefined) {
      shown.x += event.clientX - before.clientX;
      shown.y += event.clientY - before.clientY;
      shown.isMoved = true;
      move();
    } else {
      const distance = (from) => Math.hypot(from.clientX - other.clientX, from.clientY - other.clientY);
      const { left, top } = svg.getBoundingClientRect();
      zoom(distance(event) / Math.max(1, distance(before)), other.clientX - left, other.clientY - top);
    }
    pointers.set(event.pointerId, event);
  });
  for (const end of ["pointerup", "pointercancel", "pointerleave"]) {
    svg.addEventListener(end, (event) => pointers.delete(event.pointerId));
  }
  svg.addEventListener("keydown", (event) => {
    const act = {
      "+": () => zoom(1.3),
      "=": () => zoom(1.3),
      "-": () => zoom(1 / 1.3),
      "0": fit,
      ArrowLeft: () => pan(60, 0),
      ArrowRight: () => pan(-60, 0),
      ArrowUp: () => pan(0, 60),
      ArrowDown: () => pan(0, -60),
    }[event.key];
    if (act === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act();
  });
}

function pan(x, y) {
  shown.x += x;
  shown.y += y;
  shown.isMoved = true;
  move();
}
