/**
 * Owns the question that every build begins with: is there an unfinished transaction to undo? It is answered by one look;
 * how it is undone is transaction.ts's, which is loaded only then.
 *
 * @module
 */
/** Name of the folder, beside the config. */
export const TRANSACTION_FOLDER = ".troupe-transaction";

/** Whether a transaction in a config's folder was begun and not finished, or left something to clean up. */
export function hasTransaction(folder: string): boolean {
  try {
    Deno.lstatSync(`${folder}/${TRANSACTION_FOLDER}`);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
