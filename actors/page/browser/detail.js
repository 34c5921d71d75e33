/**
 * Owns what is told of the task that is looked at: how it stands and why, its past, its neighbours, log, inputs, command.
 *
 * @module
 */
import { byId, cutText, h, nameText, visibleText } from "./elements.js";
import { choose, lookOf, model, showView } from "./model.js";
import { digestText, durationText } from "./words.js";

/** More neighbours than these nobody clicks on. */
const MOST_LINKS = 12;
/** Of a command that has changed. */
const LONGEST_COMMAND = 600;

/** How details are got; a live page asks the server. */
export const source = { detailOf: (index) => Promise.resolve(model.data.details[index]) };

/** Which task's details are asked for, so that a late answer does not stand under another one's name. */
let asked = -1;

/** Draws what is told of the chosen task, or nothing. */
export function drawDetail() {
  const panel = byId("detail");
  const task = model.tasks[model.chosen];
  panel.hidden = task === undefined;
  document.body.classList.toggle("with-detail", task !== undefined);
  if (task === undefined) {
    asked = -1;
    return panel.replaceChildren();
  }
  const more = h("div", { class: "more" });
  panel.replaceChildren(
    h(
      "div",
      { class: "head" },
      h("h2", {}, nameText(task.name)),
      h("button", { class: "close", title: "Close (Esc)", "aria-label": "Close", onclick: () => choose(-1) }, "✕"),
    ),
    stateLine(task),
    task.error ? h("p", { class: "error" }, visibleText(task.error)) : null,
    facts(task),
    more,
  );
  asked = task.index;
  fill(task, more);
}

async function fill(task, more) {
  const { index } = task;
  let detail;
  try {
    detail = await source.detailOf(index);
  } catch (error) {
    return asked === index && more.replaceChildren(h("p", { class: "note" }, `Not to be had: ${error.message}`));
  }
  if (asked !== index) return;
  if (detail === undefined) {
    return more.replaceChildren(
      h("p", { class: "note" }, "Log, inputs and command are not in this page: see troupe show and troupe why."),
    );
  }
  more.replaceChildren(
    ...[
      changes(detail),
      logs(task, detail),
      inputs(detail),
      folded("command", [
        h("pre", { dir: "auto" }, visibleLines(detail.command)),
      ]),
    ].filter((part) => part !== null),
  );
}

function stateLine(task) {
  const { sign, word, letter } = lookOf(task.state);
  const parts = [
    task.took >= 0 ? durationText(task.took) : "",
    task.attempts > 1 || (task.maxAttempts > 1 && task.attempts > 0)
      ? `attempt ${task.attempts} of ${Math.max(task.maxAttempts, task.attempts)}`
      : "",
    task.worker ?? "",
    model.critical.has(task.index) ? "◆ on the critical path" : "",
  ].filter((part) => part !== "");
  return h(
    "p",
    { class: `state s-${letter}` },
    h("b", {}, `${sign} ${word}`),
    parts.length > 0 ? `  ${parts.join(" · ")}` : "",
  );
}

function facts(task) {
  const rows = [];
  if (task.why) rows.push(["why", visibleText(task.why)]);
  const usual = task.usual >= 0 ? `usually ${durationText(task.usual)}` : "";
  const flaky = task.flaky
    ? `flaky: failed ${task.flaky.failed} of the last ${task.flaky.attempts} times, ${
      Math.max(1, Math.round(100 * task.flaky.failed / task.flaky.attempts))
    } %`
    : "";
  if (task.past !== "") {
    const marks = [...task.past].map((letter) =>
      h("span", { class: `s-${letter}`, title: lookOf(letter).word }, lookOf(letter).sign)
    );
    rows.push([`last ${marks.length}`, h("span", { class: "past" }, ...marks)]);
  }
  if (usual || flaky) rows.push(["time", [usual, flaky].filter((part) => part !== "").join(", ")]);
  if (task.needs.length > 0) rows.push(["needs", links(task.needs)]);
  if (task.neededBy.length > 0) rows.push(["needed by", links(task.neededBy)]);
  rows.push([
    "show",
    h(
      "span",
      {},
      h("button", { class: "link", onclick: () => showAround(task.index) }, "around it in the graph"),
      " · ",
      h("button", { class: "link", onclick: () => showView("timeline") }, "in the timeline"),
    ),
  ]);
  return h("dl", {}, ...rows.flatMap(([term, text]) => [h("dt", {}, term), h("dd", { dir: "auto" }, text)]));
}

/** Set by the graph, which is drawn after this. */
export const around = { show: null };

function showAround(index) {
  showView("graph");
  around.show?.(index);
}

function links(indexes) {
  const shown = indexes.slice(0, MOST_LINKS).map((index) => {
    const task = model.tasks[index], look = lookOf(task.state);
    return h(
      "button",
      { class: `link task s-${look.letter}`, onclick: () => choose(index) },
      h("span", { class: "sign" }, look.sign),
      " ",
      nameText(task.name),
    );
  });
  const more = indexes.length - MOST_LINKS;
  return h("span", { class: "links" }, ...shown, more > 0 ? h("span", { class: "note" }, `and ${more} more`) : null);
}

function folded(title, children, isOpen = false) {
  return h("details", { open: isOpen }, h("summary", {}, title), ...children);
}

function changes({ changes, before }) {
  if (changes === null || changes.length === 0) return null;
  const rows = changes.map(([what, name, old, now]) => {
    if (what === "command") return h("li", {}, "~ command", commandLines("−", old), commandLines("+", now));
    const sign = old === "" ? "+" : now === "" ? "−" : "~";
    const digests = [old, now].filter((text) => text !== "").map(digestText).join(" → ");
    return h("li", {}, `${sign} ${what} `, nameText(name), h("code", {}, ` ${digests}`));
  });
  return folded(`what changed since run #${before}`, [h("ul", { class: "inputs" }, ...rows)], true);
}

function commandLines(sign, text) {
  return h("pre", { dir: "auto" }, `${sign} ${visibleLines(cutText(text, LONGEST_COMMAND))}`);
}

function logs(task, { logs }) {
  const parts = logs.flatMap(({ attempt, stdout, stderr, note }) => {
    const title = logs.length > 1 ? [h("h3", {}, `attempt ${attempt}`)] : [];
    const block = (text, name) =>
      text === ""
        ? []
        : [h("pre", { class: `log ${name}`, dir: "auto", tabindex: 0, "aria-label": name }, visibleLines(text))];
    const notes = note === "" ? [] : [h("p", { class: "note" }, note)];
    const both = [...block(stdout, "stdout"), ...block(stderr, "stderr"), ...notes];
    return both.length === 0 ? [] : [...title, ...both];
  });
  if (parts.length === 0) return null;
  return folded("log", parts, lookOf(task.state).isBad || task.state === "r");
}

function inputs({ inputs }) {
  if (inputs === null) return null;
  const rows = inputs.map(([what, name, digest]) =>
    h("li", {}, `${what} `, nameText(name), h("code", {}, ` ${digestText(digest)}`))
  );
  return folded(`inputs (${rows.length})`, [h("ul", { class: "inputs" }, ...rows)]);
}

/** Lines and tabs are kept, all else that controls is shown. */
function visibleLines(text) {
  return text.split(/(\n|\t)/).map((part) => part === "\n" || part === "\t" ? part : visibleText(part)).join("");
}
