/**
 * Owns the page as a whole: its head, which view is shown, the filter, the keys.
 *
 * @module
 */
import { byId, h, visibleText } from "./elements.js";
import { drawDetail } from "./detail.js";
import { drawGraph, paintGraph, printGraph, resetGraph, revealChosen } from "./graph.js";
import { beginLive } from "./live.js";
import { choose, countStates, listen, lookOf, model, showView, takeData, tell } from "./model.js";
import { drawRuns } from "./runs.js";
import { drawTable, printTable, revealRow, sortTable } from "./table.js";
import { drawTimeline, paintTimeline, resetTimeline } from "./timeline.js";
import { countText, durationText, momentText } from "./words.js";

const VIEWS = [["graph", "Graph"], ["timeline", "Timeline"], ["tasks", "Tasks"], ["runs", "Runs"]];

function views() {
  return model.data.run === null ? VIEWS.filter(([view]) => view === "graph" || view === "tasks") : VIEWS;
}

function drawHead() {
  const { run, title } = model.data;
  byId("title").textContent = document.title = visibleText(title);
  const isBad = ([letter]) => Number(lookOf(letter).isBad);
  const counts = countStates(model.tasks.keys()).sort((a, b) => isBad(b) - isBad(a));
  const parts = run === null ? [countText(model.tasks.length, "task")] : [
    visibleText(run.what),
    run.state === "running" ? "running" : durationText(run.tookMs),
    ...(run.state === "interrupted" ? ["interrupted"] : []),
    momentText(run.started),
  ];
  byId("summary").textContent = parts.join(" · ");
  byId("states").replaceChildren(...counts.map(([letter, count]) => {
    const { sign, word } = lookOf(letter);
    const isOn = model.states.has(letter);
    const toggle = () => {
      if (!model.states.delete(letter)) model.states.add(letter);
      tell("filter");
    };
    return h(
      "button",
      { class: `chip s-${letter}`, "aria-pressed": isOn, title: `Only what is: ${word}`, onclick: toggle },
      h("b", {}, sign),
      ` ${count} ${word}`,
    );
  }));
}

function drawTabs() {
  byId("views").replaceChildren(
    ...views().map(([view, title], at) =>
      h(
        "button",
        {
          role: "tab",
          id: `tab-${view}`,
          "aria-selected": String(view === model.view),
          "aria-controls": "view",
          title: `${title} (${at + 1})`,
          onclick: () => showView(view),
        },
        title,
      )
    ),
  );
}

function drawView() {
  const element = byId("view");
  element.setAttribute("aria-labelledby", `tab-${model.view}`);
  element.className = model.view;
  switch (model.view) {
    case "graph":
      return drawGraph(element, openTable);
    case "timeline":
      return drawTimeline(element);
    case "tasks":
      return drawTable(element);
    case "runs":
      return drawRuns(element);
  }
}

/** What is too much for a picture is shown as a table of names with this beginning. */
function openTable(beginning) {
  byId("filter").value = beginning;
  model.filter = beginning.toLowerCase();
  showView("tasks");
  tell("filter");
}

function paint() {
  paintGraph();
  paintTimeline();
  sortTable();
}

function hear(what) {
  switch (what) {
    case "data":
      resetGraph();
      resetTimeline();
      drawHead();
      drawTabs();
      drawView();
      return drawDetail();
    case "change":
      drawHead();
      // Before the first attempt there is no picture of time to paint anew.
      if (model.view === "timeline" && document.querySelector(".timeline") === null) drawView();
      drawDetailLater();
      return paint();
    case "chosen":
      drawDetail();
      paint();
      revealChosen();
      return revealRow();
    case "filter":
      drawHead();
      return paint();
    case "view":
      drawTabs();
      return drawView();
  }
}

/** What is read is not torn from under the reader's eyes unless it is about a task that has changed. */
function drawDetailLater() {
  const task = model.tasks[model.chosen];
  const state = task === undefined ? "" : `${task.index} ${task.state} ${task.attempts}`;
  if (drawDetailLater.state !== state) drawDetail();
  drawDetailLater.state = state;
}

function listenToKeys() {
  const filter = byId("filter");
  filter.addEventListener("input", () => {
    model.filter = filter.value.trim().toLowerCase();
    tell("filter");
  });
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const isTyping = event.target instanceof HTMLInputElement;
    if (event.key === "Escape") {
      if (isTyping && filter.value !== "") {
        filter.value = "";
        model.filter = "";
        return tell("filter");
      }
      filter.blur();
      return choose(-1);
    }
    if (isTyping) return;
    if (event.key === "/") {
      event.preventDefault();
      return filter.focus();
    }
    const view = views()[Number(event.key) - 1];
    if (view !== undefined) return showView(view[0]);
    if (event.key === "n" || event.key === "p") chooseFailed(event.key === "n" ? 1 : -1);
  });
  byId("keys").textContent =
    "/ filter · 1–4 views · n p next and previous failure · arrows, + − 0 in pictures · Esc close";
}

function chooseFailed(step) {
  const failed = model.tasks.filter(({ state }) => lookOf(state).isBad).map(({ index }) => index);
  if (failed.length === 0) return;
  const at = failed.indexOf(model.chosen);
  choose(failed[(at < 0 ? (step > 0 ? 0 : -1) : at + step + failed.length) % failed.length] ?? failed.at(-1));
}

/** A failure is what a reader came for; of several the first. */
function chooseFirstFailure() {
  const failed = model.tasks.find(({ state }) => lookOf(state).isBad);
  if (failed !== undefined && innerWidth > 800) choose(failed.index);
}

function begin() {
  takeData(JSON.parse(byId("data").textContent));
  listen(hear);
  tell("data");
  listenToKeys();
  let width = innerWidth;
  addEventListener("resize", () => {
    if (innerWidth === width) return;
    width = innerWidth;
    drawView();
  });
  for (const [moment, isPrinting] of [["beforeprint", true], ["afterprint", false]]) {
    addEventListener(moment, () => {
      printTable(isPrinting);
      printGraph(isPrinting);
    });
  }
  chooseFirstFailure();
  beginLive();
  setInterval(tick, 1000);
}

/** What runs takes longer by itself, without a word from the server. */
function tick() {
  const { run, mode } = model.data;
  if (mode !== "live" || run?.state !== "running") return;
  run.tookMs = Math.max(run.tookMs, Date.now() - run.started);
  paintTimeline();
}

begin();
