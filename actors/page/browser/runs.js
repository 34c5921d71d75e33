/**
 * Owns the view of the last runs of the same file: how long each took, and whether something failed.
 *
 * @module
 */
import { h, s } from "./elements.js";
import { model } from "./model.js";
import { durationText, shortMomentText, stepOf } from "./words.js";

const HEIGHT = 200, LEFT = 52, BOTTOM = 20, TOP = 16;

/** What a click on a run does; a page that came as a file knows one run alone. */
export const opening = { openRun: null };

/** Draws the view into an element. */
export function drawRuns(element) {
  const points = [...model.data.points].reverse();
  if (points.length === 0) return element.replaceChildren(h("p", { class: "empty" }, "No runs are on record."));
  const frame = h("div", { class: "runs" });
  element.replaceChildren(frame);
  const width = Math.max(240, frame.clientWidth - 4);
  const most = Math.max(1, ...points.map(({ tookMs }) => tookMs));
  const step = stepOf(most, 4);
  const y = (ms) => HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * Math.max(0, ms) / most;
  const room = (width - LEFT - 8) / points.length, bar = Math.min(28, Math.max(1.5, room * 0.75));
  const grid = [];
  for (let at = 0; at <= most; at += step) {
    grid.push(
      s("line", { x1: LEFT, x2: width, y1: y(at), y2: y(at), class: "grid" }),
      s("text", { x: LEFT - 6, y: y(at) + 4, class: "tick end" }, durationText(at).replace(/\.0+s$/, "s")),
    );
  }
  const bars = points.map((point, at) => pointOf(point, { x: LEFT + (at + 0.5) * room, bar, y }));
  frame.append(
    s(
      "svg",
      { class: "plot", width, height: HEIGHT, role: "img", "aria-label": "How long the last runs took" },
      ...grid,
      ...bars,
    ),
    h(
      "p",
      { class: "note" },
      `${points.length} runs, the newest at the right. ✗ marks runs of which tasks failed, with how many.`,
    ),
    list(points),
  );
}

function pointOf(point, { x, bar, y }) {
  const { id, tookMs, failed, passed, skipped } = point;
  const isFailed = failed > 0;
  const isThis = id === model.data.run?.id;
  const height = Math.max(2, y(0) - y(tookMs));
  return s(
    "g",
    {
      class: `bar ${isFailed ? "s-f" : "s-p"}${isThis ? " chosen" : ""}`,
      onclick: opening.openRun === null ? null : () => opening.openRun(id),
    },
    s("title", {}, `Run #${id}: ${durationText(tookMs)}, ${passed} passed, ${failed} failed, ${skipped} not run`),
    s("rect", { x: x - bar / 2, y: y(0) - height, width: bar, height }),
    isFailed && bar > 8 ? s("text", { x, y: y(0) - height - 4, class: "mark" }, `✗${failed > 1 ? failed : ""}`) : null,
    bar > 18 ? s("text", { x, y: HEIGHT - 6, class: "mark tick" }, `#${id}`) : null,
  );
}

function list(points) {
  const rows = [...points].reverse().map(({ id, started, tookMs, total, passed, failed, skipped }) =>
    h(
      "tr",
      { class: id === model.data.run?.id ? "chosen" : null },
      h(
        "td",
        {},
        opening.openRun === null
          ? `#${id}`
          : h("button", { class: "link", onclick: () => opening.openRun(id) }, `#${id}`),
      ),
      h("td", {}, shortMomentText(started)),
      h("td", { class: "number" }, durationText(tookMs)),
      h("td", { class: "number" }, `${passed} of ${total}`),
      h("td", { class: failed > 0 ? "number s-f" : "number" }, failed > 0 ? `✗ ${failed}` : "0"),
      h("td", { class: "number" }, String(skipped)),
    )
  );
  const titles = ["Run", "Begun", "Took", "Passed", "Failed", "Not run"];
  return h(
    "table",
    {},
    h("thead", {}, h("tr", {}, ...titles.map((title) => h("th", { scope: "col" }, title)))),
    h("tbody", {}, ...rows),
  );
}
