/**
 * Owns what commands of builds and runs are told of those that they are part of, so that a build that one of them starts does
 * not wait for the very task it was started by, nor a run start that task again and again.
 * It takes no lock; who is about to take one asks here first.
 *
 * @module
 */
import { InputError } from "../../graph/input/input_error.ts";
import { quote } from "../../graph/text.ts";

/** The variable that commands are told it by, the outermost build first. It is no part of what names their work. */
export const BUILD_VARIABLE = "TROUPE_BUILD";

/** A variable has to fit; a longer name is only shown shorter. */
const LONGEST_NAME = 1000;

/** One build or run: the folder it has locked or its task file, the task whose command is told, and the process it is in. */
type Link = readonly [origin: string, task: string, pid: number];

/** What the commands of one build or run are told. */
export class BuildChain {
  readonly #before: string;

  /** `inherited` is what the build itself was told. */
  constructor(origin: string, inherited: string | undefined) {
    const links = linksIn(inherited).map((link) => `${JSON.stringify(link)},`).join("");
    this.#before = `[${links}[${JSON.stringify(realPath(origin))},`;
  }

  /** The value for a task's command. */
  through(task: string): string {
    return `${this.#before}${JSON.stringify(task.slice(0, LONGEST_NAME))},${Deno.pid}]]`;
  }
}

/** The process that this one is a command of, as it was told; undefined for none. */
export function keeperOfThis(): number | undefined {
  return linksIn(inheritedChain()).at(-1)?.[2];
}

/**
 * Refuses to build in a folder for a command of a build that has it locked. What was started by a build that is over,
 * such as a server, may build.
 *
 * @throws {InputError} When the build would wait for itself.
 */
export function refuseOwnBuild(folder: string): void {
  const links = linksIn(inheritedChain());
  if (links.length === 0) return;
  const path = realPath(folder);
  const own = links.find(([locked, , pid]) => locked === path && mayLive(pid));
  if (own === undefined) return;
  throw new InputError(`This build was started by task ${quote(own[1])} of the same config and would wait for itself`);
}

/**
 * Refuses to run tasks of a task file for a command of one of them.
 *
 * @throws {InputError} When the run would start that task again, or wait for it.
 */
export function refuseOwnRun(source: string, tasks: readonly { readonly name: string }[]): void {
  const links = linksIn(inheritedChain());
  if (links.length === 0) return;
  const path = realPath(source);
  const names = new Set(tasks.map(({ name }) => name.slice(0, LONGEST_NAME)));
  const own = links.find(([origin, task, pid]) => origin === path && names.has(task) && mayLive(pid));
  if (own === undefined) return;
  throw new InputError(`This run was started by task ${quote(own[1])} of the same task file and would do it again`);
}

/** Without the right to read it nobody is asked for it. */
function inheritedChain(): string | undefined {
  const { state } = Deno.permissions.querySync({ name: "env", variable: BUILD_VARIABLE });
  return state === "granted" ? Deno.env.get(BUILD_VARIABLE) : undefined;
}

/** What is not from here counts as nothing. */
function linksIn(text: string | undefined): readonly Link[] {
  if (text === undefined || text === "") return [];
  try {
    const links: unknown = JSON.parse(text);
    return Array.isArray(links) ? links.filter(isLink) : [];
  } catch {
    return [];
  }
}

function isLink(value: unknown): value is Link {
  if (!Array.isArray(value)) return false;
  const [origin, task, pid] = value;
  return typeof origin === "string" && typeof task === "string" && typeof pid === "number";
}

function realPath(path: string): string {
  try {
    return Deno.realPathSync(path);
  } catch {
    return path;
  }
}

/** Where the system does not tell, it lives. */
function mayLive(pid: number): boolean {
  if (Deno.build.os !== "linux") return true;
  try {
    Deno.lstatSync(`/proc/${pid}`);
    return true;
  } catch (error) {
    return !(error instanceof Deno.errors.NotFound);
  }
}
