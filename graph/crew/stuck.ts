/**
 * Owns the judgement of which tasks of a crew can never start as things are, and why, in words.
 * It knows no database; whether somebody may yet come and change things is for whoever asks.
 *
 * @module
 */
import { nearest } from "../suggest.ts";
import { labelsOf, meets, NO_REQUIREMENTS } from "./requirements.ts";
import type { CrewTaskState } from "./status.ts";
import { quote } from "../text.ts";

/** A task that has not ended: `announced`, `waiting`, `ready` or `running`. */
export interface OpenTask {
  readonly id: string;
  readonly state: CrewTaskState;
  /** Their text. */
  readonly requirements: string;
  /** Positions, among the open tasks, of those it waits for. */
  readonly waitsFor: readonly number[];
}

/** Why a task, and all that waits for it, can never start. */
export interface StuckReason {
  /** Labels can come with a further member, and an unknown task too; a cycle stays one. */
  readonly kind: "label" | "unknown" | "cycle";
  /** Its id; of a cycle, one of them. */
  readonly task: string;
  /** A clause: `'g' requires gpu, which no member had`. */
  readonly why: string;
}

/** What can start some day, by position, and what keeps the rest. */
export interface Prospects {
  readonly canStart: readonly boolean[];
  readonly reasons: readonly StuckReason[];
}

/** More names than these of a cycle say nothing more. */
const MOST_OF_CIRCLE = 6;

/**
 * `members`: the labels of each member there was; undefined to leave labels out of it. `ids`: what an unknown dependency
 * may have been meant to be.
 */
export function prospects(
  tasks: readonly OpenTask[],
  members: readonly ReadonlySet<string>[] | undefined,
  ids: Iterable<string> = [],
): Prospects {
  const sets = new Map<string, boolean>([[NO_REQUIREMENTS, true]]);
  const isManned = tasks.map(({ requirements }) => {
    if (members === undefined) return true;
    if (!sets.has(requirements)) sets.set(requirements, members.some((labels) => meets(labels, requirements)));
    return sets.get(requirements)!;
  });
  const isRoot = tasks.map(({ state }, i) => state === "announced" || state !== "running" && !isManned[i]);
  const canStart = reached(tasks, (task) => !isRoot[task]);
  const inCycles = reached(tasks, () => true); // whatever it is that has no way but through itself
  const known = [...ids];
  const reasons: StuckReason[] = [];
  for (const [i, { id, state, requirements, waitsFor }] of tasks.entries()) {
    if (state === "announced" || state === "running") continue;
    if (!isManned[i]) reasons.push(unmanned(id, requirements, members!));
    for (const other of waitsFor) {
      if (tasks[other].state === "announced") reasons.push(unknown(id, tasks[other].id, known));
    }
  }
  return { canStart, reasons: [...reasons, ...cycles(tasks, inCycles)] };
}

/** `Tasks can never start: …`, with the first few reasons. */
export function stuckSentence(reasons: readonly StuckReason[], most = 5): string {
  const rest = reasons.length - most;
  const clauses = reasons.slice(0, most).map(({ why }) => why).join("; ");
  return `Tasks can never start: ${clauses}${rest > 0 ? `; and ${rest} more` : ""}`;
}

/** Which tasks all that they wait for leads to an end, if the others do. */
function reached(tasks: readonly OpenTask[], isOpen: (task: number) => boolean): boolean[] {
  const dependents: number[][] = tasks.map(() => []);
  const missing = tasks.map(({ waitsFor }, i) => {
    for (const other of waitsFor) dependents[other].push(i);
    return waitsFor.length;
  });
  const isReached = tasks.map(() => false);
  const queue = tasks.keys().filter((i) => missing[i] === 0 && isOpen(i)).toArray();
  for (const task of queue) {
    isReached[task] = true;
    for (const other of dependents[task]) if (--missing[other] === 0 && isOpen(other)) queue.push(other);
  }
  return isReached;
}

function unmanned(id: string, requirements: string, members: readonly ReadonlySet<string>[]): StuckReason {
  const labels = labelsOf(requirements);
  const nobodys = labels.filter((label) => !members.some((had) => had.has(label)));
  const which = nobodys.length > 0 ? nobodys : labels;
  const together = nobodys.length > 0 || which.length < 2 ? "" : " together";
  return { kind: "label", task: id, why: `${quote(id)} requires ${which.join(", ")}, which no member had${together}` };
}

function unknown(id: string, dependency: string, ids: readonly string[]): StuckReason {
  const meant = nearest(dependency, ids);
  const hint = meant === undefined || meant === id ? "" : `, did you mean ${quote(meant)}?`;
  return { kind: "unknown", task: id, why: `${quote(id)} depends on unknown task ${quote(dependency)}${hint}` };
}

/** One for each cycle that the first dependencies lead into. */
function cycles(tasks: readonly OpenTask[], isReached: readonly boolean[]): StuckReason[] {
  const found: StuckReason[] = [];
  const walkOf = tasks.map(() => -1);
  for (let start = 0; start < tasks.length; start++) {
    const walk: number[] = [];
    let at = start;
    while (!isReached[at] && walkOf[at] < 0) {
      walkOf[at] = start;
      walk.push(at);
      at = tasks[at].waitsFor.find((other) => !isReached[other])!;
    }
    if (walk.length > 0 && walkOf[at] === start) {
      found.push(cycle(walk.slice(walk.indexOf(at)).map((i) => tasks[i].id)));
    }
  }
  return found;
}

function cycle(ids: readonly string[]): StuckReason {
  const names = ids.map(quote);
  const between = ids.length - MOST_OF_CIRCLE;
  const shown = between > 0 ? [...names.slice(0, MOST_OF_CIRCLE - 1), `… ${between} more`, names.at(-1)!] : names;
  return { kind: "cycle", task: ids[0], why: `circular dependency ${[...shown, names[0]].join(" → ")}` };
}
