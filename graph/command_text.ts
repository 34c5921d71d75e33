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

/** A path as one word of a shell. */
export function shellWord(path: string): string {
  return /^[\w./:@%+,=-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}

/** Whether a command is told a list by a file: writing one takes time, and few commands need any. */
export function asksForList(command: string, name: "IN_FILE" | "DEPS_FILE"): boolean {
  return command.includes(name);
}

/** Whether a command names the place where it may put its outputs, and so is taken to put them there. */
export function namesOut(command: string): boolean {
  return /\bOUT(?:S|_\d+)?\b/.test(command);
}

/** The variables that a command's text names as a shell reads them. */
export function variablesNamed(command: string): string[] {
  if (!command.includes("$")) return [];
  return [...new Set([...command.matchAll(/\$\{?([A-Za-z_]\w*)/g)].map(([, name]) => name))];
}
