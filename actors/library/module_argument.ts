/**
 * Owns what a module's function is given: a copy of the context, without what cannot be copied to another thread.
 *
 * @module
 */
import type { OwnContext } from "./task_context.ts";
import { quote } from "../../graph/text.ts";

/** The context as plain data, with some keys of the state; the thread adds `signal` and `log`. */
export function moduleArgument(own: OwnContext, stateKeys: readonly string[]): Record<string, unknown> {
  const { state, taskId, taskMetadata, dependencyResults, attempt } = own;
  const values = [...stateKeys].filter((key) => state.has(key)).map((key) => [key, state.get(key)]);
  return { ...Object.fromEntries(values), taskId, taskMetadata, dependencyResults, attempt };
}

/** Which part of an argument cannot be sent to another thread or process, and what to do about it; `copy` throws for it. */
export function cannotSend(
  argument: Readonly<Record<string, unknown>>,
  { cause, copy }: { readonly cause: unknown; readonly copy: (value: unknown) => unknown },
): Error {
  const { dependencyResults, taskMetadata, ...rest } = argument;
  const result = firstUnsendable(dependencyResults as Record<string, unknown>, copy);
  if (result !== undefined) return refusal(`result of task ${quote(result)}`, "return plain data from it", cause);
  const metadata = firstUnsendable(taskMetadata as Record<string, unknown>, copy);
  if (metadata !== undefined) return refusal(`metadata ${quote(metadata)}`, "use plain data", cause);
  const key = firstUnsendable(rest, copy);
  return refusal(`key ${quote(key ?? "")} of the shared state`, "leave it out of 'stateKeys' of the executor", cause);
}

function refusal(what: string, fix: string, cause: unknown): Error {
  return new TypeError(`Cannot send the ${what} to a module, since it cannot be cloned: ${fix}`, { cause });
}

function firstUnsendable(
  values: Readonly<Record<string, unknown>>,
  copy: (value: unknown) => unknown,
): string | undefined {
  return Object.keys(values).find((key) => {
    try {
      copy(values[key]);
      return false;
    } catch {
      return true;
    }
  });
}
