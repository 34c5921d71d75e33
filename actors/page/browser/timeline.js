/**
 * Owns the view of a run over time: a row for each worker, a bar for each attempt. Bars that are too small to be told apart
 * are drawn as one, so there are never more of them than the window has room for.
 *
 * @module
 */
import { cutText, h, oncePerFrame, s, visibleText } from "./elements.js";
import { choose, isFiltered, isWanted, lookOf, model } from "./model.js";
import { durationText, stepOf } from "./words.js";

const ROW = 24, TOP = 26, NAMES = 84, CHARACTER = 7;

/** Which worker has a task is known when it has ended; until then each has a row below. */
const MOST_RUNNING = 32;

/** The part of the time that is shown, in milliseconds; null for all. */
const range = { from: 0, to: null };
const place = { svg: null, frame: null };

/** Draws the view into an element. */
export function drawTimeline(element) {
  if (model.data.run === null || (model.data.bars.length === 0 && !model.data.states.includes("r"))) {
    return element.replaceChildren(h("p", { class: "empty" }, "No task was tried in this run."));
  }
  place.svg = s("svg", { class: "timeline", role: "group", "aria-label": "Workers over time", tabindex: 0 });
  place.frame = h("div", { class: "scroll" }, place.svg);
  const tools = h(
    "div",
    { class: "tools" },
    h("span", { class: "crumbs" }, summary()),
    h("button", { title: "Less (−)", "aria-label": "Zoom out", onclick: () => zoom(1.5) }, "−"),
    h("button", { title: "More (+)", "aria-label": "Zoom in", onclick: () => zoom(1 / 1.5) }, "+"),
    h("button", { title: "All of the time (0)", onclick: showAll }, "all"),
  );
  element.replaceChildren(tools, place.frame);
  listenTo(place.svg);
  new ResizeObserver(paintTimeline).observe(place.frame);
}

/** All of the time again: the run is another. */
export function resetTimeline() {
  range.from = 0;
  range.to = null;
}

function total() {
  let end = Math.max(1, model.data.run.tookMs);
  for (const [, , start, took] of model.data.bars) end = Math.max(end, start + took);
  return end;
}

function summary() {
  const busy = model.data.bars.reduce((sum, [, , , took]) => sum + took, 0);
  const workers = model.data.workers.length;
  return workers === 0 ? "" : `${Math.min(100, Math.round(100 * busy / (workers * total())))} % busy`;
}

/** Draws the bars that are in the window. */
export const paintTimeline = oncePerFrame(() => {
  const { svg, frame } = place;
  if (svg === null || !svg.isConnected) return;
  const running = model.tasks.filter(({ state, start }) => state === "r" && start >= 0);
  const going = running.slice(0, MOST_RUNNING);
  const rows = [...model.data.workers, ...going.map((_, at) => at === 0 ? "running" : "")];
  const end = total();
  const from = range.from, to = Math.max(from + 1, range.to ?? end);
  const width = Math.max(200, frame.clientWidth - 2), height = TOP + rows.length * ROW + 8;
  svg.setAttribute("width", width);
  svg.setAttribute("height", height);
  const names = Math.min(NAMES, width / 4), scale = (width - names - 8) / (to - from);
  const x = (ms) => names + (ms - from) * scale;
  const parts = [...axis({ from, to, x, height, width })];
  rows.forEach((name, row) => {
    const y = TOP + row * ROW;
    parts.push(
      s("text", { x: 4, y: y + 16, class: "row" }, cutText(visibleText(name), Math.floor(names / CHARACTER))),
      s("line", { x1: names, x2: width, y1: y + ROW - 0.5, y2: y + ROW - 0.5, class: "rule" }),
    );
  });
  const ends = new Float64Array(rows.length).fill(-1);
  for (const [index, row, start, took, letter] of model.data.bars) {
    if (start + took < from || start > to) continue;
    const left = Math.max(names, x(start)), right = Math.min(width - 4, x(start + took));
    const isSmall = right - left < 1.5;
    if (isSmall && left < ends[row] + 0.5 && !lookOf(letter).isBad && index !== model.chosen) continue;
    ends[row] = Math.max(ends[row], right);
    parts.push(barOf(model.tasks[index], { left, right, y: TOP + row * ROW, letter, took }));
  }
  going.forEach((task, at) => {
    const left = Math.max(names, x(task.start)), right = Math.min(width - 4, x(end));
    const y = TOP + (model.data.workers.length + at) * ROW;
    parts.push(barOf(task, { left, right, y, letter: "r", took: end - task.start }));
  });
  svg.replaceChildren(...parts);
});

function* axis({ from, to, x, height, width }) {
  const step = stepOf(to - from, Math.max(2, width / 130));
  for (let at = Math.ceil(from / step) * step; at <= to; at += step) {
    yield s("line", { x1: x(at), x2: x(at), y1: TOP - 6, y2: height, class: "grid" });
    if (x(at) > width - 40) continue;
    yield s("text", { x: x(at) + 3, y: 14, class: "tick" }, tickText(at, step));
  }
}

function tickText(ms, step) {
  if (ms === 0) return "0s";
  if (step < 1000 && ms < 60_000) return `${(ms / 1000).toFixed(step < 10 ? 3 : step < 100 ? 2 : 1)}s`;
  return durationText(ms).replace(/\.0s$/, "s");
}

function barOf(task, { left, right, y, letter, took }) {
  const width = Math.max(1.5, right - left - 0.5);
  const look = lookOf(letter);
  const isFaint = isFiltered() && !isWanted(task);
  const classes = [
    "bar",
    `s-${letter}`,
    ...(width > 8 && model.critical.has(task.index) ? ["critical"] : []),
    ...(task.index === model.chosen ? ["chosen"] : []),
    ...(isFaint ? ["faint"] : []),
  ];
  const room = Math.floor((width - 10) / CHARACTER);
  const sign = look.isBad ? `${look.sign} ` : "";
  return s(
    "g",
    { class: classes.join(" "), onclick: () => choose(task.index) },
    s("title", {}, `${visibleText(task.name)}: ${look.word}, ${durationText(took)}`),
    s("rect", { x: left, y: y + 2, width, height: ROW - 5, rx: width > 6 ? 3 : 0 }),
    room >= 3 ? s("text", { x: left + 5, y: y + 16 }, cutText(`${sign}${visibleText(task.name)}`, room)) : null,
  );
}

function showAll() {
  resetTimeline();
  paintTimeline();
}

function zoom(factor, share = 0.5) {
  const end = total(), to = range.to ?? end;
  const span = Math.min(end, Math.max(1, (to - range.from) * factor));
  const middle = range.from + (to - range.from) * share;
  setRange(middle - span * share, span);
}

function setRange(from, span) {
  const end = total();
  range.from = Math.min(Math.max(0, from), Math.max(0, end - span));
  range.to = span >= end ? null : range.from + span;
  paintTimeline();
}

function pan(share) {
  const span = (range.to ?? total()) - range.from;
  setRange(range.from + span * share, span);
}

function listenTo(svg) {
  const shareOf = (event) => {
    const { left, width } = svg.getBoundingClientRect();
    return Math.min(1, Math.max(0, (event.clientX - left - NAMES) / Math.max(1, width - NAMES)));
  };
  svg.addEventListener("wheel", (event) => {
    // Without a key the page scrolls, since there may be many workers.
    if (!event.ctrlKey && !event.shiftKey && Math.abs(event.deltaX) < Math.abs(event.deltaY)) return;
    event.preventDefault();
    if (event.ctrlKey) zoom(Math.exp(event.deltaY / 300), shareOf(event));
    else pan((event.deltaX || event.deltaY) / 1000);
  }, { passive: false });
  let last = null;
  svg.addEventListener("pointerdown", (event) => last = event.clientX);
  svg.addEventListener("pointermove", (event) => {
    if (last === null || range.to === null || event.buttons !== 1) return;
    if (Math.abs(event.clientX - last) < 3) return;
    pan((last - event.clientX) / Math.max(1, svg.clientWidth - NAMES));
    last = event.clientX;
  });
  for (const end of ["pointerup", "pointerleave"]) svg.addEventListener(end, () => last = null);
  svg.addEventListener("dblclick", (event) => zoom(0.4, shareOf(event)));
  svg.addEventListener("keydown", (event) => {
    const act = {
      "+": () => zoom(1 / 1.5),
      "=": () => zoom(1 / 1.5),
      "-": () => zoom(1.5),
      "0": showAll,
      ArrowLeft: () => pan(-0.2),
      ArrowRight: () => pan(0.2),
    }[event.key];
    if (act === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act();
  });
}
