/**
 * Owns what a live page hears from the troupe that it came from: changes of the run as they happen, other runs, details.
 *
 * @module
 */
import { byId } from "./elements.js";
import { source } from "./detail.js";
import { model, takeChange, takeData, tell } from "./model.js";
import { opening } from "./runs.js";

/** A run that the reader has chosen himself is stayed with, though newer ones begin. */
const following = { isNewest: true, events: null };

/** Begins to listen; a page that came as a file has nobody to listen to. */
export function beginLive() {
  if (model.data.mode !== "live") return;
  source.detailOf = (index) => get(`detail?run=${model.data.run?.id}&task=${index}`);
  opening.openRun = (id) => openRun(id, false);
  follow();
}

async function get(path) {
  const answer = await fetch(path);
  if (!answer.ok) throw new Error(`${answer.status} ${answer.statusText}`);
  return await answer.json();
}

async function openRun(id, isNewest) {
  const data = await get(`data?run=${id}`);
  following.isNewest = isNewest || data.points[0]?.id === id;
  takeData(data);
  model.chosen = -1;
  tell("data");
  follow();
}

function follow() {
  following.events?.close();
  const events = new EventSource(`events?run=${model.data.run?.id ?? 0}`);
  following.events = events;
  events.addEventListener("open", () => say("live"));
  events.addEventListener("error", () => say("not connected"));
  events.addEventListener("change", ({ data }) => {
    takeChange(JSON.parse(data));
    tell("change");
  });
  events.addEventListener("newest", ({ data }) => {
    if (following.isNewest) openRun(Number(data), true).catch(() => {});
  });
}

function say(word) {
  byId("title").dataset.live = word;
}
