/**
 * Owns what a module's function is given: a copy of the context, without what cannot be copied to another thread.
 *
 * @module
 */
import { quote } from "../../graph/mistakes.ts";
import type { OwnContext } from "./task_context.ts";

/** The context as plain data, with some keys of the state; the thread adds `signal` and `log`. */
export function moduleArgument(own: OwnContext, stateKeys: readonly string[]): Record<string, unknown> {
  const { state, taskId, taskMetadata, dependencyResults, attempt } = own;
  const values = [...stateKeys].filter((key) => state.has(key)).map((key) => [key, state.get(key)]);
  return { ...Object.fromEntries(values), taskId, taskMetadata, dependencyResults, attempt };
}

/** Which part of an argument cannot be sent to another thread, and what to do about it. */
export function cannotSend(argument: Readonly<Record<string, unknown>>, cause: unknown): Error {
  const { dependencyResults, taskMetadata, ...rest } = argument;
  const result = firstUnsendable(dependencyResults as Record<string, unknown>);
  if (result !== undefined) return refusal(`result of task ${quote(result)}`, "return plain data from it", cause);
  const metadata = firstUnsendable(taskMetadata as Record<string, unknown>);
  if (metadata !== undefined) return refusal(`metadata ${quote(metadata)}`, "use plain data", cause);
  const key = firstUnsendable(rest);
  return refusal(`key ${quote(key ?? "")} of the shared state`, "leave it out of 'stateKeys' of the executor", cause);
}

function refusal(what: string, fix: string, cause: unknown): Error {
  return new TypeError(`Cannot send the ${what} to a module, since it cannot be cloned: ${fix}`, { cause });
}

function firstUnsendable(values: Readonly<Record<string, unknown>>): string | undefined {
  return Object.keys(values).find((key) => {
    try {
      structuredClone(values[key]);
      return false;
    } catch {
      return true;
    }
  });
}
