/**
 * Owns what a word on the command line means as the name of tasks: the task of exactly that name or, where there is none
 * and the word has `*` or `?`, all tasks whose names it matches, or all that have the tag `ci` for `#ci`; and what is said of a word that means none.
 * It knows no files and no commands.
 *
 * Brackets are plain characters: names such as `app/[id]` are common, and a shell's braces have been expanded before.
 *
 * @module
 */
import { nearest } from "../suggest.ts";
import { quote } from "../text.ts";

/** So many tasks are offered in place of a word that means none. */
const MOST_OFFERED = 3;

/** What words mean. */
export interface Meaning {
  /** Indexes of the tasks that are meant, in the order of the words; one that is meant twice stands there twice. */
  readonly indexes: readonly number[];
  /** Words that mean nothing. */
  readonly unknown: readonly string[];
}

/** The tags of a task by its index; undefined when it has none. */
export type TagsOf = (index: number) => readonly string[] | undefined;

/** The word that means all tasks with a tag. */
export function tagWord(tag: string): string {
  return `#${tag}`;
}

/** Whether a word that is no task's name is a pattern. */
export function isPattern(word: string): boolean {
  return word.includes("*") || word.includes("?");
}

/** What the words mean among tasks with these names and tags. */
export function meaningOf(
  words: readonly string[],
  names: readonly string[],
  tagsOf: TagsOf = () => undefined,
): Meaning {
  const byName = new Map(names.map((name, index) => [name, index]));
  const indexes: number[] = [], unknown: string[] = [];
  for (const word of words) {
    const index = byName.get(word);
    const found = index !== undefined
      ? [index]
      : word.startsWith("#")
      ? tagged(word)
      : isPattern(word)
      ? matching(word, names)
      : [];
    if (found.length === 0) unknown.push(word);
    for (const each of found) indexes.push(each);
  }
  return { indexes, unknown };

  function tagged(word: string): number[] {
    return [...names.keys()].filter((index) => tagsOf(index)?.includes(word.slice(1)));
  }
}

/** What is said of a word that means no task, among tasks with these names and tags. */
export function unknownTask(word: string, names: readonly string[], tags: readonly string[] = []): string {
  if (word.startsWith("#")) {
    const meant = nearest(word.slice(1), tags);
    const what = `No task has the tag ${quote(word.slice(1))}`;
    return meant === undefined ? what : `${what}, did you mean ${quote(meant)}?`;
  }
  const what = isPattern(word) ? `No task matches ${quote(word)}` : `Unknown task ${quote(word)}`;
  if (/^[A-Za-z_]\w*=/.test(word)) return `${what}; a variable is set before the word troupe`;
  const { one, several } = offer(word, names);
  const offered = one === undefined ? several : quote(one);
  return offered === undefined ? what : `${what}, did you mean ${offered}?`;
}

/** What is said of a word that is neither a command nor means a task. */
export function unknownWord(word: string, commands: Iterable<string>, names: readonly string[]): string {
  const command = nearest(word, commands);
  if (names.length === 0) {
    return `Unknown command ${quote(word)}${
      command === undefined ? "; see troupe --help" : `, did you mean ${quote(command)}?`
    }`;
  }
  const what = isPattern(word) ? `No task matches ${quote(word)}` : `Unknown command or task ${quote(word)}`;
  const { one, several } = offer(word, names);
  const guesses = [
    ...(command === undefined ? [] : [`the command ${quote(command)}`]),
    ...(one === undefined ? [] : [`${isPattern(one) ? "" : "the task "}${quote(one)}`]),
    ...(several === undefined ? [] : [several]),
  ];
  if (guesses.length === 0) return `${what}; see troupe --help and troupe list`;
  return `${what}, did you mean ${guesses.join(" or ")}?`;
}

/** What may have been meant: the nearest name or, for a word that is a part of several, these. */
interface Offer {
  readonly one?: string;
  /** A part of a sentence. */
  readonly several?: string;
}

export function offer(word: string, names: readonly string[]): Offer {
  if (isPattern(word)) return { one: nearest(word, new Set(names.flatMap(families))) };
  const one = nearest(word, names);
  if (one !== undefined) return { one };
  const parts = new Set(names.flatMap(partsOf));
  const part = parts.has(word) ? word : nearest(word, parts);
  const holders = part === undefined ? [] : names.filter((name) => partsOf(name).includes(part));
  if (holders.length < 2) return { one: holders[0] };
  const shown = holders.slice(0, MOST_OFFERED).map(quote);
  if (holders.length <= MOST_OFFERED) {
    return { several: `one of the tasks ${shown.slice(0, -1).join(", ")} and ${shown.at(-1)}` };
  }
  const pattern = [`*:${part}`, `${part}:*`, `*${part}*`].find((each) =>
    matching(each, names).length === holders.length
  );
  const all = pattern === undefined ? "" : ` or all ${holders.length} by ${quote(pattern)}`;
  return { several: `one of the tasks ${shown.join(", ")}, …${all}` };
}

function partsOf(name: string): string[] {
  return name.split(/[:/._-]/).filter((part) => part !== "");
}

/** The patterns that a name with colons suggests. */
function families(name: string): string[] {
  const colon = name.indexOf(":");
  return colon < 0 ? [] : [`${name.slice(0, colon)}:*`, `*:${name.slice(name.lastIndexOf(":") + 1)}`];
}

function matching(pattern: string, names: readonly string[]): number[] {
  const indexes: number[] = [];
  for (let index = 0; index < names.length; index++) if (matches(pattern, names[index])) indexes.push(index);
  return indexes;
}

/** `*` stands for any characters, `?` for one. Each star gives way once, so that no pattern takes long. */
export function matches(pattern: string, name: string): boolean {
  let at = 0, to = 0, star = -1, resume = 0;
  while (to < name.length) {
    const character = pattern[at];
    if (character === "*") {
      star = at++;
      resume = to;
    } else if (at < pattern.length && (character === "?" || character === name[to])) {
      at++;
      to++;
    } else if (star >= 0) {
      at = star + 1;
      to = ++resume;
    } else return false;
  }
  while (pattern[at] === "*") at++;
  return at === pattern.length;
}
