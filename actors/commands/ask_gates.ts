/**
 * Owns the choice whether the gates are asked before a run: they are loaded only for those who ask them.
 *
 * @module
 */
import type { GateQuestion, Invocation } from "./invocation.ts";
import type { TasksSource } from "./load_gates.ts";
import type { Validation } from "./validate.ts";
import { later } from "../machine/later.ts";

/** Asks the gates about the tasks in a file, if that is wanted. */
export async function askGates(
  source: TasksSource,
  question: GateQuestion,
  invocation: Invocation,
): Promise<Validation | undefined> {
  if (!question.validate && !question.locks && question.gates === undefined) return undefined;
  const { validate } = await later<typeof import("./validate.ts")>("./validate.ts", import.meta.url);
  return await validate(source, question, invocation);
}

/** How many workers a run may have, by what was wanted and what the gates were told. */
export function fewest(workers: number, validation: Validation | undefined): number {
  return Math.min(workers, validation?.limits?.maxParallelTasks ?? Infinity);
}
