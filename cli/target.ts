/**
 * Owns what the words of a command mean: which file they name, and which of its tasks. A word that looks like a path, or is
 * the path of a file, names the config or task file; all others name tasks. Without a file it is the config that is found
 * here or above.
 *
 * @module
 */
import { findConfig } from "../actors/input/config_search.ts";
import { isFile } from "../actors/machine/regular_file.ts";
import { isConfig } from "../actors/input/input.ts";
import type { Flags } from "./options.ts";
import { later } from "../actors/machine/later.ts";
import { tagWord } from "../graph/input/task_names.ts";
import { InputError } from "../graph/input/input_error.ts";
import { UnknownTaskError } from "../graph/input/unknown_task_error.ts";
import { escapeControls, quote } from "../graph/text.ts";
import { shellWord } from "../graph/report/typed_commands.ts";

/** What a command is to work on. */
export interface NamedTarget {
  /** The config or task file. */
  readonly file: string;
  /** Names of tasks and patterns, by words and by `--task`; absent for all. */
  readonly tasks?: readonly string[];
  /** The way to the folder of a config that was found above, with a slash at its end; empty for any other. */
  readonly home: string;
  /** The file was named. */
  readonly isNamed: boolean;
  /** No config is there, and its name is rather that of a task; absent where a file was named or found. */
  readonly isName?: boolean;
}

/** The flag by which a file is named outright, for the spec of each command that has one. */
export const CONFIG_FLAG = "config";

/** Why no word names a task. */
export const NO_CONFIG = "there is no build.json or build.jsonc here or above";

/** The line that tells who has no config how to come by one; empty where none can be made. */
export async function initHint(): Promise<string> {
  const { foreignBuilds, isForeign } = await import("../actors/input/foreign_builds.ts");
  const found = (await foreignBuilds()).find(({ file }) => isForeign(file));
  return found === undefined ? "" : `\n  troupe init writes one from ${found.file}`;
}

/** Whether a word can only be meant as a file. */
export function looksLikeFile(word: string): boolean {
  return /\.(jsonc?|txt)$/i.test(word) || word.includes("/");
}

/**
 * What the words name; undefined when they name no file and none is found. A command for configs alone takes a file with
 * another name only for one if it is a config, since tasks and scripts are often called alike.
 *
 * @throws {InputError} When they name two files.
 */
export function targetOf(command: string, flags: Flags, takes: "configs" | "both"): NamedTarget | undefined {
  const words = [...flags.positional];
  const at = flags.values.has(CONFIG_FLAG) ? -1 : words.findIndex((word, at) => isFileWord(word, { at, takes }));
  const named = flags.values.get(CONFIG_FLAG) ?? (at < 0 ? undefined : words.splice(at, 1)[0]);
  const second = named === undefined || flags.values.has(CONFIG_FLAG) ? undefined : words.find(looksLikeFile);
  if (second !== undefined) {
    throw new InputError(`Unexpected argument ${quote(second)}; see troupe ${command} --help`);
  }
  const tasks = [...words, ...flags.lists.get("task") ?? [], ...(flags.lists.get("tag") ?? []).map(tagWord)];
  const chosen = tasks.length > 0 ? { tasks } : {};
  if (named !== undefined) return { file: named, ...chosen, home: "", isNamed: true };
  const found = findConfig();
  return found && { file: found.path, ...chosen, home: found.home, isNamed: false };
}

/** The same, or the file that would have been found: whoever reads it says that there is none. */
export function targetOrMissing(command: string, flags: Flags, takes: "configs" | "both"): NamedTarget {
  const target = targetOf(command, flags, takes);
  return target ??
    { file: flags.positional[0] ?? "build.json", home: "", isNamed: true, isName: flags.positional.length > 0 };
}

/**
 * Does what a command does with its target; where a path was meant as the task of that name, the error says how that one
 * is named.
 */
export async function withTarget<Result>(
  { file, isNamed, isName }: NamedTarget,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof UnknownTaskError && !isNamed) throw withFiles(error);
    if (!(error instanceof InputError) || !isNamed) throw error;
    const { isForeign } = await import("../actors/input/foreign_builds.ts");
    if (isForeign(file) && isFile(file)) {
      throw new InputError(`${error.message}\n  troupe init writes a config from ${file}`);
    }
    if ((isFile(file) && isConfig(file))) throw error;
    if (isName !== undefined && !isFile(file)) {
      const why = isName ? `\n  ${NO_CONFIG} with a task of that name` : "";
      throw new InputError(`${error.message}${why}${await initHint()}`);
    }
    const found = findConfig();
    if (found === undefined || !await hasTask(found.path, file)) throw error;
    throw new InputError(`${error.message}\n  for the task of that name: --task ${shellWord(file)}`);
  }
}

/** A word that names no task may have been meant as a task file. */
function withFiles(error: UnknownTaskError): UnknownTaskError {
  const files = error.words.filter(isFile);
  if (files.length === 0) return error;
  const hints = files.map((word) =>
    `  ${quote(word)} is no config; if it is a task file: troupe run ${shellWord(word)}`
  );
  return new UnknownTaskError(error.words, error.names, hints, error.tags);
}

async function hasTask(path: string, name: string): Promise<boolean> {
  const { loadBuild } = await later<typeof import("../actors/input/load.ts")>(
    "../actors/input/load.ts",
    import.meta.url,
  );
  try {
    return (await loadBuild(path)).tasks.some((task) => task.name === name);
  } catch {
    return false;
  }
}

/** The line that tells where the paths of all others start, for who stands below; editors know its form. */
export function enteringLine({ home, file }: Pick<NamedTarget, "home" | "file">): string | undefined {
  if (home === "") return undefined;
  return `troupe: Entering directory '${escapeControls(Deno.realPathSync(home))}' (${escapeControls(file)})`;
}

/** The same for a file that is kept beside the config found. */
export function enteringFound(path: string): string | undefined {
  const found = path.startsWith("../") ? findConfig() : undefined;
  return found && path.startsWith(found.home) ? enteringLine({ home: found.home, file: found.path }) : undefined;
}

function isFileWord(word: string, { at, takes }: { at: number; takes: "configs" | "both" }): boolean {
  if (looksLikeFile(word)) return true;
  return isFile(word) && (takes === "both" ? at === 0 : isConfig(word));
}
