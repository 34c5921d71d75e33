/**
 * Owns what can go wrong with a transaction, as a sentence.
 *
 * @module
 */
import { systemDetail } from "../../machine/system_error.ts";
import { quote } from "../../../graph/text.ts";

/**
 * A transaction that cannot be begun, finished or undone. The message is all of it, for the user.
 *
 * @example
 * ```ts
 * import { build, TransactionError } from "./mod.ts";
 *
 * try {
 *   await build("fixtures/site/build.json", { transaction: true });
 * } catch (error) {
 *   if (error instanceof TransactionError) console.log(error.message);
 * }
 * ```
 */
export class TransactionError extends Error {
  /** Tells it from other errors. */
  override readonly name = "TransactionError";
}

/** An error of the system as a sentence; `doing` is what failed, e.g. `finish the transaction in`. */
export function transactionError(doing: string, folder: string, error: unknown): unknown {
  if (error instanceof TransactionError || error instanceof Deno.errors.NotCapable) return error;
  return new TransactionError(`Cannot ${doing} ${quote(folder)}: ${systemDetail(error)}`, { cause: error });
}
