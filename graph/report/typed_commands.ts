/**
 * Owns the commands that lines tell to type, so that they can be copied to a shell as they stand.
 *
 * @module
 */

/** The history, unless it is told. */
export const DEFAULT_HISTORY = "taskrun.db";

/** The command that shows what a task printed, as it was recorded in a run; by default the last one. */
export function showCommand(
  task: string,
  { run = "last", database }: { readonly run?: number | "last"; readonly database: string },
): string {
  return `troupe show ${run} --task ${shellWord(task)}${databaseFlag(database)}`;
}

/** The command that does again what did not pass in the last run. */
export function retryCommand({ database }: { readonly database: string }): string {
  return `troupe retry last${databaseFlag(database)}`;
}

function databaseFlag(database: string): string {
  return database === DEFAULT_HISTORY ? "" : ` --db ${shellWord(database)}`;
}

/** The command that shows what a task of a crew printed. */
export function crewShowCommand(task: string, database: string): string {
  return `troupe show --task ${shellWord(task)} --db ${shellWord(database)}`;
}

/** A word as a shell takes it for one. */
export function shellWord(text: string): string {
  return /^[\w.:/@%+,=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
