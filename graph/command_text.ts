/**
 * Owns what a command's text tells of what it will look at: whether it asks for its task's name, and which variables it
 * names. It knows no shell grammar: a name that stands in quotes is named all the same.
 *
 * @module
 */

/** Whether a command is told its task's name: then two tasks with one command are two works. */
export function asksForName(command: string): boolean {
  return /\bTASK\b/.test(command);
}

/** The variables that a command's text names as a shell reads them. */
export function variablesNamed(command: string): string[] {
  if (!command.includes("$")) return [];
  return [...new Set([...command.matchAll(/\$\{?([A-Za-z_]\w*)/g)].map(([, name]) => name))];
}
