/**
 * Owns the view of all tasks as a table, sorted by any column. Only the rows in the window are there, so that ten thousand
 * are as quick as ten; for paper more of them are.
 *
 * @module
 */
import { h, nameText, oncePerFrame, visibleText } from "./elements.js";
import { choose, isWanted, lookOf, model } from "./model.js";
import { countText, durationText } from "./words.js";

const ROW = 30;
/** Rows beside the window, so that nothing is white while one scrolls. */
const BESIDE = 10;
const MOST_PRINTED = 1000;

const COLUMNS = [
  { key: "state", title: "State", cell: (task) => stateCell(task), rank: (task) => "ftircnswpobu".indexOf(task.state) },
  { key: "name", title: "Task", cell: (task) => nameText(task.name), rank: (task) => task.name },
  { key: "took", title: "Took", cell: (task) => durationText(task.took), rank: (task) => task.took, isNumber: true },
  {
    key: "usual",
    title: "Usual",
    cell: (task) => durationText(task.usual),
    rank: (task) => task.usual,
    isNumber: true,
  },
  {
    key: "start",
    title: "Start",
    cell: (task) => durationText(task.start),
    rank: (task) => task.start,
    isNumber: true,
  },
  { key: "past", title: "Last results", cell: (task) => pastCell(task), rank: (task) => -flakiness(task) },
  {
    key: "why",
    title: "Why",
    cell: (task) => visibleText(task.error || task.why || ""),
    rank: (task) => task.error || task.why,
  },
];

const sorted = { key: "index", isDown: false };
const table = { element: null, body: null, spacer: null, rows: [], isPrinting: false };

/** Draws the view into an element. */
export function drawTable(element) {
  table.body = h("div", { class: "rows", role: "rowgroup" });
  table.spacer = h("div", { class: "spacer" }, table.body);
  table.element = h(
    "div",
    { class: "table", role: "table", tabindex: 0, onscroll: paintTable, onkeydown: key },
    head(),
    table.spacer,
  );
  table.element.setAttribute("aria-rowcount", model.tasks.length);
  element.replaceChildren(h("p", { class: "count" }), table.element);
  sortTable();
}

/** Sorts and filters anew. */
export function sortTable() {
  if (table.element === null || !table.element.isConnected) return;
  const column = COLUMNS.find(({ key }) => key === sorted.key);
  const rank = column?.rank ?? (({ index }) => index);
  const ranks = new Map(model.tasks.map((task) => [task, rank(task)]));
  const compare = (a, b) => {
    const [x, y] = [ranks.get(a), ranks.get(b)];
    const order = typeof x === "number" ? x - y : String(x).localeCompare(String(y), undefined, { numeric: true });
    return (sorted.isDown ? -order : order) || a.index - b.index;
  };
  table.rows = model.tasks.filter(isWanted).sort(compare);
  const isAll = table.rows.length === model.tasks.length;
  table.element.previousElementSibling.textContent = isAll
    ? countText(model.tasks.length, "task")
    : `${table.rows.length} of ${countText(model.tasks.length, "task")}`;
  paintTable();
}

/** Has more than the window's rows there, for paper. */
export function printTable(isPrinting) {
  table.isPrinting = isPrinting;
  paintRows();
}

const paintTable = oncePerFrame(paintRows);

function paintRows() {
  if (table.element === null || !table.element.isConnected) return;
  const { scrollTop, clientHeight } = table.element;
  const first = table.isPrinting ? 0 : Math.max(0, Math.floor(scrollTop / ROW) - BESIDE);
  const many = table.isPrinting ? MOST_PRINTED : Math.ceil(clientHeight / ROW) + 2 * BESIDE;
  const rows = table.rows.slice(first, first + many);
  table.spacer.style.height = `${table.rows.length * ROW}px`;
  table.body.style.transform = `translateY(${first * ROW}px)`;
  table.body.replaceChildren(...rows.map((task, at) => rowOf(task, first + at)));
}

function head() {
  return h(
    "div",
    { class: "row head", role: "row" },
    ...COLUMNS.map(({ key, title }) =>
      h(
        "span",
        {
          role: "columnheader",
          class: `c-${key}`,
          "aria-sort": sorted.key === key ? sorted.isDown ? "descending" : "ascending" : "none",
        },
        h("button", { onclick: () => sortBy(key) }, title, sorted.key === key ? sorted.isDown ? " ▾" : " ▴" : ""),
      )
    ),
  );
}

/** Numbers the largest first, texts from A; a third click is the order of the file again. */
function sortBy(key) {
  const isNumber = COLUMNS.find((column) => column.key === key).isNumber === true;
  if (sorted.key !== key) Object.assign(sorted, { key, isDown: isNumber });
  else if (sorted.isDown === isNumber) sorted.isDown = !isNumber;
  else Object.assign(sorted, { key: "index", isDown: false });
  const old = table.element.firstElementChild;
  const at = [...old.children].findIndex((cell) => cell.classList.contains(`c-${key}`));
  old.replaceWith(head());
  table.element.firstElementChild.children[at].firstElementChild.focus();
  sortTable();
}

function rowOf(task, at) {
  return h(
    "div",
    {
      class: `row${task.index === model.chosen ? " chosen" : ""}`,
      role: "row",
      "aria-rowindex": at + 1,
      "data-task": task.index,
      onclick: () => choose(task.index),
    },
    ...COLUMNS.map(({ key, cell, isNumber }) =>
      h(
        "span",
        { role: "cell", class: `c-${key}${isNumber ? " number" : ""}`, dir: key === "why" ? "auto" : null },
        cell(task),
      )
    ),
  );
}

function stateCell({ state, index }) {
  const { sign, word, letter } = lookOf(state);
  return h(
    "span",
    { class: `chip s-${letter}`, title: word },
    h("b", { class: "sign" }, sign),
    h("span", { class: "word" }, ` ${word}`),
    model.critical.has(index) ? " ◆" : "",
  );
}

function flakiness({ flaky }) {
  return flaky ? flaky.failed / flaky.attempts : 0;
}

function pastCell({ past, flaky }) {
  return h(
    "span",
    { class: "past" },
    ...[...past].slice(-10).map((letter) => h("span", { class: `s-${letter}` }, lookOf(letter).sign)),
    flaky ? h("span", { class: "flaky" }, ` flaky ${Math.max(1, Math.round(100 * flakiness({ flaky })))} %`) : null,
  );
}

/** Goes up and down by keys; Enter is not needed, since who is chosen is told of at once. */
function key(event) {
  const step =
    { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1, PageDown: 15, PageUp: -15, Home: -Infinity, End: Infinity }[event.key];
  if (step === undefined || table.rows.length === 0 || event.target.closest(".head") !== null) return;
  event.preventDefault();
  const at = table.rows.findIndex(({ index }) => index === model.chosen);
  const next = Math.min(table.rows.length - 1, Math.max(0, at + step));
  choose(table.rows[next].index);
}

/** Moves the window to the row of the task that is looked at. */
export function revealRow() {
  if (table.element === null || !table.element.isConnected) return;
  const at = table.rows.findIndex(({ index }) => index === model.chosen);
  if (at < 0) return;
  const top = at * ROW, { scrollTop, clientHeight } = table.element;
  if (top < scrollTop) table.element.scrollTop = top;
  // The head of the table lies over its first row.
  if (top + 2 * ROW > scrollTop + clientHeight) table.element.scrollTop = top + 2 * ROW - clientHeight;
}
