/** A thread for status_table_test.ts: changes, reads or races over a table that others use at the same time. */
import { StatusTable } from "../../../actors/worker/status_table.ts";
import type { Status } from "../../../graph/schedule/event.ts";

/** What a thread is to do, once `gate` is opened by all threads having come to it. */
export interface Errand {
  readonly kind: "start all" | "take turns" | "change all" | "read all";
  readonly table: SharedArrayBuffer;
  /** One word: how many threads are still to come. */
  readonly gate: SharedArrayBuffer;
  /** A word a task, written before the task is completed. */
  readonly data: SharedArrayBuffer;
}

/** What a thread came back with. */
export interface Findings {
  /** Tasks it started. */
  readonly won: number[];
  /** What must never be seen. */
  readonly wrong: string[];
}

/** Attempts of a thread: so many that two would meet if a change were a read and then a write. */
const TURNS = 500_000;

const MAY_FOLLOW: Record<Status, readonly Status[]> = {
  pending: ["pending", "running", "completed", "failed", "skipped"],
  running: ["running", "completed", "failed"],
  completed: ["completed"],
  failed: ["failed"],
  skipped: ["skipped"],
};

/** The part of a worker's global scope that is used here. */
const scope = self as unknown as {
  onmessage: (event: MessageEvent<Errand>) => void;
  postMessage(findings: Findings): void;
};

scope.onmessage = ({ data }) => {
  comeToGate(data.gate);
  const table = new StatusTable(data.table);
  const words = new Int32Array(data.data);
  const findings: Findings = { won: [], wrong: [] };
  if (data.kind === "start all") startAll(table, findings);
  else if (data.kind === "take turns") takeTurns(table, words, findings);
  else if (data.kind === "change all") changeAll(table, words);
  else readAll(table, words, findings);
  scope.postMessage(findings);
};

/** Every thread waits here for the last one, so that they all go at once. */
function comeToGate(gate: SharedArrayBuffer): void {
  const words = new Int32Array(gate);
  Atomics.sub(words, 0, 1);
  Atomics.notify(words, 0);
  for (let left = Atomics.load(words, 0); left > 0; left = Atomics.load(words, 0)) Atomics.wait(words, 0, left);
}

function startAll(table: StatusTable, { won, wrong }: Findings): void {
  for (let task = 0; task < table.size; task++) {
    if (table.change(task, "pending", "running")) won.push(task);
    else if (table.read(task) !== "running") wrong.push(`${task} is ${table.read(task)}`);
  }
}

/** Starts task 0 and takes that back, over and over: between the two the data are this thread's alone. */
function takeTurns(table: StatusTable, words: Int32Array, { won, wrong }: Findings): void {
  let turns = 0;
  for (let attempt = 0; attempt < TURNS; attempt++) {
    if (!table.change(0, "pending", "running")) continue;
    turns++;
    words[0]++; // no atomic addition: the change of the status keeps the others out
    if (!table.change(0, "running", "pending")) wrong.push("another has ended what this thread had started");
  }
  won.push(turns);
}

function changeAll(table: StatusTable, words: Int32Array): void {
  for (let task = 0; task < table.size; task++) table.change(task, "pending", "running");
  for (let task = 0; task < table.size; task++) {
    words[task] = task + 1; // no atomic store: the change of the status makes it visible
    table.change(task, "running", task % 7 === 0 ? "failed" : "completed");
  }
}

function readAll(table: StatusTable, words: Int32Array, { wrong }: Findings): void {
  const seen: Status[] = new Array(table.size).fill("pending");
  for (let open = table.size; open > 0;) {
    open = 0;
    for (let task = 0; task < table.size; task++) {
      const now = table.read(task);
      if (!MAY_FOLLOW[seen[task]]?.includes(now)) wrong.push(`${task} went from ${seen[task]} to ${now}`);
      if (now === "completed" && words[task] !== task + 1) wrong.push(`${task} is completed before its data is there`);
      if (now === "pending" || now === "running") open++;
      seen[task] = now;
    }
  }
}
