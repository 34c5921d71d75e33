/**
 * Owns the quick answer to a build that was asked for before and found nothing to do: when everything it hangs on looks as it
 * did, nothing is to be done now either, and the same is said. Whatever differs, or cannot be looked at, leaves the question
 * to those who know how to build. It writes nothing, and waits for nobody.
 *
 * @module
 */
import { isAsBefore, ownVariables } from "./look.ts";
import { type Answer, digestOf, STATE_FILE, stateIn } from "./state.ts";

/** A state is not looked for above so many folders. */
const MOST_LEVELS = 40;

/** Who asks, and how. */
export interface Question extends Pick<Answer, "args" | "versions" | "cwd" | "isTerminal"> {
  readonly environment: Readonly<Record<string, string>>;
}

/** What the arguments of this process ask; undefined when it may not look, since nobody is asked for a permission here. */
export function questionOf(args: readonly string[], versions: readonly string[]): Question | undefined {
  const mayLook = (["read", "env"] as const).every((name) => Deno.permissions.querySync({ name }).state === "granted");
  if (!mayLook) return undefined;
  try {
    const isTerminal = Deno.stdout.isTerminal();
    return { args, versions, cwd: Deno.cwd(), isTerminal, environment: Deno.env.toObject() };
  } catch {
    return undefined; // the folder has a name that is not UTF-8, or is gone
  }
}

/** What is known of a question that was asked before. */
export interface Known {
  /** What would be printed; absent when something is not as it was. */
  readonly text?: string;
}

/** Undefined when the question is a new one. */
export function quickAnswer(question: Question): Known | undefined {
  const begunMs = performance.now();
  try {
    const bytes = readState(question);
    const state = bytes && stateIn(bytes, (answer) => isAskedAgain(answer, question));
    if (state === undefined) return undefined;
    if (!isAsBefore(state)) return {};
    return { text: state.answer.text.join(((performance.now() - begunMs) / 1000).toFixed(2)) };
  } catch {
    return undefined;
  }
}

/** The state beside the config that is named, or beside the nearest one. */
function readState({ args, cwd }: Question): Uint8Array<ArrayBuffer> | undefined {
  const named = args.find((arg) => !arg.startsWith("-") && /\.jsonc?$/i.test(arg));
  if (named !== undefined) {
    const folder = named.slice(0, named.lastIndexOf("/") + 1);
    return read(`${folder.startsWith("/") ? folder : `${cwd}/${folder}`}${STATE_FILE}`);
  }
  for (let level = 0, home = `${cwd}/`; level < MOST_LEVELS; level++, home += "../") {
    const bytes = read(home + STATE_FILE);
    if (bytes !== undefined) return bytes;
  }
}

function read(path: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Deno.lstatSync(path).isFile ? Deno.readFileSync(path) : undefined;
  } catch {
    return undefined;
  }
}

function isAskedAgain(answer: Answer, { args, versions, cwd, isTerminal, environment }: Question): boolean {
  return areSame(answer.args, args) && areSame(answer.versions, versions) && answer.cwd === cwd &&
    answer.isTerminal === isTerminal && hasSameVariables(answer, environment);
}

/** One of troupe's own that has come is none of those that were looked at. */
function hasSameVariables({ variables }: Answer, environment: Question["environment"]): boolean {
  const known = new Set(variables.map(([name]) => name));
  return ownVariables(environment).every((name) => known.has(name)) &&
    variables.every(([name, digest]) => digestOf(environment[name]) === digest);
}

function areSame(before: readonly string[], now: readonly string[]): boolean {
  return before.length === now.length && before.every((part, at) => part === now[at]);
}
