/**
 * Owns the telling of one mistake once: where a template is wrong, each task that is made of it is.
 *
 * @module
 */
import type { Diagnostic } from "../failure.ts";
import type { Origins } from "./origins.ts";

/** A mistake, and in how many more tasks of the same template it is. */
export interface ToldMistake {
  readonly diagnostic: Diagnostic;
  readonly more: number;
}

/** The mistakes with places in the configs as they are written; those of tasks of one template at one place are one. */
export function toldOnce(diagnostics: readonly Diagnostic[], origins: Pick<Origins, "place">): ToldMistake[] {
  const told: { diagnostic: Diagnostic; more: number }[] = [];
  const known = new Map<string, { diagnostic: Diagnostic; more: number }>(), seen = new Set<string>();
  for (const diagnostic of diagnostics) {
    const places = diagnostic.places.map((place) => origins.place(place));
    const mistake = { diagnostic: { ...diagnostic, places }, more: 0 };
    const task = taskOf(diagnostic);
    if (task === undefined) {
      told.push(mistake);
      continue;
    }
    // What one task has twice at one place are two mistakes.
    const own = `${JSON.stringify(places)}${diagnostic.message.replace(/'[^']*'|\d+/g, "")}`;
    let key = own;
    for (let times = 2; seen.has(`${task} ${key}`); times++) key = `${own} ${times}`;
    seen.add(`${task} ${key}`);
    const first = known.get(key);
    if (first !== undefined) first.more++;
    else {
      known.set(key, mistake);
      told.push(mistake);
    }
  }
  return told;
}

/** The task that a mistake is told of: the last one, where two clash. */
function taskOf({ places }: Diagnostic): number | undefined {
  const place = places.at(-1);
  if (place === undefined || place.file !== undefined || !("path" in place) || place.path[0] !== "tasks") {
    return undefined;
  }
  return typeof place.path[1] === "number" ? place.path[1] : undefined;
}
