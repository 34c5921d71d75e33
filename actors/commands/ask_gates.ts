/**
 * Owns the choice whether the gates are asked before a run: they are loaded only for those who ask them.
 *
 * @module
 */
import type { Caller, GateQuestion } from "./caller.ts";
import type { Validation } from "./validate.ts";

/** Asks the gates about the tasks in a file, if that is wanted. */
export async function askGates(path: string, question: GateQuestion, caller: Caller): Promise<Validation | undefined> {
  if (!question.validate && question.gates === undefined) return undefined;
  const { validate } = await import("./validate.ts");
  return await validate(path, question, caller);
}
