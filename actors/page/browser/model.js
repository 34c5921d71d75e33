/**
 * Owns what the page knows: tasks, the run, what is chosen, filtered and shown. Whoever draws listens to it; nobody else
 * keeps any of it.
 *
 * @module
 */

/** What was written into the page, or came from the server in its place. */
export const model = {
  data: null,
  /** One object a task. */
  tasks: [],
  looks: new Map(),
  critical: new Set(),
  /** The task that is looked at; -1 for none. */
  chosen: -1,
  filter: "",
  /** Letters of the states that are shown; empty for all. */
  states: new Set(),
  view: "graph",
};

const listeners = new Set();

/** Tells all that listen that something is otherwise: `data`, `change`, `chosen`, `filter` or `view`. */
export function tell(what) {
  for (const listener of [...listeners]) listener(what);
}

/** Has a function told of what is otherwise. */
export function listen(listener) {
  listeners.add(listener);
}

/** Takes over all data. */
export function takeData(data) {
  model.data = data;
  model.looks = new Map(data.looks.map(([letter, sign, word, isBad]) => [letter, { letter, sign, word, isBad }]));
  model.tasks = data.names.map((name, index) => ({
    index,
    name,
    lower: name.toLowerCase(),
    needs: data.needs[index],
    neededBy: [],
    usual: data.usual[index] ?? -1,
    past: data.past[index] ?? "",
    flaky: data.flaky[index],
  }));
  for (const task of model.tasks) for (const needed of task.needs) model.tasks[needed].neededBy.push(task.index);
  takeRows(data);
  if (model.chosen >= model.tasks.length) model.chosen = -1;
}

/** Takes over what has become otherwise in a run that goes on. */
export function takeChange(change) {
  Object.assign(model.data, change);
  takeRows(change);
}

function takeRows({ states, rows, critical }) {
  for (const [index, [start, took, attempts, maxAttempts, worker, why, error]] of rows) {
    Object.assign(model.tasks[index], { start, took, attempts, maxAttempts, worker, why, error });
  }
  for (const task of model.tasks) task.state = states[task.index];
  model.critical = new Set(critical);
}

/** Looks at a task, or at none. */
export function choose(index) {
  if (model.chosen === index) return;
  model.chosen = index;
  tell("chosen");
}

/** Shows a view. */
export function showView(view) {
  model.view = view;
  tell("view");
}

/** Whether a task is among those that the reader wants to see. */
export function isWanted(task) {
  return (model.states.size === 0 || model.states.has(task.state)) &&
    (model.filter === "" || task.lower.includes(model.filter));
}

/** Whether all are. */
export function isFiltered() {
  return model.states.size > 0 || model.filter !== "";
}

/** The look of a task, or of a letter. */
export function lookOf(letter) {
  return model.looks.get(letter) ?? { letter, sign: "?", word: "unknown", isBad: false };
}

const WORST_FIRST = "ftircnswpobu";

/** The letter that says most about many. */
export function worstOf(letters) {
  for (const letter of WORST_FIRST) if (letters.has(letter)) return letter;
  return "w";
}

/** How many tasks stand how, by letter, in the order of the looks. */
export function countStates(indexes) {
  const counts = new Map();
  for (const index of indexes) {
    const { state } = model.tasks[index];
    counts.set(state, (counts.get(state) ?? 0) + 1);
  }
  return [...model.looks.keys()].filter((letter) => counts.has(letter)).map((letter) => [letter, counts.get(letter)]);
}
